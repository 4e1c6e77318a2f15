/** @file Samples of leaves. */
import * as g from '../../../src/graph';
import { float, type Sample } from './sample';

export const leavesSamples: readonly Sample[] = [
  {
    name: 'constants',
    inputs: [float(2, 3)],
    build: (x) => g.add(g.mul(x, g.full([2, 1], 2)), g.add(g.ones([3]), g.cast(g.iota(3), 'float32'))),
  },
  { name: 'zeros of a large shape', inputs: [float(1)], build: (x) => g.add(g.zeros([70, 70]), x) },
];
