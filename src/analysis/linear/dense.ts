/** @file Small dense real matrices, row-major: products, symmetric eigenvalues, square roots, the exponential. */

/** a (n, k) · b (k, m) → (n, m). */
export function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  n: number,
  k: number,
  m: number,
): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let l = 0; l < k; l++) {
      const value = a[i * k + l]!;
      if (value === 0) continue;
      for (let j = 0; j < m; j++) out[i * m + j]! += value * b[l * m + j]!;
    }
  }
  return out;
}

/** x (n, k) · weightᵀ, weight (m, k), as every linear layer stores it. */
export function linear(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  n: number,
  k: number,
  m: number,
  bias?: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = bias ? bias[j]! : 0;
      for (let l = 0; l < k; l++) sum += x[i * k + l]! * weight[j * k + l]!;
      out[i * m + j] = sum;
    }
  }
  return out;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations.
 * @returns values descending and vectors as the columns of `V` (n, n)
 */
export function symmetricEigen(a: ArrayLike<number>, n: number): { values: Float64Array; V: Float64Array } {
  const m = Float64Array.from(a);
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let sweep = 0; sweep < 100; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        all += m[i * n + j]! ** 2;
        if (i !== j) off += m[i * n + j]! ** 2;
      }
    if (off <= 1e-32 * all) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) jacobi(m, V, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => m[j * n + j]! - m[i * n + i]!);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) sorted[i * n + to] = V[i * n + from]!;
  });
  return { values: Float64Array.from(order, (i) => m[i * n + i]!), V: sorted };
}

function jacobi(m: Float64Array, V: Float64Array, n: number, p: number, q: number): void {
  const apq = m[p * n + q]!;
  if (apq === 0) return;
  const theta = (m[q * n + q]! - m[p * n + p]!) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(m, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(m, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(V, k * n + p, k * n + q, c, s);
}

function turn(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = m[i]!;
  m[i] = c * x - s * m[j]!;
  m[j] = s * x + c * m[j]!;
}

/** The symmetric square root of a positive semidefinite matrix; eigenvalues below 1e-14 of the largest become 0. */
export function squareRoot(a: ArrayLike<number>, n: number): Float64Array {
  const { values, V } = symmetricEigen(a, n);
  const floor = 1e-14 * Math.max(values[0] ?? 0, 0);
  const scaled = V.map((value, i) => value * Math.sqrt(values[i % n]! > floor ? values[i % n]! : 0));
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) out[i * n + j]! += scaled[i * n + k]! * V[j * n + k]!;
  return out;
}

/** The matrix exponential: Taylor series of a·2⁻ˢ (norm below 1/4), squared s times. */
export function exponential(a: ArrayLike<number>, n: number): Float64Array {
  let norm = 0;
  for (let i = 0; i < n; i++) {
    let row = 0;
    for (let j = 0; j < n; j++) row += Math.abs(a[i * n + j]!);
    norm = Math.max(norm, row);
  }
  const squarings = Math.max(0, Math.ceil(Math.log2(norm * 4 || 1)));
  const small = Float64Array.from(a, (value) => value / 2 ** squarings);
  let out = new Float64Array(n * n);
  let term = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = term[i * n + i] = 1;
  for (let k = 1; k <= 16; k++) {
    term = product(term, small, n, n, n).map((value) => value / k) as Float64Array<ArrayBuffer>;
    out = out.map((value, i) => value + term[i]!) as Float64Array<ArrayBuffer>;
  }
  for (let s = 0; s < squarings; s++) out = product(out, out, n, n, n) as Float64Array<ArrayBuffer>;
  return out;
}
