/** @file Dropout with a counter-based generator. */
import { check } from '../../errors';
import { axesOf } from '../../shape';
import type { Tensor } from '../../types';
import { mul } from '../elementwise/binary';
import { less } from '../elementwise/compare';
import { where } from '../elementwise/select';
import { scalar } from '../leaves';
import { randomWords, type RandomState } from './words';

/** Rates are multiples of one in so many. */
const STEPS = 2 ** 16;

/**
 * Sets elements to zero with probability `rate` and scales the others by 1 / (1 - rate), the same ones on every
 * device and in a resumed run (Srivastava et al., 2014).
 * @param rate in [0, 1), rounded to a multiple of 2⁻¹⁶
 * @param options.site a name that no other dropout of the graph has
 * @param options.shared axes along which the same elements are dropped: all but the first for whole examples
 */
export function dropout(
  x: Tensor,
  rate: number,
  state: RandomState,
  options: { readonly site: string; readonly shared?: readonly number[] },
): Tensor {
  check(rate >= 0 && rate < 1, 'dropout', `the rate must be in [0, 1), got ${rate}`, [x]);
  const dropped = Math.min(Math.round(rate * STEPS), STEPS - 1);
  if (dropped === 0) return x;
  const shared = axesOf('dropout', x, options.shared ?? []);
  const shape = x.shape.map((extent, i) => (shared.includes(i) ? 1 : extent));
  const words = randomWords(shape, state, options.site);
  const drop = less(words, dropped * STEPS - 2 ** 31);
  return where(drop, scalar(0, x.dtype), mul(x, STEPS / (STEPS - dropped)));
}
