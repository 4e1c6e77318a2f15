/** @file Matrices that are constant along their diagonals, and sums along diagonals, without any lookup. */
import { mul } from '../ops/elementwise/binary';
import { sum } from '../ops/reduce/reduce';
import { expand } from '../ops/shape/expand';
import { reshape } from '../ops/shape/reshape';
import { flip, pad, slice } from '../ops/shape/slice';
import type { Tensor } from '../types';
import { constantOnce } from './pieces';

/** 1 where token j ≤ i may show in output i. */
const seen = (Q: number): Tensor =>
  constantOnce('seen', [Q, Q], (index) => Number(Math.floor(index / Q) <= index % Q));

/** (H, Q) → (H, Q, Q), T[j, i] = K[i - j]: rows of Q + 1 read as rows of Q, so that each is shifted by one. */
export function toeplitz(kernel: Tensor): Tensor {
  const [H, Q] = kernel.shape as [number, number];
  const repeated = expand(reshape(pad(kernel, 1, 0, 1), [H, 1, Q + 1]), [H, Q, Q + 1]);
  const shifted = slice(reshape(repeated, [H, Q * (Q + 1)]), 1, 0, Q * Q);
  return mul(reshape(shifted, [H, Q, Q]), seen(Q));
}

/** The adjoint of `toeplitz`: sums along the diagonals. */
export function diagonals(matrix: Tensor): Tensor {
  const [H, Q] = matrix.shape as [number, number, number];
  const flat = pad(reshape(mul(matrix, seen(Q)), [H, Q * Q]), 1, 0, Q);
  return slice(sum(reshape(flat, [H, Q, Q + 1]), [1]), 1, 0, Q);
}

/**
 * A filter of at most Q taps (H, taps) over two chunks, for outputs of the second: (H, Q, 2 Q),
 * B[i, m] = K[Q + i - m], which is zero where the filter does not reach.
 */
export function band(kernel: Tensor, Q: number): Tensor {
  const [H, taps] = kernel.shape as [number, number];
  const row = pad(flip(kernel, 1), 1, Q + 1 - taps, Q);
  const repeated = expand(reshape(row, [H, 1, 2 * Q + 1]), [H, Q, 2 * Q + 1]);
  return reshape(slice(reshape(repeated, [H, Q * (2 * Q + 1)]), 1, 0, 2 * Q * Q), [H, Q, 2 * Q]);
}

/** The adjoint of `band`, for so many taps. */
export function bandSums(matrix: Tensor, taps: number): Tensor {
  const [H, Q] = matrix.shape as [number, number, number];
  const flat = pad(reshape(matrix, [H, 2 * Q * Q]), 1, 0, Q);
  const row = sum(reshape(flat, [H, Q, 2 * Q + 1]), [1]);
  return flip(slice(row, 1, Q + 1 - taps, Q + 1), 1);
}
