/** @file Samples of graphs that are built from other graphs. */
import * as g from '../../../src/graph';
import { float, type Sample } from './sample';

export const transformSamples: readonly Sample[] = [
  {
    name: 'checkpoint',
    inputs: [float(4, 3), float(3, 5), float(5, 3)],
    build: (x, w1, w2) =>
      g.add(
        x!,
        g.checkpoint((before, [a, b]) => g.matmul(g.silu(g.matmul(before, a!)), b!), x!, [w1!, w2!]),
      ),
  },
  {
    name: 'checkpoint, a chain with a shared matrix',
    inputs: [float(4, 3), float(3, 3)],
    build(x, w) {
      const block = (before: g.Tensor): g.Tensor =>
        g.checkpoint((y, [a]) => g.tanh(g.matmul(g.tanh(y), a!)), before, [w!]);
      return block(block(x!));
    },
  },
  {
    name: 'retain',
    inputs: [float(4, 3), float(3)],
    build: (x, mean) => g.square(g.retain(g.tanh(x!), [{ buffer: mean!, next: g.mean(x!, [0]) }])),
  },
];
