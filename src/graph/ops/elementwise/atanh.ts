/** @file The inverse of tanh, with all digits for small values too: the devices' own lose them there. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Operator, Tensor } from '../../types';
import { add, div, mul, sub } from './binary';
import { less } from './compare';
import { where } from './select';
import { abs, log, polynomial, square } from './unary';

type None = Record<string, never>;

const atanhOperator: Operator<None> = defineOperator<None>({
  name: 'atanh',
  infer([x]) {
    check(x!.dtype === 'float32', 'atanh', 'the operand must be float32', [x!]);
    return [{ dtype: 'float32', shape: x!.shape }];
  },
  evaluate: ([x]) => [{ shape: x!.shape, data: x!.data.map(Math.atanh) }],
  gradient: ({ inputs: [x] }, [dy]) => [dy && div(dy, mul(add(1, x!), sub(1, x!)))],
  expand([x]) {
    const series = mul(x!, polynomial(square(x!), [1, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13]));
    const plain = mul(log(div(add(1, x!), sub(1, x!))), 0.5);
    return { outputs: [where(less(abs(x!), 0.25), series, plain)] };
  },
});

/** The inverse of tanh, for -1 < x < 1. */
export const atanh = (x: Tensor): Tensor => apply1(atanhOperator, [x], {});
