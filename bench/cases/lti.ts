/**
 * @file Time-invariant layers forward and backward, all parameters trained: S4D's convolution with its kernel's
 * generation, the whole H3 layer, and a convolution with a free kernel.
 */
import * as g from '../../src/graph';
import { mixers, type Dims } from '../../src/layers';
import { convolveDiagonal, modes, weights, type DiagonalSizes } from '../../src/layers/lti/diagonal-ssm';
import { skipped } from '../../src/layers/lti/s4-block';
import type { BenchCase } from '../harness';
import { torchPeers } from '../torch';
import { THREADS, type BlockShape } from './block';
import { forwardAndBackward, type Measured } from './parts';

/** Complex states per channel. */
const STATES = 32;

const dimsOf = ({ d_model, length }: BlockShape): Dims => ({
  d_model,
  n_layer: 1,
  residuals_per_layer: 1,
  norm_eps: 1e-5,
  length,
});

function layerOf(mixer: string, options: Record<string, unknown>, shape: BlockShape) {
  const definition = mixers[mixer]!;
  const dims = dimsOf(shape);
  const resolved = definition.resolve(definition.options.parse(options), dims);
  return { definition, dims, resolved, specs: definition.parameters(resolved, dims) };
}

/** Kernel, convolution and skip of S4D, without the block's output map; (batch, channel, time) as its peer. */
function s4d(shape: BlockShape): Measured {
  const { resolved, specs } = layerOf('s4d', { d_state: 2 * STATES }, shape);
  const sizes = resolved as DiagonalSizes;
  const own = Object.entries(specs).filter(([name]) => name.startsWith('layer.'));
  return {
    specs: Object.fromEntries(own),
    shape: [shape.batch, shape.d_model, shape.length],
    build(x, p) {
      const u = g.transpose(x, [1, 0, 2]);
      const m = modes(p, sizes, shape.d_model);
      const y = skipped(u, convolveDiagonal(u, m.a, weights(m), sizes), p['layer.D']!, sizes);
      return g.transpose(y, [1, 0, 2]);
    },
  };
}

function h3(shape: BlockShape): Measured {
  const { definition, resolved, dims, specs } = layerOf('h3', { d_state: 2 * STATES }, shape);
  return {
    specs,
    shape: [shape.batch, shape.length, shape.d_model],
    build: (x, p) => definition.forward(x, p, resolved, dims, { probing: false, probe: () => {} }),
  };
}

/** The convolution alone: its peer is one pair of transforms. */
function longConv(shape: BlockShape): Measured {
  const { specs } = layerOf('long-conv', {}, shape);
  return {
    specs: { kernel: specs['kernel.kernel']! },
    shape: [shape.batch, shape.d_model, shape.length],
    build(x, p) {
      const kernel = g.reshape(p['kernel']!, [shape.d_model, shape.length]);
      return g.transpose(g.longConv(g.transpose(x, [1, 0, 2]), kernel), [1, 0, 2]);
    },
  };
}

const builds = { s4d, h3, 'long-conv': longConv };

/** Batch and width for a length: long sequences in small batches. */
const shapes: Readonly<Record<number, BlockShape>> = {
  1024: { batch: 4, length: 1024, d_model: 256 },
  4096: { batch: 2, length: 4096, d_model: 128 },
  16384: { batch: 1, length: 16384, d_model: 64 },
};

const what = {
  s4d: 'S4D convolution with kernel generation',
  h3: 'H3 layer',
  'long-conv': 'convolution with a free kernel',
};

/** `s4d/1024` and its like. */
export function ltiCase(name: keyof typeof builds, length: keyof typeof shapes, reach: number): BenchCase {
  const shape = shapes[length]!;
  return {
    name: `${name}/${length}`,
    about: `${what[name]}, forward and backward, batch ${shape.batch}, width ${shape.d_model}, ${THREADS} threads`,
    reach,
    ours: async () => forwardAndBackward(builds[name](shape), THREADS),
    peers: () => torchPeers({ case: name, ...shape, states: STATES }, [{ name: 'torch.fft' }], THREADS),
  };
}

export const ltiCases: readonly BenchCase[] = [
  ltiCase('s4d', 1024, 9),
  ltiCase('s4d', 4096, 15),
  ltiCase('s4d', 16384, 45),
  ltiCase('h3', 1024, 5),
  ltiCase('h3', 4096, 9),
  ltiCase('long-conv', 1024, 0.7),
  ltiCase('long-conv', 4096, 0.7),
  ltiCase('long-conv', 16384, 0.7),
];
