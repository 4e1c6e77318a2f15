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
  {
    name: 'takeAlong of integers',
    inputs: [ids(2 ** 31, 2, 5, 3), ids(5, 2, 4, 3)],
    build: (x, i) => [g.takeAlong(x, i, 1), g.takeAlong(x, g.sub(i, 5), 1)],
    exact: true,
  },
  {
    name: 'scatterAdd between axes, places repeated',
    inputs: [float(2, 4, 3), ids(4, 2, 9, 3), float(2, 9, 3)],
    build: (base, i, updates) => g.scatterAdd(base, i, updates, 1),
  },
  {
    name: 'segmentSum',
    inputs: [float(9, 2, 3), ids(4, 9)],
    build: (x, i) => g.segmentSum(x, i, 5),
  },
  {
    name: 'segmentSum with many segments',
    inputs: [float(9, 2), ids(600, 9)],
    build: (x, i) => g.segmentSum(x, i, 600),
  },
  {
    name: 'topK',
    inputs: [float(3, 11, 2)],
    build: (x) => [...Object.values(g.topK(x, 4, 1)), g.topK(x, 3, 0, { largest: false }).values],
  },
  {
    name: 'sort, equal values in order',
    inputs: [ids(20, 2, 300)],
    build: (i) => {
      const x = g.cast(i, 'float32');
      return [...Object.values(g.sort(x, 1)), ...Object.values(g.sort(x, 1, { descending: true }))];
    },
    exact: true,
  },
  { name: 'sort along the first axis', inputs: [float(7, 3)], build: (x) => g.sort(x, 0).values },
  { name: 'argsort', inputs: [float(3, 7)], build: (x) => g.argsort(x, -1) },
  {
    name: 'argmax, the first of equal values',
    inputs: [ids(3, 6, 40)],
    build: (i) => g.argmax(g.cast(i, 'float32'), 1),
    exact: true,
  },
  { name: 'argmax', inputs: [float(3, 5)], build: (x) => g.argmax(x, 1) },
];
