/** @file Sine and cosine by one polynomial on every device: the devices' own differ in the third digit. */
import { checkFloat32 } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Operator, Tensor } from '../../types';
import { add, mul, sub } from './binary';
import { floor, neg, polynomial, square } from './unary';

// 2π in two parts: the first has few bits, so that its multiples are exact.
const TWO_PI_HIGH = 6.28125;
const TWO_PI_LOW = 2 * Math.PI - TWO_PI_HIGH;

/**
 * Of sin t / t and cos t in t² up to (π/2)², with the least largest error: each was rounded to float32 before those
 * behind it were fitted. They are off by 5e-9 and 5e-10, a Taylor series of one more term each by 6e-8 and 7e-9.
 */
const SINE = [1, -0.16666656732559204, 0.008333008736371994, -0.00019806012278422713, 2.5987430944951484e-6];
const COSINE = [
  1, -0.5, 0.041666656732559204, -0.001388858538120985, 2.4770182790234685e-5, -2.6209193038084777e-7,
];

interface Range {
  /** Whether the angle is known to be within about half a round of 0. */
  readonly reduced: boolean;
}

/** Sine and cosine of half the angle, reduced to about (-π/2, π/2). */
function half(x: Tensor, { reduced }: Range): { s: Tensor; c: Tensor } {
  const t = mul(reduced ? x : withoutRounds(x), 0.5);
  const z = square(t);
  return { s: mul(t, polynomial(z, SINE)), c: polynomial(z, COSINE) };
}

function withoutRounds(x: Tensor): Tensor {
  const turns = floor(add(mul(x, 1 / (2 * Math.PI)), 0.5));
  return sub(sub(x, mul(turns, TWO_PI_HIGH)), mul(turns, TWO_PI_LOW));
}

const define = (
  name: string,
  f: (x: number) => number,
  rule: (x: Tensor, range: Range) => Tensor,
  build: (x: Tensor, range: Range) => Tensor,
): Operator<Range> =>
  defineOperator<Range>({
    name,
    infer([x]) {
      checkFloat32(name, [x!]);
      return [{ dtype: 'float32', shape: x!.shape }];
    },
    evaluate: ([x]) => [{ shape: x!.shape, data: x!.data.map(f) }],
    gradient: ({ inputs: [x], attributes }, [dy]) => [dy && mul(dy, rule(x!, attributes))],
    expand: ([x], attributes) => ({ outputs: [build(x!, attributes)] }),
  });

const sinOperator = define(
  'sin',
  Math.sin,
  (x, { reduced }) => cos(x, reduced),
  (x, range) => {
    const { s, c } = half(x, range);
    return mul(mul(s, c), 2);
  },
);
const cosOperator = define(
  'cos',
  Math.cos,
  (x, { reduced }) => neg(sin(x, reduced)),
  (x, range) => sub(1, mul(square(half(x, range).s), 2)),
);

/** @param reduced whether all angles are within about half a round of 0, which spares their reduction */
export const sin = (x: Tensor, reduced = false): Tensor => apply1(sinOperator, [x], { reduced });
export const cos = (x: Tensor, reduced = false): Tensor => apply1(cosOperator, [x], { reduced });
