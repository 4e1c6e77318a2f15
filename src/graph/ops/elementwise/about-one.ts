/** @file exp(x) - 1 and log(1 + x) with all digits for small x on every device, where 1 would swallow them. */
import { floatType } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Operator, Tensor } from '../../types';
import { add, div, mul, sub } from './binary';
import { less } from './compare';
import { where } from './select';
import { abs, exp, log, polynomial, square } from './unary';

type None = Record<string, never>;

const define = (
  name: string,
  f: (x: number) => number,
  slope: (x: Tensor) => Tensor,
  build: (x: Tensor) => Tensor,
): Operator<None> =>
  defineOperator<None>({
    name,
    infer: ([x]) => [{ dtype: floatType(name, [x!]), shape: x!.shape }],
    evaluate: ([x]) => [{ shape: x!.shape, data: x!.data.map(f) }],
    gradient: ({ inputs: [x] }, [dy]) => [dy && mul(dy, slope(x!))],
    expand: ([x]) => ({ outputs: [build(x!)] }),
  });

/** 1/(k + 1)!, of (exp(x) - 1)/x in x: 1e-10 of it is missing at 1/2. */
const GROWTH = Array.from({ length: 10 }, (_, k) => {
  let factorial = 1;
  for (let i = 2; i <= k + 1; i++) factorial *= i;
  return 1 / factorial;
});

/** Of atanh(r)/r in r², for |r| ≤ 1/3. */
const ATANH = Array.from({ length: 8 }, (_, k) => 1 / (2 * k + 1));

const small = (x: Tensor): Tensor => less(abs(x), 0.5);

const expm1Operator = define('expm1', Math.expm1, exp, (x) =>
  where(small(x), mul(x, polynomial(x, GROWTH)), sub(exp(x), 1)),
);

const log1pOperator = define(
  'log1p',
  Math.log1p,
  (x) => div(1, add(x, 1)),
  (x) => {
    // 2 atanh(x / (2 + x))
    const r = div(x, add(x, 2));
    return where(small(x), mul(mul(r, polynomial(square(r), ATANH)), 2), log(add(x, 1)));
  },
);

/** exp(x) - 1. */
export const expm1 = (x: Tensor): Tensor => apply1(expm1Operator, [x], {});
/** log(1 + x), for x > -1. */
export const log1p = (x: Tensor): Tensor => apply1(log1pOperator, [x], {});
