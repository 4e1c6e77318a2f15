/** @file Samples of normalisations. */
import * as g from '../../../src/graph';
import { float, positive, type Sample } from './sample';

export const normSamples: readonly Sample[] = [
  { name: 'rmsNorm', inputs: [float(2, 3, 8), float(8)], build: (x, w) => g.rmsNorm(x, w, 1e-5) },
  {
    name: 'layerNorm',
    inputs: [float(2, 3, 8), float(8), float(8)],
    build: (x, w, b) => g.layerNorm(x, w, b, 1e-5),
  },
  ...[
    [1, 4, 3, 5],
    [1, 6, 3],
    [-1, 4, 2, 3],
    [0, 3, 8],
  ].map(([axis, ...shape]): Sample => {
    const channels = shape.at(axis!)!;
    return {
      name: `batchNorm over axis ${axis} of ${shape.join(', ')}`,
      inputs: [float(...shape), float(channels), float(channels), float(channels), positive(channels)],
      build: (x, w, b, mean, variance) => {
        const { y, running } = g.batchNorm(x, w, b, { running: { mean, variance }, axis: axis! });
        // Statistics are kept, not differentiated.
        return [y, g.stopGradient(running.mean), g.stopGradient(running.variance)];
      },
      seeds: 1,
      tolerance: 4e-6,
    };
  }),
  {
    name: 'batchNorm in evaluation',
    inputs: [float(2, 3, 4), float(3), float(3), float(3), positive(3)],
    build: (x, w, b, mean, variance) => g.batchNormEvaluation(x, w, b, { running: { mean, variance } }),
  },
  {
    name: 'groupNorm',
    inputs: [float(2, 6, 3, 2), float(6), float(6)],
    build: (x, w, b) => g.groupNorm(x, 3, w, b),
    tolerance: 4e-6,
  },
  {
    name: 'groupRmsNorm',
    inputs: [float(2, 3, 8), float(8)],
    build: (x, w) => [g.groupRmsNorm(x, 2, w), g.groupRmsNorm(x, 1, w)],
  },
];
