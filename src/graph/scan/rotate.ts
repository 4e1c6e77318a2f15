/** @file Pairs of channels, turned by an angle: rotary positions, and the state of a rotating recurrence. */
import { add, mul, sub } from '../ops/elementwise/binary';
import { concat, split, stack } from '../ops/shape/concat';
import { reshape, squeeze } from '../ops/shape/reshape';
import type { Tensor } from '../types';

/** Which channels form a pair: i and i + n/2, or the neighbours 2i and 2i + 1. */
export type Pairs = 'halves' | 'neighbours';

export interface Angles {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** The first and the second channels of `count` pairs, and the other channels where they stand. */
export interface Paired {
  readonly first: Tensor;
  readonly second: Tensor;
  /** The tensor again, with other pairs. */
  join(first: Tensor, second: Tensor): Tensor;
}

/**
 * @param width channels that the pairs are taken from; the first 2 · count unless given
 * @param axis of the channels, the last unless given
 */
export function paired(
  x: Tensor,
  count: number,
  pairs: Pairs,
  width = 2 * count,
  axis = x.shape.length - 1,
): Paired {
  const n = x.shape[axis]!;
  const parts = (extents: readonly number[]): (Tensor | undefined)[] => {
    const found = split(
      x,
      axis,
      extents.filter((extent) => extent > 0),
    );
    return extents.map((extent) => (extent > 0 ? found.shift() : undefined));
  };
  const joined = (all: readonly (Tensor | undefined)[]): Tensor =>
    concat(
      all.filter((part) => part !== undefined),
      axis,
    );
  if (pairs === 'halves') {
    const still = width / 2 - count;
    const [first, firstStill, second, ...tail] = parts([count, still, count, still, n - width]);
    return { first: first!, second: second!, join: (a, b) => joined([a, firstStill, b, ...tail]) };
  }
  const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const [turned, tail] = parts([2 * count, n - 2 * count]);
  const [a, b] = split(reshape(turned!, [...before, count, 2, ...behind]), axis + 1, [1, 1]);
  return {
    first: squeeze(a!, axis + 1),
    second: squeeze(b!, axis + 1),
    join: (one, two) =>
      joined([reshape(stack([one, two], axis + 1), [...before, 2 * count, ...behind]), tail]),
  };
}

/** (a, b) → (a cos − b sin, a sin + b cos). */
export const turn = ({ first, second }: Paired, { cos, sin }: Angles): [first: Tensor, second: Tensor] => [
  sub(mul(first, cos), mul(second, sin)),
  add(mul(first, sin), mul(second, cos)),
];

/**
 * Turns the first channels of `x` (…, n); the angles (…, pairs) broadcast against x without its last axis.
 * @param width channels that the pairs are taken from; the first 2 · pairs unless given
 */
export function rotate(x: Tensor, angles: Angles, pairs: Pairs = 'halves', width?: number): Tensor {
  const found = paired(x, angles.cos.shape.at(-1)!, pairs, width);
  return found.join(...turn(found, angles));
}
