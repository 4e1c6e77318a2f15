/**
 * @file How many directions activations use, and how alike two layers are: effective rank (Roy & Vetterli 2007),
 * participation ratio, stable rank, CKA (Kornblith et al. 2019, arXiv 1905.00414; unbiased: Nguyen et al. 2021,
 * arXiv 2010.15327), similarity of tokens. X is (tokens, features) row-major; columns are centred first.
 */
import { singularValues } from './linear/svd';

export function centred(X: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const out = Float64Array.from(X);
  for (let j = 0; j < columns; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += out[i * columns + j]! / rows;
    for (let i = 0; i < rows; i++) out[i * columns + j]! -= mean;
  }
  return out;
}

export interface Spectrum {
  /** Descending, of the centred matrix. */
  readonly singularValues: Float64Array;
  /** exp of the entropy of the singular values normalised to sum one. */
  readonly effectiveRank: number;
  /** The same of their squares. */
  readonly effectiveRankEnergy: number;
  /** (Σ s²)² / Σ s⁴ */
  readonly participationRatio: number;
  /** Σ s² / max s² */
  readonly stableRank: number;
}

export function spectrum(X: ArrayLike<number>, rows: number, columns: number): Spectrum {
  const s = singularValues(centred(X, rows, columns), rows, columns);
  const squares = s.map((value) => value * value);
  const total = sum(squares);
  return {
    singularValues: s,
    effectiveRank: exponentialEntropy(s),
    effectiveRankEnergy: exponentialEntropy(squares),
    participationRatio: total > 0 ? total ** 2 / sum(squares.map((value) => value * value)) : 0,
    stableRank: total > 0 ? total / squares[0]! : 0,
  };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

function exponentialEntropy(weights: Float64Array): number {
  const total = sum(weights);
  if (total === 0) return 0;
  let entropy = 0;
  for (const weight of weights) if (weight > 0) entropy -= (weight / total) * Math.log(weight / total);
  return Math.exp(entropy);
}

/** X Xᵀ of the centred matrix (tokens, tokens). */
function gram(X: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const c = centred(X, rows, columns);
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0; k < columns; k++) dot += c[i * columns + k]! * c[j * columns + k]!;
      out[i * rows + j] = out[j * rows + i] = dot;
    }
  }
  return out;
}

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((total, value, i) => total + value * b[i]!, 0);

/** ‖Ycᵀ Xc‖² / (‖Xcᵀ Xc‖ ‖Ycᵀ Yc‖), between 0 and 1. */
export function linearCka(X: ArrayLike<number>, p: number, Y: ArrayLike<number>, q: number): number {
  const rows = X.length / p;
  const K = gram(X, rows, p);
  const L = gram(Y, rows, q);
  return dot(K, L) / Math.sqrt(dot(K, K) * dot(L, L));
}

/** The same with the unbiased HSIC estimator; needs more than three tokens. */
export function unbiasedCka(X: ArrayLike<number>, p: number, Y: ArrayLike<number>, q: number): number {
  const rows = X.length / p;
  const K = gram(X, rows, p);
  const L = gram(Y, rows, q);
  for (let i = 0; i < rows; i++) K[i * rows + i] = L[i * rows + i] = 0;
  return unbiasedHsic(K, L, rows) / Math.sqrt(unbiasedHsic(K, K, rows) * unbiasedHsic(L, L, rows));
}

function unbiasedHsic(K: Float64Array, L: Float64Array, n: number): number {
  const rowSums = (M: Float64Array): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => sum(M.subarray(i * n, (i + 1) * n)));
  const k = rowSums(K);
  const l = rowSums(L);
  return (dot(K, L) + (sum(k) * sum(l)) / ((n - 1) * (n - 2)) - (2 / (n - 2)) * dot(k, l)) / (n * (n - 3));
}

/** Mean cosine between different rows, not centred; 1 means that all tokens point the same way. */
export function meanCosineSimilarity(X: ArrayLike<number>, rows: number, columns: number): number {
  // Σ_{i≠j} uᵢ·uⱼ = ‖Σ uᵢ‖² − Σ ‖uᵢ‖².
  const total = new Float64Array(columns);
  let own = 0;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let k = 0; k < columns; k++) square += X[i * columns + k]! ** 2;
    if (square === 0) continue;
    own++;
    for (let k = 0; k < columns; k++) total[k]! += X[i * columns + k]! / Math.sqrt(square);
  }
  return (dot(total, total) - own) / (rows * (rows - 1));
}
