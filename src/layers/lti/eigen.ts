/** @file Eigenvalues of a Hermitian matrix by Jacobi rotations: slow, simple and exact to the last digits. */

/** Row-major, real and imaginary parts apart. */
export interface ComplexMatrix {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

const SWEEPS = 60;

/**
 * @returns eigenvalues in no order, and their eigenvectors as the columns of a unitary matrix
 */
export function eigenHermitian(
  matrix: ComplexMatrix,
  N: number,
): { values: Float64Array; vectors: ComplexMatrix } {
  const a = { re: Float64Array.from(matrix.re), im: Float64Array.from(matrix.im) };
  const v = { re: new Float64Array(N * N), im: new Float64Array(N * N) };
  for (let i = 0; i < N; i++) v.re[i * N + i] = 1;
  const total = a.re.reduce((sum, value, i) => sum + value ** 2 + a.im[i]! ** 2, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let outside = 0;
    for (let p = 0; p < N; p++) {
      for (let q = p + 1; q < N; q++) outside += a.re[p * N + q]! ** 2 + a.im[p * N + q]! ** 2;
    }
    if (outside <= 1e-32 * total) break;
    for (let p = 0; p < N; p++) for (let q = p + 1; q < N; q++) rotate(a, v, p, q, N);
  }
  return { values: Float64Array.from({ length: N }, (_, i) => a.re[i * N + i]!), vectors: v };
}

/** The unitary rotation of axes p and q that makes a[p, q] zero. */
function rotate(a: ComplexMatrix, v: ComplexMatrix, p: number, q: number, N: number): void {
  const [re, im] = [a.re[p * N + q]!, a.im[p * N + q]!];
  const size = Math.hypot(re, im);
  if (size === 0) return;
  const gap = (a.re[q * N + q]! - a.re[p * N + p]!) / (2 * size);
  const t = (gap >= 0 ? 1 : -1) / (Math.abs(gap) + Math.hypot(1, gap));
  const c = 1 / Math.hypot(1, t);
  // s carries the phase of a[p, q].
  const [sRe, sIm] = [(t * c * re) / size, (t * c * im) / size];
  // Columns: x_p ← c x_p - s̄ x_q, x_q ← s x_p + c x_q.
  for (const m of [a, v]) {
    for (let i = 0; i < N; i++) turn(m, i * N + p, i * N + q, c, sRe, sIm);
  }
  // Rows of a by the conjugate.
  for (let j = 0; j < N; j++) turn(a, p * N + j, q * N + j, c, sRe, -sIm);
}

function turn(m: ComplexMatrix, i: number, j: number, c: number, sRe: number, sIm: number): void {
  const [pRe, pIm, qRe, qIm] = [m.re[i]!, m.im[i]!, m.re[j]!, m.im[j]!];
  m.re[i] = c * pRe - (sRe * qRe + sIm * qIm);
  m.im[i] = c * pIm - (sRe * qIm - sIm * qRe);
  m.re[j] = sRe * pRe - sIm * pIm + c * qRe;
  m.im[j] = sRe * pIm + sIm * pRe + c * qIm;
}
