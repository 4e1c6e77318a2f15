/** @file Powers of a matrix on a vector, by squaring: so many columns take the logarithm of so many products. */
import { add, mul } from '../ops/elementwise/binary';
import { matmul } from '../ops/matrix/matmul';
import { concat } from '../ops/shape/concat';
import { unsqueeze } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import type { Tensor } from '../types';

/** [x, M x, M² x, …], `count` columns: (…, d, d) and (…, d) → (…, d, count). */
export function krylov(M: Tensor, x: Tensor, count: number): Tensor {
  const axis = x.shape.length;
  let columns = unsqueeze(x, axis);
  for (let power = M, have = 1; have < count; have *= 2) {
    columns = concat([columns, matmul(power, columns)], axis);
    if (2 * have < count) power = matmul(power, power);
  }
  return slice(columns, axis, 0, count);
}

/** Mⁿ of (…, d, d), n ≥ 1. */
export function matrixPower(M: Tensor, n: number): Tensor {
  let found: Tensor | undefined;
  for (let square = M, bits = n; ; bits >>= 1) {
    if (bits & 1) found = found ? matmul(found, square) : square;
    if (bits <= 1) return found!;
    square = matmul(square, square);
  }
}

/*
 * Of a matrix near the identity, M = I + E, whose powers are I plus a change. E alone keeps the bits of modes that
 * hardly decay: in M they stand beside a one.
 */

/** E of M² */
export const squaredChange = (E: Tensor): Tensor => add(mul(E, 2), matmul(E, E));

/** E of Mⁿ, n ≥ 1. */
export function changePower(E: Tensor, n: number): Tensor {
  let found: Tensor | undefined;
  for (let square = E, bits = n; ; bits >>= 1) {
    if (bits & 1) found = found ? add(add(found, square), matmul(found, square)) : square;
    if (bits <= 1) return found!;
    square = squaredChange(square);
  }
}

/** `krylov` of I + E. */
export function changeKrylov(E: Tensor, x: Tensor, count: number): Tensor {
  const axis = x.shape.length;
  let columns = unsqueeze(x, axis);
  for (let change = E, have = 1; have < count; have *= 2) {
    columns = concat([columns, add(columns, matmul(change, columns))], axis);
    if (2 * have < count) change = squaredChange(change);
  }
  return slice(columns, axis, 0, count);
}
