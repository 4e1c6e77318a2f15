/** @file Samples of losses. */
import * as g from '../../../src/graph';
import { ids, within, type Sample } from './sample';

export const lossSamples: readonly Sample[] = [
  { name: 'crossEntropy', inputs: [within(-30, 30, 6, 5), ids(5, 6)], build: g.crossEntropy },
];
