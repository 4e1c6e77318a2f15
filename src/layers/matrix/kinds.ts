/**
 * @file Matrices that mix positions, one per head, after goombalab/hydra (hydra/modules/matrix_mixers at 55bef74):
 * dense, Toeplitz, Vandermonde, Cauchy, low rank and softmax attention; from the data or learned per position.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { hidePadding } from '../attention/softmax';
import type { Tensors } from '../define';

export type DenseKind = 'dense' | 'toeplitz' | 'vandermonde' | 'cauchy' | 'low_rank' | 'attention';

export interface MatrixSizes {
  readonly nheads: number;
  readonly qk_dim: number;
  readonly max_seq_len: number;
  readonly toeplitz_index: 'released' | 'intended';
}

/** What the data select, by (batch, head, time, …); absent where the matrix is learned. */
export interface Selection {
  readonly q: Tensor;
  readonly k: Tensor;
}

/** Slows the angles of the Vandermonde matrix down; the authors' constant. */
const SLOW = 1e-3;
/** Added to the denominators of the Cauchy matrix. */
const TOLERANCE = 1e-8;

/** Factor of the matrix, so that its rows are of order one at the start. */
export function scaleOf(kind: DenseKind, r: MatrixSizes, data: boolean): number {
  const { max_seq_len: length, qk_dim } = r;
  if (kind === 'attention') return 1;
  if (kind === 'toeplitz') return 0.5 / Math.sqrt(length);
  if (kind === 'dense' || (kind === 'vandermonde' && !data)) return 1 / Math.sqrt(length);
  return 1 / Math.sqrt((kind === 'vandermonde' ? 2 : 1) * length * qk_dim);
}

/**
 * (batch or 1, head, output position, input position), without the scale.
 * @param real 0 for padding (batch, time), which attention does not look at, and where taps of the release end; the others
 *   see its values, which are zero
 * @param selection q and k (batch, head, time, qk_dim); for Toeplitz the taps forwards and backwards (batch, head, time)
 */
export function matrixOf(
  kind: DenseKind,
  length: number,
  selection: Selection | undefined,
  p: Tensors,
  r: MatrixSizes,
  real?: Tensor,
): Tensor {
  if (kind === 'dense') return g.unsqueeze(corner(p['matrix_mixer.M']!, length, [1, 2]), 0);
  if (kind === 'toeplitz') return toeplitz(length, selection && beforePadding(selection, r, real), p, r);
  if (kind === 'vandermonde' && !selection) return cosines(length, r.max_seq_len);
  const { q, k } = selection ?? learned(length, p);
  const transposed = g.transpose(k, [0, 1, 3, 2]);
  switch (kind) {
    case 'low_rank':
      return g.matmul(q, transposed);
    case 'attention':
      return g.softmax(hidePadding(g.mul(g.matmul(q, transposed), 1 / Math.sqrt(r.qk_dim)), real), 3);
    case 'vandermonde':
      return vandermonde(q, k, length);
    case 'cauchy': {
      const shift = p['matrix_mixer.bias'];
      const sum = g.add(g.unsqueeze(g.exp(q), 3), g.unsqueeze(g.exp(k), 2));
      const biased = shift ? g.add(sum, g.mul(shift, 2)) : sum;
      return g.sum(g.reciprocal(g.add(biased, TOLERANCE)), [4]);
    }
  }
}

/** The first `length` places along each of the axes. */
const corner = (x: Tensor, length: number, axes: readonly number[]): Tensor =>
  axes.reduce((part, axis) => g.slice(part, axis, 0, length), x);

/** Learned queries and keys per position, (1, head, time, qk_dim). */
function learned(length: number, p: Tensors): Selection {
  const rows = (name: string): Tensor =>
    g.unsqueeze(g.transpose(corner(p[`matrix_mixer.${name}`]!, length, [0]), [1, 0, 2]), 0);
  return { q: rows('q_matrix'), k: rows('k_matrix') };
}

/** Σ_d cos(2πε q_id j) − cos(2πε k_jd i). */
function vandermonde(q: Tensor, k: Tensor, length: number): Tensor {
  const steps = g.mul(g.cast(g.iota(length), 'float32'), 2 * Math.PI * SLOW);
  const column = g.reshape(steps, [length, 1]);
  const rows = g.cos(g.mul(g.unsqueeze(q, 3), column));
  const columns = g.cos(g.mul(g.unsqueeze(k, 2), g.unsqueeze(column, 1)));
  return g.sum(g.sub(rows, columns), [4]);
}

/** The cosine part of the discrete Fourier transform: fixed, nothing is learned. */
function cosines(length: number, period: number): Tensor {
  const values = Float32Array.from({ length: length * length }, (_, i) => {
    // The product of the places modulo the period keeps the angle's bits.
    return Math.cos((2 * Math.PI * ((Math.floor(i / length) * (i % length)) % period)) / period);
  });
  return g.constant(values, [1, 1, length, length]);
}

/**
 * The released reading of taps (batch, head, time) as if the example ended with its last token: there its last tap forwards
 * is the outermost backwards, around the end.
 */
function beforePadding(taps: Selection, r: MatrixSizes, real: Tensor | undefined): Selection {
  if (!real || r.toeplitz_index !== 'released') return taps;
  const later = (x: Tensor): Tensor =>
    g.pad(g.slice(x, x.shape.length - 1, 0, x.shape.at(-1)! - 1), x.shape.length - 1, 1, 0);
  const isFirst = g.unsqueeze(g.greater(g.sub(later(real), real), 0.5), 1);
  return { q: g.where(isFirst, later(taps.k), taps.q), k: taps.k };
}

/** Taps [backwards L−1 … 1, forwards 0 … L−1] at a place that depends on i − j alone. */
function toeplitz(length: number, taps: Selection | undefined, p: Tensors, r: MatrixSizes): Tensor {
  const half = taps ? length : r.max_seq_len;
  const all = taps
    ? g.concat([g.flip(g.slice(taps.k, 2, 1, length), 2), taps.q], 2)
    : g.unsqueeze(p['matrix_mixer.conv_params']!, 0);
  const count = 2 * half - 1;
  const places = Int32Array.from({ length: length * length }, (_, i) => {
    const ahead = Math.floor(i / length) - (i % length);
    // The release reads one place further on than the taps are written.
    return r.toeplitz_index === 'released' ? (ahead + half) % count : ahead + half - 1;
  });
  return g.gather(all, g.constant(places, [length, length]), 2);
}
