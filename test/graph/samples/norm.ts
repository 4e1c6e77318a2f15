/** @file Samples of normalisations. */
import * as g from '../../../src/graph';
import { float, type Sample } from './sample';

export const normSamples: readonly Sample[] = [
  { name: 'rmsNorm', inputs: [float(2, 3, 8), float(8)], build: (x, w) => g.rmsNorm(x, w, 1e-5) },
  {
    name: 'layerNorm',
    inputs: [float(2, 3, 8), float(8), float(8)],
    build: (x, w, b) => g.layerNorm(x, w, b, 1e-5),
  },
];
