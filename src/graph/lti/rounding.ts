/**
 * @file What a float32 result lacks of the exact one, as a second number: steps and eigenvalues are multiplied by
 * thousands of tokens, and their rounding with them. In float64 all of these are nothing; none has a gradient.
 */
import { add, div, mul, sub } from '../ops/elementwise/binary';
import { clip } from '../ops/elementwise/clip';
import { equal } from '../ops/elementwise/compare';
import { cast, stopGradient, where } from '../ops/elementwise/select';
import { exp, floor, polynomial, square } from '../ops/elementwise/unary';
import { constant, scalar } from '../ops/leaves';
import { gather } from '../ops/lookup/gather';
import type { Tensor } from '../types';

/** 2¹² + 1: the product with it leaves a number's upper half, whose products have no rounding (Dekker, 1971). */
const SPLITTER = 4097;

function halves(x: Tensor): [upper: Tensor, lower: Tensor] {
  const large = mul(x, SPLITTER);
  const upper = sub(large, sub(large, x));
  return [upper, sub(x, upper)];
}

/** a b - `product`, which is a b as float32 has it. */
export function productRest(a: Tensor, b: Tensor, product: Tensor): Tensor {
  const [[p, q], [r, s]] = [halves(stopGradient(a)), halves(stopGradient(b))];
  const missing = sub(mul(p, r), stopGradient(product));
  return add(add(add(missing, mul(p, s)), mul(q, r)), mul(q, s));
}

/** Steps of a table of exponentials, and its ends. */
const [PER_UNIT, LOWEST, HIGHEST] = [16, -20, 8];
const entries = Float64Array.from({ length: (HIGHEST - LOWEST) * PER_UNIT + 1 }, (_, i) =>
  Math.exp(LOWEST + i / PER_UNIT),
);
const table = (part: (value: number) => number): Tensor =>
  constant(Float32Array.from(entries, part), [entries.length]);
const upperTable = table(Math.fround);
const lowerTable = table((value) => value - Math.fround(value));

/** exp(x) - `result`, which is exp(x) as float32 has it; nothing where the table has ended. */
export function expRest(x: Tensor, result: Tensor): Tensor {
  const [from, found] = [stopGradient(x), stopGradient(result)];
  const inside = clip(from, LOWEST, HIGHEST);
  const place = floor(add(mul(inside, PER_UNIT), 0.5));
  const r = sub(inside, mul(place, 1 / PER_UNIT));
  // exp(r) - 1 = r + bend, in two parts.
  const bend = mul(square(r), polynomial(r, [1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720]));
  const change = add(r, bend);
  const changeRest = sub(bend, sub(change, r));
  const at = cast(sub(place, LOWEST * PER_UNIT), 'int32');
  const [upper, lower] = [gather(upperTable, at, 0), gather(lowerTable, at, 0)];
  const more = mul(upper, change);
  const rest = add(productRest(upper, change, more), add(mul(upper, changeRest), mul(lower, add(change, 1))));
  return where(equal(inside, from), add(add(sub(upper, found), more), rest), scalar(0));
}

/** log(1 + exp(x)) - `result`, by what exp(result) - 1 differs from exp(x). */
export function softplusRest(x: Tensor, result: Tensor): Tensor {
  const found = stopGradient(result);
  const [wanted, reached] = [exp(stopGradient(x)), exp(found)];
  const difference = sub(wanted, sub(reached, 1));
  return div(add(difference, sub(expRest(x, wanted), expRest(found, reached))), reached);
}
