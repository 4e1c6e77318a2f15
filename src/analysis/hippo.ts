/** @file Basis functions e^{tA} B of a state space model: what its state holds of the past (HiPPO, arXiv 2008.07669). */
import { exponential, product } from './linear/dense';

/**
 * e^{tA} B (state, time).
 * @param A (N, N); @param B (N); @param times in units of the continuous system
 */
export function basis(A: ArrayLike<number>, B: ArrayLike<number>, times: ArrayLike<number>): Float64Array {
  const N = B.length;
  const out = new Float64Array(N * times.length);
  for (let k = 0; k < times.length; k++) {
    const scaled = Float64Array.from(A, (value) => value * times[k]!);
    product(exponential(scaled, N), B, N, N, 1).forEach((value, n) => (out[n * times.length + k] = value));
  }
  return out;
}
