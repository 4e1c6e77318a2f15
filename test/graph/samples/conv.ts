/** @file Samples of convolutions. */
import * as g from '../../../src/graph';
import { float, type Sample } from './sample';

export const convSamples: readonly Sample[] = [
  {
    name: 'causalConv1d',
    inputs: [float(2, 6, 3), float(3, 1, 4), float(3)],
    build: (x, w, b) => g.causalConv1d(x, w, b, 1),
  },
  {
    name: 'causalConv1d, time first',
    inputs: [float(6, 2, 3), float(3, 1, 2)],
    build: (x, w) => g.causalConv1d(x, w, undefined, 0),
  },
  {
    name: 'causalConv1d, shorter than its taps',
    inputs: [float(2, 2, 3), float(3, 1, 4)],
    build: (x, w) => g.causalConv1d(x, w, undefined, 1),
  },
  {
    name: 'causalConv1d of one tap',
    inputs: [float(2, 3, 3), float(3, 1, 1)],
    build: (x, w) => g.causalConv1d(x, w, undefined, 1),
  },
  {
    name: 'causalConv1d between axes',
    inputs: [float(2, 5, 3, 4), float(4, 1, 3), float(4)],
    build: (x, w, b) => g.causalConv1d(x, w, b, 1),
  },
];
