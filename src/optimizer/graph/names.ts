/** @file Names of what goes into the graphs of a training step and of what comes out. */

/** Prefix of the outputs that are gradients. */
export const GRADIENT = 'grad.';
/** Prefix of what replaces an input of the same name. */
export const NEXT = 'next.';
/** Prefix of the sums of gradients over micro-batches. */
export const SUM = 'sum.';
/** 1 at the first micro-batch of a step, else 0. */
export const FIRST = 'first';

/** An optimiser's state of a parameter. */
export const stateName = (state: string, parameter: string): string => `${state}.${parameter}`;
