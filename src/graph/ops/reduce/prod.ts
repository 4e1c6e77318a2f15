/** @file Products over axes. */
import { isFloat } from '../../dtype';
import { size } from '../../shape';
import { mul } from '../elementwise/binary';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { cumprod } from './cumprod';
import { defineReduction, kept, reducer } from './reduce';

const prodOperator = defineReduction(
  'prod',
  'ReduceProd',
  1,
  (a, b) => a * b,
  ({ inputs: [x], attributes: { axes } }, [dy]) => {
    if (!dy || !isFloat(x!.dtype)) return [];
    // The product of all others, without a division: the reduced axes as one line, from both ends.
    const front = [...x!.shape.keys()].filter((axis) => !axes.includes(axis));
    const perm = [...front, ...axes];
    const moved = transpose(x!, perm);
    const line = reshape(moved, [-1, size(axes.map((axis) => x!.shape[axis]!))]);
    const left = cumprod(line, 1, { exclusive: true });
    const right = cumprod(line, 1, { exclusive: true, reverse: true });
    const others = reshape(mul(left, right), moved.shape);
    const back = perm.map((_, axis) => perm.indexOf(axis));
    return [mul(transpose(others, back), reshape(dy, kept(x!.shape, axes)))];
  },
);

/** Product over the axes; its gradient is right where values are 0. */
export const prod = reducer(prodOperator);
