/** @file Samples of looking up and its adjoints. */
import * as g from '../../../src/graph';
import { float, ids, type Sample } from './sample';

export const lookupSamples: readonly Sample[] = [
  { name: 'embedding', inputs: [ids(5, 2, 4), float(5, 3)], build: g.embedding },
  { name: 'embedding of many rows', inputs: [ids(600, 2, 4), float(600, 2)], build: g.embedding },
  {
    name: 'gather along an inner axis',
    inputs: [float(2, 4, 3), ids(4, 5)],
    build: (x, i) => g.gather(x, i, 1),
  },
  { name: 'oneHot', inputs: [ids(4, 3, 2)], build: (i) => g.oneHot(i, 4) },
  { name: 'takeAlong', inputs: [float(3, 5), ids(5, 3, 2)], build: (x, i) => g.takeAlong(x, i, 1) },
  {
    name: 'scatterAdd',
    inputs: [float(4, 3), ids(4, 5, 3), float(5, 3)],
    build: (base, i, updates) => g.scatterAdd(base, i, updates, 0),
  },
  { name: 'argmax', inputs: [float(3, 5)], build: (x) => g.argmax(x, 1) },
];
