/** @file Samples of operators that move values. */
import * as g from '../../../src/graph';
import { float, unary, type Sample } from './sample';

export const shapeSamples: readonly Sample[] = [
  unary('reshape', (x) => g.mul(g.reshape(x, [2, -1]), g.constant([1, 2, 3, 4, 5, 6], [6]))),
  unary('unsqueeze and squeeze', (x) => g.add(g.unsqueeze(x, 1), g.squeeze(g.unsqueeze(x, 0), 0))),
  unary('transpose', (x) => g.transpose(x, [2, 0, 1]), float(2, 3, 4)),
  unary('slice', (x) => g.slice(x, 1, 1, 4), float(2, 5, 2)),
  unary('slice with a step', (x) => g.slice(x, 1, 1, 8, 3), float(2, 8, 2)),
  unary('slice backwards', (x) => g.slice(x, 0, 6, 1, -2), float(8, 2)),
  unary('flip', (x) => g.flip(x, 1), float(2, 5)),
  unary('pad', (x) => g.pad(x, 1, 2, 1), float(2, 3, 2)),
  unary('expand', (x) => g.expand(x, [4, 2, 3]), float(2, 1)),
  {
    name: 'concat',
    inputs: [float(2, 1, 2), float(2, 3, 2), float(2, 2, 2)],
    build: (...xs) => g.concat(xs, 1),
  },
  { name: 'stack', inputs: [float(2, 3), float(2, 3)], build: (...xs) => g.stack(xs, -1) },
  unary('roll', (x) => g.add(g.roll(x, 1, 2), g.roll(x, 0, -1)), float(3, 5)),
  unary('tile', (x) => g.tile(x, [2, 1, 3]), float(2, 3, 2)),
  unary('triangles', (x) => [g.tril(x), g.tril(x, 1), g.triu(x), g.triu(x, -1)], float(2, 3, 4)),
  { name: 'lowerTriangle', inputs: [], build: () => [g.lowerTriangle(4, 3), g.lowerTriangle(2, 5, 3)] },
  unary('split', (x) => g.mul(g.split(x, 1, [1, 4, 2])[1]!, 2), float(2, 7)),
  {
    name: 'split in many parts',
    inputs: [float(3, 10)],
    build: (x) =>
      g
        .split(
          x,
          1,
          Array.from({ length: 10 }, () => 1),
        )
        .reduce((a, b) => g.add(g.mul(a, 0.5), b)),
  },
];
