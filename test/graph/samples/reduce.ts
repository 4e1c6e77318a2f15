/** @file Samples of reductions and what runs along an axis. */
import * as g from '../../../src/graph';
import { float, unary, within, type Sample } from './sample';

export const reduceSamples: readonly Sample[] = [
  unary('sum of all', (x) => g.sum(x)),
  unary('sum over axes', (x) => g.sum(x, [0, 2]), float(2, 3, 4)),
  unary('sum, axes kept', (x) => g.sum(x, [-1], true), float(2, 3)),
  unary('mean', (x) => g.mean(x, [1]), float(2, 3, 4)),
  unary('max', (x) => g.max(x, [1]), float(3, 5)),
  unary('sumSquares', g.sumSquares, float(4, 3)),
  unary('softmax', (x) => g.softmax(x, 1), float(3, 5)),
  unary('softmax over an inner axis', (x) => g.softmax(x, 1), float(2, 4, 3)),
  unary('logSumExp', (x) => g.logSumExp(x, 1), within(-80, 80, 3, 5)),
  unary('cumsum', (x) => g.cumsum(x, 1), float(2, 5, 3)),
  unary('cumsum from the end', (x) => g.cumsum(x, 0, { reverse: true, exclusive: true }), float(5, 2)),
];
