/** @file Powers of a matrix on a vector, by squaring: so many columns take the logarithm of so many products. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/** [x, M x, M² x, …], `count` columns: (…, d, d) and (…, d) → (…, d, count). */
export function krylov(M: Tensor, x: Tensor, count: number): Tensor {
  const axis = x.shape.length;
  let columns = g.unsqueeze(x, axis);
  for (let power = M, have = 1; have < count; have *= 2) {
    columns = g.concat([columns, g.matmul(power, columns)], axis);
    if (2 * have < count) power = g.matmul(power, power);
  }
  return g.slice(columns, axis, 0, count);
}

/** Mⁿ of (…, d, d), n ≥ 1. */
export function matrixPower(M: Tensor, n: number): Tensor {
  let found: Tensor | undefined;
  for (let square = M, bits = n; ; bits >>= 1) {
    if (bits & 1) found = found ? g.matmul(found, square) : square;
    if (bits <= 1) return found!;
    square = g.matmul(square, square);
  }
}
