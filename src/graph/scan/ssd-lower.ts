/** @file Lowerings. */
import type { Expansion } from '../types';
export const expandSsd = (): Expansion => {
  throw new Error('not lowered yet');
};
export const expandSsdGradient = (): Expansion => {
  throw new Error('not lowered yet');
};
