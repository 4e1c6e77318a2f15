/**
 * @file HiPPO transition matrices and their basis functions e^{tA} B (Gu et al. 2020, arXiv 2008.07669; as in
 * `transition` of state-spaces/s4 at e757cef): what a state holds of the past.
 */
import { exponential, product } from './linear/dense';

export type Measure = 'legs' | 'legt' | 'fout';
export const measures: readonly Measure[] = ['legs', 'legt', 'fout'];

/** A (N, N) and B (N) of a measure. */
export function transition(measure: Measure, N: number): { A: Float64Array; B: Float64Array } {
  const A = new Float64Array(N * N);
  const B = new Float64Array(N);
  const root = (n: number): number => Math.sqrt(2 * n + 1);
  for (let i = 0; i < N; i++) {
    if (measure === 'fout') B[i] = i === 0 ? 1 : i % 2 === 0 ? Math.SQRT2 : 0;
    // The sliding window of LegT has length one, which halves the matrices.
    else B[i] = measure === 'legt' ? root(i) / 2 : root(i);
  }
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      if (measure === 'legs') A[i * N + j] = i > j ? -root(i) * root(j) : i === j ? -(i + 1) : 0;
      else if (measure === 'legt')
        A[i * N + j] = (-root(i) * root(j) * (i < j && (j - i) % 2 === 1 ? -1 : 1)) / 2;
      else A[i * N + j] = Math.PI * turn(i, j) - B[i]! * B[j]!;
    }
  }
  return { A, B };
}

/** Rotation between the sine and the cosine of one frequency. */
function turn(i: number, j: number): number {
  const low = Math.min(i, j);
  if (Math.abs(i - j) !== 1 || low % 2 === 1) return 0;
  return i < j ? -low / 2 : low / 2;
}

/** e^{tA} B (state, time) at the times of the continuous system. */
export function basis(measure: Measure, N: number, times: ArrayLike<number>): Float64Array {
  const { A, B } = transition(measure, N);
  const out = new Float64Array(N * times.length);
  for (let k = 0; k < times.length; k++) {
    const scaled = A.map((value) => value * times[k]!);
    product(exponential(scaled, N), B, N, N, 1).forEach((value, n) => (out[n * times.length + k] = value));
  }
  return out;
}
