/** @file Places along an axis. */
import type { DType, Tensor } from '../../types';
import { equal } from '../elementwise/compare';
import { cast } from '../elementwise/select';
import { iota } from '../leaves';
import { unsqueeze } from '../shape/reshape';

/** A place counted from the front. @throws RangeError when there is no such place */
export function position(index: number, n: number): number {
  const at = index < 0 ? index + n : index;
  if (!(at >= 0 && at < n)) throw new RangeError(`gather: index ${index} is outside of 0 … ${n - 1}`);
  return at;
}

/** 1 where the last axis equals the id, else 0: (…) int32 → (…, depth). */
export const oneHot = (ids: Tensor, depth: number, dtype: DType = 'float32'): Tensor =>
  cast(equal(unsqueeze(ids, ids.shape.length), iota(depth)), dtype);
