/**
 * @file The discrete recurrence of a DPLR model (bilinear): a diagonal plus as few real combinations of the states
 * as the rank, so that a step costs O(N). dA = -I + (4/Δ)(2/Δ - A)⁻¹, dB = 2 (2/Δ - A)⁻¹ B.
 */
import { add, div, mul, sub } from '../ops/elementwise/binary';
import { neg } from '../ops/elementwise/unary';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { constant } from '../ops/leaves';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { changePower, squaredChange } from './krylov';
import type { Tensor } from '../types';
import type { DplrModel } from './cauchy';
import { both, cadd, cmul, conjugate, creciprocal, creshape, cscale, csub, type Complex } from './complex';

/** x ← α x + Σ_r u_r 2 Re(w_r · x) + dB u; one of each conjugate pair. */
export interface DplrRecurrence {
  /** (H, M) */
  readonly alpha: Complex;
  /** α - 1, which keeps the bits of modes that hardly decay: (H, M). */
  readonly change: Complex;
  /** (rank, H, M) */
  readonly u: Complex;
  readonly w: Complex;
  /** (H, M) */
  readonly dB: Complex;
}

/** Over both of each conjugate pair: 2 Re Σ_n x_n y_n, the last axis kept with extent 1. */
const pairSum = (x: Complex, y: Complex): Tensor =>
  mul(sum(sub(mul(x.re, y.re), mul(x.im, y.im)), [-1], true), 2);

/** The inverse of I + X, X[i][j] of one shape, for rank 1 or 2. */
function invertReal(X: readonly (readonly Tensor[])[]): Tensor[][] {
  const one = X.map((row, i) => row.map((x, j) => (i === j ? add(x, 1) : x)));
  if (one.length === 1) return [[div(1, one[0]![0]!)]];
  const [[a, b], [c, d]] = one as [[Tensor, Tensor], [Tensor, Tensor]];
  const determinant = sub(mul(a, d), mul(b, c));
  return [
    [div(d, determinant), neg(div(b, determinant))],
    [neg(div(c, determinant)), div(a, determinant)],
  ];
}

export function dplrRecurrence({ lambda, P, B, delta }: Omit<DplrModel, 'C'>): DplrRecurrence {
  const [rank, H, M] = P.re.shape as [number, number, number];
  const two = div(2, delta);
  const E = creciprocal({ re: sub(two, lambda.re), im: neg(lambda.im) });
  const ranks = Array.from({ length: rank }, (_, r) =>
    creshape(
      both(P, (part) => slice(part, 0, r, r + 1)),
      [H, M],
    ),
  );
  const EP = ranks.map((p) => cmul(E, p));
  const rows = ranks.map((p) => cmul(conjugate(p), E));
  const S = invertReal(rows.map((row) => ranks.map((p) => pairSum(row, p))));
  // E p S, one column per functional.
  const columns = rows.map((_, j) =>
    EP.map((column, i) => cscale(column, S[i]![j]!)).reduce((total, part) => cadd(total, part)),
  );
  const EB = cmul(E, B);
  const felt = rows.map((row) => pairSum(row, B));
  const dB = columns.reduce((total, column, j) => csub(total, cscale(column, felt[j]!)), EB);
  const four = div(4, delta);
  const stacked = (parts: readonly Complex[]): Complex => ({
    re: reshape(
      concat(
        parts.map(({ re }) => re),
        0,
      ),
      [rank, H, M],
    ),
    im: reshape(
      concat(
        parts.map(({ im }) => im),
        0,
      ),
      [rank, H, M],
    ),
  });
  const change = cmul(cscale(E, 2), lambda);
  return {
    alpha: { re: add(change.re, 1), im: change.im },
    change,
    u: stacked(columns.map((column) => cscale(column, neg(four)))),
    w: stacked(rows),
    dB: cscale(dB, 2),
  };
}

/**
 * One token.
 * @param x (batch, H, M); @param input (batch, H)
 */
export function dplrStep({ alpha, u, w, dB }: DplrRecurrence, x: Complex, input: Tensor): Complex {
  const [rank, H, M] = u.re.shape as [number, number, number];
  const at = (parts: Complex, r: number): Complex =>
    creshape(
      both(parts, (part) => slice(part, 0, r, r + 1)),
      [H, M],
    );
  let next = cadd(cmul(alpha, x), cscale(dB, reshape(input, [...input.shape, 1])));
  for (let r = 0; r < rank; r++) next = cadd(next, cscale(at(u, r), pairSum(at(w, r), x)));
  return next;
}

/** dA on the real and imaginary parts of one of each pair: (H, 2 M, 2 M). */
export const realMatrix = ({ alpha, u, w }: DplrRecurrence): Tensor => ofParts(alpha, u, w);

/** dA - I likewise. */
export const realChange = ({ change, u, w }: DplrRecurrence): Tensor => ofParts(change, u, w);

function ofParts(alpha: Complex, u: Complex, w: Complex): Tensor {
  const [rank, H, M] = u.re.shape as [number, number, number];
  const identity = constant(
    Float32Array.from({ length: M * M }, (_, i) => Number(i % (M + 1) === 0)),
    [M, M],
  );
  const diagonal = (x: Tensor): Tensor => mul(reshape(x, [H, M, 1]), identity);
  const [re, im] = [diagonal(alpha.re), diagonal(alpha.im)];
  let total = concat([concat([re, neg(im)], 2), concat([im, re], 2)], 1);
  for (let r = 0; r < rank; r++) {
    const at = (part: Tensor): Tensor => reshape(slice(part, 0, r, r + 1), [H, M]);
    const column = reshape(concat([at(u.re), at(u.im)], 1), [H, 2 * M, 1]);
    const row = reshape(concat([mul(at(w.re), 2), mul(at(w.im), -2)], 1), [H, 1, 2 * M]);
    total = add(total, product(column, row, false, false));
  }
  return total;
}

/** Steps after which every mode of a usual model has decayed to nothing: e^-Δ/2 each, Δ ≥ 0.001. */
export const HORIZON = 2 ** 18;

/**
 * C from C (I - dAᴸ): Σ_j of C̃ dAᴸʲ, by doubling.
 * @param tilde (kernels, H, M)
 * @param change dA - I, of `realChange`
 * @param horizon steps after which dA has decayed to nothing
 */
export function recoverOutput(tilde: Complex, change: Tensor, length: number, horizon = HORIZON): Complex {
  const [kernels, H, M] = tilde.re.shape as [number, number, number];
  let power = changePower(change, length);
  // One row per kernel, acting on real and imaginary parts.
  const parts = [mul(tilde.re, 2), mul(tilde.im, -2)];
  let row = reshape(concat(parts, 2), [kernels, H, 1, 2 * M]);
  for (let reach = length; ; reach *= 2) {
    row = add(mul(row, 2), product(row, power, false, false));
    if (2 * reach >= Math.max(horizon, 2 * length)) break;
    power = squaredChange(power);
  }
  const half = (from: number, factor: number): Tensor =>
    mul(reshape(slice(row, 3, from, from + M), [kernels, H, M]), factor);
  return { re: half(0, 0.5), im: half(M, -0.5) };
}
