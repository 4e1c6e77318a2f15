/** @file Samples of random numbers. */
import * as g from '../../../src/graph';
import { float, ids, type Sample } from './sample';

const state = [ids(2 ** 31, 2), ids(1000)];

export const randomSamples: readonly Sample[] = [
  {
    name: 'randomWords',
    inputs: state,
    build: (key, step) => [
      g.randomWords([5000], { key, step }, 'a'),
      g.randomWords([3, 1025], { key: g.neg(key), step }, 'b'),
      g.randomWords([], { key, step }, 'c'),
    ],
    exact: true,
  },
  {
    name: 'dropout',
    inputs: [float(6, 40), ...state],
    build: (x, key, step) => g.dropout(x, 0.3, { key, step }, { site: 'layers.0' }),
  },
  {
    name: 'dropout of whole rows',
    inputs: [float(40, 3), ...state],
    build: (x, key, step) => g.dropout(x, 0.5, { key, step }, { site: 'path', shared: [1] }),
  },
];
