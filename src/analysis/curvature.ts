/**
 * @file Diagnostics of training: the slice of the loss along a filter-normalised direction (Li et al. 2018,
 * arXiv 1712.09913), and the Hessian's largest eigenvalue (sharpness; Cohen et al. 2021, arXiv 2103.00065) by Lanczos.
 * Plain power iteration finds the eigenvalue of largest size, which may be negative; sharpness is the largest one.
 */
import { symmetricEigen } from './linear/dense';
import { norm } from './statistics';

/** d · ‖w‖ / ‖d‖ per output row, the first axis; vectors and what the authors leave out stay at zero. */
export function filterNormalised(
  direction: ArrayLike<number>,
  weight: ArrayLike<number>,
  rows: number,
): Float64Array {
  const width = weight.length / rows;
  const out = new Float64Array(weight.length);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * width, (row + 1) * width];
    const size = norm(direction, from, to);
    const scale = size > 0 ? norm(weight, from, to) / size : 0;
    for (let i = from; i < to; i++) out[i] = direction[i]! * scale;
  }
  return out;
}

/** H · v, where `gradient` gives ∇L at a point: central differences in float64. */
export function hessianTimes(
  gradient: (point: Float64Array) => Float64Array,
  at: Float64Array,
  v: Float64Array,
): Float64Array {
  const size = norm(v);
  if (size === 0) return new Float64Array(v.length);
  const step = (1e-4 * Math.max(1, norm(at) / Math.sqrt(at.length))) / size;
  const ahead = gradient(at.map((value, i) => value + step * v[i]!));
  const behind = gradient(at.map((value, i) => value - step * v[i]!));
  return ahead.map((value, i) => (value - behind[i]!) / (2 * step));
}

/**
 * Largest eigenvalue of a symmetric operator by Lanczos with full reorthogonalisation.
 * @param steps Krylov dimension at most; it stops when the value no longer moves
 */
export function largestEigenvalue(
  times: (v: Float64Array) => Float64Array,
  start: Float64Array,
  steps: number,
): number {
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const off: number[] = [];
  let v = start.map((value) => value / norm(start));
  let found = -Infinity;
  for (let k = 0; k < Math.min(steps, start.length); k++) {
    basis.push(v);
    const w = times(v);
    diagonal.push(dot(v, w));
    for (let pass = 0; pass < 2; pass++)
      for (const b of basis) {
        const along = dot(b, w);
        for (let i = 0; i < w.length; i++) w[i]! -= along * b[i]!;
      }
    const size = norm(w);
    const n = diagonal.length;
    const T = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      T[i * n + i] = diagonal[i]!;
      if (i + 1 < n) T[i * n + i + 1] = T[(i + 1) * n + i] = off[i]!;
    }
    const next = symmetricEigen(T, n).values[0]!;
    const still = Math.abs(next - found) <= 1e-9 * Math.abs(next);
    found = next;
    if (size <= 1e-12 * Math.abs(found) || (still && k > 4)) break;
    off.push(size);
    v = w.map((value) => value / size);
  }
  return found;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
