/** @file Samples of losses. */
import * as g from '../../../src/graph';
import { float, ids, within, type Sample } from './sample';

export const lossSamples: readonly Sample[] = [
  {
    name: 'crossEntropy',
    inputs: [within(-30, 30, 6, 5), ids(5, 6)],
    build: (x, t) => g.crossEntropy(x, t),
  },
  {
    name: 'crossEntropy of a product',
    inputs: [within(-3, 3, 11, 3), within(-3, 3, 7, 3), within(-1, 1, 7), ids(7, 11)],
    build: (x, w, b, t) => [g.crossEntropy(g.linear(x, w, b), t), g.crossEntropy(g.linear(x, w), t)],
  },
  {
    name: 'crossEntropy with smoothed labels',
    inputs: [within(-30, 30, 6, 5), ids(5, 6)],
    build: (x, t) => g.crossEntropy(x, t, { labelSmoothing: 0.1 }),
    // The average of the logits cancels what the logarithm brings.
    tolerance: 4e-6,
  },
  {
    name: 'crossEntropy, rows ignored',
    inputs: [within(-5, 5, 8, 3), ids(4, 8)],
    build: (x, t) => {
      const targets = g.where(g.equal(t, 3), -100, t);
      return [
        g.crossEntropy(x, targets, { ignoreIndex: -100 }),
        g.crossEntropy(x, targets, { ignoreIndex: -100, labelSmoothing: 0.2 }),
        g.crossEntropy(x, t, { ignoreIndex: 3 }),
      ];
    },
  },
  {
    name: 'binaryCrossEntropy',
    inputs: [within(-20, 20, 40), within(0, 1, 40)],
    build: g.binaryCrossEntropy,
  },
  { name: 'squaredError', inputs: [float(3, 4), float(4)], build: g.squaredError },
  { name: 'absoluteError', inputs: [float(3, 4), float(4)], build: g.absoluteError },
  { name: 'huber', inputs: [float(20), float(20)], build: (x, y) => g.huber(x, y, 0.8) },
  {
    name: 'klDivergence',
    inputs: [float(3, 5), float(3, 5)],
    build: (p, q) => g.klDivergence(g.logSoftmax(p, 1), g.logSoftmax(q, 1), 1),
  },
];
