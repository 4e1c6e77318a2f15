/** @file Scans by an associative operation in logarithmic depth. */
import { check } from '../errors';
import { axisOf } from '../shape';
import type { Tensor } from '../types';
import { concat, stack } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { flip, pad, slice } from '../ops/shape/slice';

type Combine = (earlier: readonly Tensor[], later: readonly Tensor[]) => readonly Tensor[];

/**
 * All partial results of an associative operation along one axis: with ⊕ = `combine`, place t holds
 * x[0] ⊕ … ⊕ x[t]. Twice as many combinations as places, in 2 log₂ n steps (Blelloch, 1990).
 * @param combine element by element on tensors of any extent along the axis
 * @param elements tensors of one extent along the axis, combined as tuples
 * @param options.reverse place t holds x[n-1] ⊕ … ⊕ x[t]
 */
export function associativeScan(
  combine: Combine,
  elements: readonly Tensor[],
  axis: number,
  { reverse = false }: { readonly reverse?: boolean } = {},
): Tensor[] {
  check(elements.length > 0, 'associativeScan', 'needs at least one tensor');
  const at = axisOf('associativeScan', elements[0]!, axis);
  const n = elements[0]!.shape[at]!;
  const alike = elements.every(({ shape }) => shape[at] === n);
  check(alike, 'associativeScan', `extents differ along axis ${axis}`, elements);
  if (!reverse) return prefixes(combine, elements, at);
  const turned = elements.map((x) => flip(x, at));
  return prefixes(combine, turned, at).map((x) => flip(x, at));
}

function prefixes(combine: Combine, elements: readonly Tensor[], axis: number): Tensor[] {
  const n = elements[0]!.shape[axis]!;
  if (n < 2) return [...elements];
  const part = (xs: readonly Tensor[], start: number, end: number, step = 1): Tensor[] =>
    xs.map((x) => slice(x, axis, start, end, step));
  const odd = prefixes(combine, combine(part(elements, 0, n - 1, 2), part(elements, 1, n, 2)), axis);
  const first = part(elements, 0, 1);
  if (n === 2) return first.map((x, i) => concat([x, odd[i]!], axis));
  const before = n % 2 === 0 ? part(odd, 0, odd[0]!.shape[axis]! - 1) : odd;
  const even = combine(before, part(elements, 2, n, 2)).map((x, i) => concat([first[i]!, x], axis));
  return even.map((x, i) => interleaved(x, odd[i]!, axis));
}

/** even[0], odd[0], even[1], …; the even places may be one more. */
function interleaved(even: Tensor, odd: Tensor, axis: number): Tensor {
  const [more, less] = [even.shape[axis]!, odd.shape[axis]!];
  const pairs = stack([even, pad(odd, axis, 0, more - less)], axis + 1);
  const shape = even.shape.map((extent, i) => (i === axis ? 2 * more : extent));
  return slice(reshape(pairs, shape), axis, 0, more + less);
}
