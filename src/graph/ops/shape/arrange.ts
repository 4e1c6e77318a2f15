/** @file Arrangements made of other operators. */
import { check } from '../../errors';
import { axisOf } from '../../shape';
import type { Tensor } from '../../types';
import { add } from '../elementwise/binary';
import { less } from '../elementwise/compare';
import { where } from '../elementwise/select';
import { iota, scalar } from '../leaves';
import { concat } from './concat';
import { expand } from './expand';
import { reshape, unsqueeze } from './reshape';
import { slice } from './slice';

/** Moves everything `by` places along an axis; what leaves one end enters at the other. */
export function roll(x: Tensor, axis: number, by: number): Tensor {
  const at = axisOf('roll', x, axis);
  const n = x.shape[at]!;
  check(Number.isInteger(by), 'roll', `cannot move by ${by} places`, [x]);
  const first = n === 0 ? 0 : (((n - by) % n) + n) % n;
  return first === 0 ? x : concat([slice(x, at, first, n), slice(x, at, 0, first)], at);
}

/** Repeats the whole tensor `repeats[i]` times along axis i. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  const fits = repeats.length === x.shape.length && repeats.every((r) => Number.isInteger(r) && r >= 1);
  check(fits, 'tile', `repeats [${repeats.join(', ')}] do not fit`, [x]);
  const apart = x.shape.flatMap((extent, i) => (repeats[i] === 1 ? [extent] : [1, extent]));
  const spread = x.shape.flatMap((extent, i) => (repeats[i] === 1 ? [extent] : [repeats[i]!, extent]));
  return reshape(
    expand(reshape(x, apart), spread),
    x.shape.map((extent, i) => extent * repeats[i]!),
  );
}

/** Whether the column is at most the row plus `offset`: (rows, columns) bool, the causal mask of attention. */
export const lowerTriangle = (rows: number, columns: number, offset = 0): Tensor =>
  less(iota(columns), unsqueeze(add(iota(rows), offset + 1), 1));

/** The lower triangle of the last two axes, zeros above; `offset` diagonals more. */
export function tril(x: Tensor, offset = 0): Tensor {
  const [rows, columns] = lastTwo('tril', x);
  return where(lowerTriangle(rows, columns, offset), x, scalar(0, x.dtype));
}

/** The upper triangle of the last two axes, zeros below; `offset` diagonals fewer. */
export function triu(x: Tensor, offset = 0): Tensor {
  const [rows, columns] = lastTwo('triu', x);
  return where(lowerTriangle(rows, columns, offset - 1), scalar(0, x.dtype), x);
}

function lastTwo(name: string, x: Tensor): [rows: number, columns: number] {
  check(x.shape.length >= 2, name, 'needs two axes', [x]);
  return x.shape.slice(-2) as [number, number];
}
