/** @file Sine and cosine by one polynomial on every device: the devices' own differ in the third digit. */
import { checkFloat32 } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Operator, Tensor } from '../../types';
import { add, mul, sub } from './binary';
import { floor, neg, polynomial, square } from './unary';

type None = Record<string, never>;

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

/** Sine and cosine of half the angle, reduced to (-π/2, π/2). */
function half(x: Tensor): { s: Tensor; c: Tensor } {
  const turns = floor(add(mul(x, 1 / (2 * Math.PI)), 0.5));
  const r = sub(sub(x, mul(turns, TWO_PI_HIGH)), mul(turns, TWO_PI_LOW));
  const t = mul(r, 0.5);
  const z = square(t);
  return { s: mul(t, polynomial(z, SINE)), c: polynomial(z, COSINE) };
}

const define = (
  name: string,
  f: (x: number) => number,
  rule: (x: Tensor) => Tensor,
  build: (x: Tensor) => Tensor,
): Operator<None> =>
  defineOperator<None>({
    name,
    infer([x]) {
      checkFloat32(name, [x!]);
      return [{ dtype: 'float32', shape: x!.shape }];
    },
    evaluate: ([x]) => [{ shape: x!.shape, data: x!.data.map(f) }],
    gradient: ({ inputs: [x] }, [dy]) => [dy && mul(dy, rule(x!))],
    expand: ([x]) => ({ outputs: [build(x!)] }),
  });

const sinOperator = define(
  'sin',
  Math.sin,
  (x) => cos(x),
  (x) => {
    const { s, c } = half(x);
    return mul(mul(s, c), 2);
  },
);
const cosOperator = define(
  'cos',
  Math.cos,
  (x) => neg(sin(x)),
  (x) => sub(1, mul(square(half(x).s), 2)),
);

export const sin = (x: Tensor): Tensor => apply1(sinOperator, [x], {});
export const cos = (x: Tensor): Tensor => apply1(cosOperator, [x], {});
