/** @file Lowerings. */
import type { Expansion } from '../types';
export const expandScan = (): Expansion => {
  throw new Error('not lowered yet');
};
export const expandScanGradient = (): Expansion => {
  throw new Error('not lowered yet');
};
