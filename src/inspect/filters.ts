/** @file The kernels of a time-invariant layer, from its parameters. Layers are recognised by the names they store. */
import type { Poles } from '../analysis/lti';
import type { Trace } from './spec';

export interface Filters {
  readonly axis: 'channel' | 'head';
  readonly count: number;
  readonly causal: boolean;
  /** K[0 … length − 1] of one channel. */
  kernel(index: number, length: number): Float64Array;
  /** Modes in discrete time, for diagonal layers. */
  poles?(index: number): Poles;
  /** Continuous eigenvalues (mode, 2) and the step size, for diagonal layers. */
  continuous?(index: number): { readonly A: ArrayLike<number>; readonly dt: number };
  /** The mixing matrix (query, key) without D. */
  toeplitz(index: number, length: number): Float64Array;
  readonly D: ArrayLike<number>;
  /** What the filters act on (time, channel), and what comes out with the skip. */
  readonly u: ArrayLike<number> | undefined;
  readonly y: ArrayLike<number> | undefined;
}

/** Undefined for layers that are no filter banks. */
export function filtersOf(_trace: Trace): Filters | undefined {
  return undefined;
}
