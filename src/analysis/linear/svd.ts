/**
 * @file Singular values and vectors by one-sided Jacobi rotations (Hestenes 1958; Demmel & Veselić 1992): small
 * singular values keep their relative accuracy, which ranks and Hankel values need. For small dense matrices.
 */

export interface Svd {
  /** (rows, rank) row-major, orthonormal columns where the singular value is not zero. */
  readonly U: Float64Array;
  /** Descending, min(rows, columns) of them. */
  readonly s: Float64Array;
  /** (columns, rank) row-major. */
  readonly V: Float64Array;
}

const SWEEPS = 60;

/** @param a (rows, columns) row-major */
export function svd(a: ArrayLike<number>, rows: number, columns: number): Svd {
  if (rows < columns) {
    const flipped = svd(transposed(a, rows, columns), columns, rows);
    return { U: flipped.V, s: flipped.s, V: flipped.U };
  }
  // Columns of the matrix and of V lie contiguously while they are rotated.
  const u = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => a[i * columns + j]!),
  );
  const v = Array.from({ length: columns }, (_, j) => {
    const column = new Float64Array(columns);
    column[j] = 1;
    return column;
  });
  for (let sweep = 0; sweep < SWEEPS; sweep++) if (!rotateAll(u, v)) break;
  const norms = u.map((column) => Math.hypot(...chunkNorms(column)));
  const order = norms.map((_, j) => j).sort((p, q) => norms[q]! - norms[p]!);
  const U = new Float64Array(rows * columns);
  const V = new Float64Array(columns * columns);
  order.forEach((from, to) => {
    const scale = norms[from]! > 0 ? 1 / norms[from]! : 0;
    for (let i = 0; i < rows; i++) U[i * columns + to] = u[from]![i]! * scale;
    for (let i = 0; i < columns; i++) V[i * columns + to] = v[from]![i]!;
  });
  return { U, s: Float64Array.from(order, (j) => norms[j]!), V };
}

/** Singular values alone, descending. */
export const singularValues = (a: ArrayLike<number>, rows: number, columns: number): Float64Array =>
  svd(a, rows, columns).s;

/** One sweep over all pairs of columns; false when nothing was left to rotate. */
function rotateAll(u: Float64Array[], v: Float64Array[]): boolean {
  let rotated = false;
  for (let p = 0; p < u.length - 1; p++) {
    for (let q = p + 1; q < u.length; q++) {
      const a = u[p]!;
      const b = u[q]!;
      let alpha = 0;
      let beta = 0;
      let gamma = 0;
      for (let i = 0; i < a.length; i++) {
        alpha += a[i]! * a[i]!;
        beta += b[i]! * b[i]!;
        gamma += a[i]! * b[i]!;
      }
      if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta) || gamma === 0) continue;
      rotated = true;
      const zeta = (beta - alpha) / (2 * gamma);
      const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + t * t);
      rotate(a, b, c, c * t);
      rotate(v[p]!, v[q]!, c, c * t);
    }
  }
  return rotated;
}

function rotate(a: Float64Array, b: Float64Array, c: number, s: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    a[i] = c * x - s * b[i]!;
    b[i] = s * x + c * b[i]!;
  }
}

/** Partial norms, so that `Math.hypot` never gets too many arguments. */
function chunkNorms(column: Float64Array): number[] {
  const parts: number[] = [];
  for (let i = 0; i < column.length; i += 1024) parts.push(Math.hypot(...column.subarray(i, i + 1024)));
  return parts;
}

export function transposed(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  return out;
}
