/** @file One mixer, forward and backward: all parameter gradients and the input's, without optimiser. */
import { mixers } from '../../src/layers';
import type { Dims } from '../../src/layers/define';
import type { BenchCase } from '../harness';
import { parallelScan, scanVariants, torchPeers } from '../torch';
import { forwardAndBackward, type Measured } from './parts';

/** Threads of ours and of the peers: `SSM_BENCH_THREADS`, else 2. */
export const THREADS = Number(process.env['SSM_BENCH_THREADS'] ?? 2);

export interface BlockShape {
  readonly batch: number;
  readonly length: number;
  readonly d_model: number;
}

function blockOf(mixer: string, { batch, length, d_model }: BlockShape): Measured {
  const layer = mixers[mixer]!;
  const dims: Dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
  const resolved = layer.resolve(layer.options.parse({}), dims);
  return {
    specs: layer.parameters(resolved, dims),
    shape: [batch, length, d_model],
    build: (x, p) => layer.forward(x, p, resolved, dims, { probing: false, probe: () => {} }),
  };
}

/**
 * `mamba-block/4x512x256` and its like: batch x length x d_model, the mixer's default options. Mamba's goal is
 * stated against a parallel scan as mamba.py has it; Mamba-2's against SSD by blocks.
 */
export function blockCase(mixer: 'mamba' | 'mamba2', shape: BlockShape, reach: number): BenchCase {
  const { batch, length, d_model } = shape;
  const variants = () => (mixer === 'mamba' ? scanVariants() : [{ name: 'SSD by blocks of 64' }]);
  return {
    name: `${mixer}-block/${batch}x${length}x${d_model}`,
    about: `${mixer} block forward and backward, ${THREADS} threads`,
    reach,
    ...(mixer === 'mamba' && { against: parallelScan() }),
    ours: async () => forwardAndBackward(blockOf(mixer, shape), THREADS),
    peers: () => torchPeers({ case: `${mixer}-block`, ...shape }, variants(), THREADS),
  };
}
