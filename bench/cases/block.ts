/** @file One mixer, forward and backward: all parameter gradients and the input's, without optimiser. */
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import type { Dims } from '../../src/layers/define';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import type { BenchCase, Contestant } from '../harness';
import { timed } from '../harness';
import { parallelScan, scanVariants, torchPeers } from '../torch';

/** Threads of ours and of the peers: `SSM_BENCH_THREADS`, else 2. */
export const THREADS = Number(process.env['SSM_BENCH_THREADS'] ?? 2);

export interface BlockShape {
  readonly batch: number;
  readonly length: number;
  readonly d_model: number;
}

/** Normal numbers; scaled down they serve as weights. */
export function normal(shape: readonly number[], name: string, deviation = 1): Float32Array {
  const random = new Random(0, 'bench', name);
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: size }, () => deviation * random.normal());
}

async function ours(mixer: string, { batch, length, d_model }: BlockShape): Promise<Contestant> {
  const layer = mixers[mixer]!;
  const dims: Dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
  const resolved = layer.resolve(layer.options.parse({}), dims);
  const specs = Object.entries(layer.parameters(resolved, dims));
  const parameters = Object.fromEntries(specs.map(([name, { shape }]) => [name, g.input(name, shape)]));
  const x = g.input('x', [batch, length, d_model]);
  const cotangent = g.input('cotangent', [batch, length, d_model]);
  const y = layer.forward(x, parameters, resolved, dims, { probing: false, probe: () => {} });
  const wanted = [x, ...Object.values(parameters)];
  const gradients = g.gradients([{ output: y, cotangent }], wanted);
  const outputs = {
    y,
    ...Object.fromEntries(gradients.map((gradient, index) => [`grad.${index}`, gradient])),
  };
  const compiled = g.compile(outputs, { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads: THREADS });
  const feeds: Record<string, Float32Array> = {
    x: normal(x.shape, 'x'),
    cotangent: normal(x.shape, 'cotangent'),
    ...Object.fromEntries(specs.map(([name, { shape, init }]) => [name, init(shape, new Random(0, name))])),
  };
  return {
    name: `ours, ${compiled.nodes} nodes`,
    run: () => timed(() => session.run(feeds)),
    close: async () => session.release(),
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
    ours: () => ours(mixer, shape),
    peers: () => torchPeers({ case: `${mixer}-block`, ...shape }, variants(), THREADS),
  };
}
