/** @file Samples of reductions and what runs along an axis. */
import * as g from '../../../src/graph';
import { float, unary, within, type Sample } from './sample';

export const reduceSamples: readonly Sample[] = [
  unary('sum of all', (x) => g.sum(x)),
  unary('sum over axes', (x) => g.sum(x, [0, 2]), float(2, 3, 4)),
  unary('sum, axes kept', (x) => g.sum(x, [-1], true), float(2, 3)),
  unary('mean', (x) => g.mean(x, [1]), float(2, 3, 4)),
  unary('max', (x) => g.max(x, [1]), float(3, 5)),
  unary('min', (x) => g.min(x, [0]), float(3, 5)),
  {
    name: 'min and max of equal values',
    inputs: [float(3)],
    build: (x) => [g.min(g.concat([x, x], 0)), g.max(g.concat([x, x], 0))],
  },
  unary('prod', (x) => g.prod(x, [1]), float(3, 5)),
  unary('prod over axes', (x) => g.prod(x, [0, 2], true), float(2, 3, 4)),
  unary('prod with a zero', (x) => g.prod(g.mul(x, g.constant([1, 0, 1, 1], [4])), [1]), float(3, 4)),
  unary('variance', (x) => g.variance(x, [1]), float(3, 5)),
  unary(
    'variance, unbiased',
    (x) => g.variance(x, [0, 2], { correction: 1, keepdims: true }),
    float(2, 3, 4),
  ),
  unary('logSoftmax', (x) => g.logSoftmax(x, 1), within(-80, 80, 3, 5)),
  unary('logSoftmax over an inner axis', (x) => g.logSoftmax(x, 1), float(2, 4, 3)),
  unary('cumprod', (x) => g.cumprod(x, 1), float(2, 7, 3)),
  unary('cumprod from the end', (x) => g.cumprod(x, 0, { reverse: true, exclusive: true }), float(5, 2)),
  unary('cumprod with a zero', (x) => g.cumprod(g.mul(x, g.constant([1, 1, 0, 1], [4])), 1), float(3, 4)),
  unary('sumSquares', g.sumSquares, float(4, 3)),
  unary('softmax', (x) => g.softmax(x, 1), float(3, 5)),
  unary('softmax over an inner axis', (x) => g.softmax(x, 1), float(2, 4, 3)),
  unary('logSumExp', (x) => g.logSumExp(x, 1), within(-80, 80, 3, 5)),
  unary('cumsum', (x) => g.cumsum(x, 1), float(2, 5, 3)),
  unary('cumsum from the end', (x) => g.cumsum(x, 0, { reverse: true, exclusive: true }), float(5, 2)),
];
