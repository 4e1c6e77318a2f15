/**
 * @file SSD's operands in chunks of tokens: their layouts, and the decays between tokens of a chunk from exact sums.
 */
import { add, mul, sub } from '../ops/elementwise/binary';
import { exp, floor, neg } from '../ops/elementwise/unary';
import { constant, ones } from '../ops/leaves';
import { product } from '../ops/matrix/matmul';
import { stack } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import { HIDDEN } from '../hidden';
import type { Tensor } from '../types';

export interface Chunked {
  readonly batch: number;
  readonly L: number;
  readonly H: number;
  readonly P: number;
  readonly G: number;
  /** Heads of a group. */
  readonly R: number;
  readonly N: number;
  readonly Q: number;
  readonly chunks: number;
  /** B and C: (batch · chunks, G, Q, N) */
  readonly B: Tensor;
  readonly C: Tensor;
  readonly sums: Sums;
}

/**
 * Σ of the log decay from the chunk's start, the token included, as two addends (batch · chunks, Q, H). The coarse
 * ones are sums of multiples of `GRID`, which have no rounding, and neither have their differences. As one number a
 * sum of -30 would leave an error of 1e-6 in the decay between any two tokens behind it.
 */
interface Sums {
  readonly coarse: Tensor;
  readonly fine: Tensor;
}

/** Sums down to -8192 are exact: 64 tokens that forget everything, exp(-104) being zero. */
const GRID = 2 ** -11;

function sizesOf(inputs: readonly Tensor[], chunkSize: number): Omit<Chunked, 'B' | 'C' | 'sums'> {
  const [X, , B] = inputs as [Tensor, Tensor, Tensor];
  const [batch, L, H, P] = X.shape as [number, number, number, number];
  const [G, N] = B.shape.slice(2) as [number, number];
  const Q = Math.min(chunkSize, L);
  return { batch, L, H, P, G, R: H / G, N, Q, chunks: Math.ceil(L / Q) };
}

/** (batch, L, …) → (batch · chunks, Q, …), zeros behind the end. */
export const inChunks = (x: Tensor, { batch, L, Q, chunks }: Omit<Chunked, 'B' | 'C' | 'sums'>): Tensor =>
  reshape(pad(x, 1, 0, chunks * Q - L), [batch * chunks, Q, ...x.shape.slice(2)]);

/** The inverse of `inChunks`. */
export const inTime = (x: Tensor, { batch, L, Q, chunks }: Chunked): Tensor =>
  slice(reshape(x, [batch, chunks * Q, ...x.shape.slice(2)]), 1, 0, L);

/** 1 where `holds` of row and column, else 0: (Q, Q). */
export const matrix = (Q: number, holds: (row: number, column: number) => boolean): Tensor =>
  constant(
    Float32Array.from({ length: Q * Q }, (_, i) => Number(holds(Math.floor(i / Q), i % Q))),
    [Q, Q],
  );

export function chunked(inputs: readonly Tensor[], chunkSize: number): Chunked {
  const sizes = sizesOf(inputs, chunkSize);
  const [, A, B, C] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const maps = (x: Tensor): Tensor => transpose(inChunks(x, sizes), [0, 2, 1, 3]);
  const sumUp = (x: Tensor): Tensor =>
    product(
      matrix(sizes.Q, (t, from) => from <= t),
      x,
      false,
      false,
    );
  const decay = inChunks(A, sizes);
  const coarse = mul(floor(add(mul(decay, 1 / GRID), 0.5)), GRID);
  return {
    ...sizes,
    B: maps(B),
    C: maps(C),
    sums: { coarse: sumUp(coarse), fine: sumUp(sub(decay, coarse)) },
  };
}

/** Tokens by group: (batch · chunks, Q, H, P) → (batch · chunks, G, Q, R · P); nothing moves in a single group. */
export const grouped = (x: Tensor, { G, R, P }: Chunked): Tensor =>
  transpose(reshape(x, [x.shape[0]!, x.shape[1]!, G, R * P]), [0, 2, 1, 3]);
export const ungrouped = (x: Tensor, { H, P, Q }: Chunked): Tensor =>
  reshape(transpose(x, [0, 2, 1, 3]), [x.shape[0]!, Q, H, P]);

/** Tokens by head: (batch · chunks, Q, H, P) ↔ (batch · chunks, G, R, Q, P). */
export const byHead = (x: Tensor, { G, R, Q, P }: Chunked): Tensor =>
  reshape(transpose(x, [0, 2, 1, 3]), [x.shape[0]!, G, R, Q, P]);
export const fromHeads = (x: Tensor, { H, Q, P }: Chunked): Tensor =>
  transpose(reshape(x, [x.shape[0]!, H, Q, P]), [0, 2, 1, 3]);

/** exp of the decay between two tokens of a chunk, zero for later ones: (batch · chunks, G, R, Q, Q). */
export function within({ sums, G, R, Q }: Chunked): Tensor {
  const { coarse, fine } = sums;
  const one = ones(fine.shape);
  const perHead = (parts: readonly Tensor[]): Tensor =>
    reshape(transpose(stack(parts, 3), [0, 2, 1, 3]), [fine.shape[0]!, G, R, Q, parts.length]);
  // Products add up in order, so that the coarse addends go first.
  const between = product(
    perHead([coarse, one, fine, one]),
    perHead([one, neg(coarse), one, neg(fine)]),
    false,
    true,
  );
  const mask = Float32Array.from({ length: Q * Q }, (_, i) => (i % Q <= Math.floor(i / Q) ? 0 : HIDDEN));
  return exp(add(between, constant(mask, [Q, Q])));
}

/** ⟨C[i], B[j]⟩ of a chunk, (batch · chunks, G, 1, Q, Q): the same for all heads of a group. */
export const scores = ({ B, C, G, Q }: Chunked): Tensor =>
  reshape(product(C, B, false, true), [B.shape[0]!, G, 1, Q, Q]);

/** exp of the decay from the chunk's start to a token, and from a token to the end: (batch · chunks, Q, H, 1). */
export function decays({ sums, Q, H }: Chunked): { fromStart: Tensor; toEnd: Tensor; whole: Tensor } {
  const { coarse, fine } = sums;
  const last = (x: Tensor): Tensor => slice(x, 1, Q - 1, Q);
  const column = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, x.shape[1]!, H, 1]);
  return {
    fromStart: column(exp(add(coarse, fine))),
    toEnd: column(exp(add(sub(last(coarse), coarse), sub(last(fine), fine)))),
    whole: exp(add(last(coarse), last(fine))),
  };
}
