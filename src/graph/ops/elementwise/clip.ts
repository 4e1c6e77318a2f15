/** @file Limiting to a range. */
import { isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Tensor } from '../../types';
import { maximum, minimum } from './binary';
import { equal } from './compare';
import { scalar } from '../leaves';
import { where } from './select';

interface ClipAttributes {
  readonly low: number;
  readonly high: number;
}

const clipOperator = defineOperator<ClipAttributes>({
  name: 'clip',
  infer([x], { low, high }) {
    check(x!.dtype !== 'bool', 'clip', 'the operand must be a number', [x!]);
    check(low <= high, 'clip', `nothing lies between ${low} and ${high}`, [x!]);
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  evaluate: ([x], { low, high }) => [
    { shape: x!.shape, data: x!.data.map((v) => Math.min(Math.max(v, low), high)) },
  ],
  // What was not moved keeps its gradient, both ends included.
  gradient: ({ inputs: [x], outputs: [y] }, [dy]) =>
    dy && isFloat(x!.dtype) ? [where(equal(x!, y!), dy, scalar(0, dy.dtype))] : [],
  expand([x], { low, high }) {
    const floor = low === -Infinity ? x! : maximum(x!, low);
    return { outputs: [high === Infinity ? floor : minimum(floor, high)] };
  },
});

/** x limited to [low, high]; either end may be infinite. Values at the ends keep their gradient. */
export const clip = (x: Tensor, low: number, high: number): Tensor =>
  apply1(clipOperator, [x], { low, high });
