/**
 * @file HiPPO state matrices and their normal-plus-low-rank form, in float64: A = V (Λ - P P*) V*, after
 * "How to Train Your HiPPO" (Gu et al., 2022) and `hippo.py` of state-spaces/s4.
 */
import { eigenHermitian, type ComplexMatrix } from './eigen';

export type Measure = 'legs' | 'legt' | 'fout';

/** Row-major. */
export interface Transition {
  readonly A: Float64Array;
  readonly B: Float64Array;
}

export interface ComplexVector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** One of each pair of conjugate eigenvalues: N/2 of them, imaginary parts ≤ 0 in increasing order. */
export interface NormalForm {
  readonly Lambda: ComplexVector;
  /** V* P, one per rank. */
  readonly P: readonly ComplexVector[];
  /** V* B. */
  readonly B: ComplexVector;
}

const matrix = (N: number, entry: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: N * N }, (_, index) => entry(Math.floor(index / N), index % N));
const vector = (N: number, entry: (i: number) => number): Float64Array =>
  Float64Array.from({ length: N }, (_, i) => entry(i));

const root = (i: number): number => Math.sqrt(2 * i + 1);
/** 1, 0, √2, 0, √2, …: the Fourier basis at the end of its window. */
const fourierEnd = (i: number): number => (i === 0 ? 1 : i % 2 === 0 ? Math.SQRT2 : 0);

/** x' = A x + B u, whose state holds the coefficients of the past under a measure. */
export function transition(measure: Measure, N: number): Transition {
  switch (measure) {
    case 'legs':
      return {
        A: matrix(N, (i, j) => (i > j ? -root(i) * root(j) : i === j ? -(i + 1) : 0)),
        B: vector(N, root),
      };
    case 'legt':
      return {
        A: matrix(N, (i, j) => -0.5 * root(i) * root(j) * (i < j ? (-1) ** (j - i) : 1)),
        B: vector(N, (i) => 0.5 * root(i)),
      };
    case 'fout': {
      // Cosine and sine of one frequency turn into each other; the rest leaves the window.
      const turn = (i: number, j: number): number => {
        if (j === i + 1 && i % 2 === 0) return (-Math.PI * i) / 2;
        return i === j + 1 && j % 2 === 0 ? (Math.PI * j) / 2 : 0;
      };
      return {
        A: matrix(N, (i, j) => turn(i, j) - fourierEnd(i) * fourierEnd(j)),
        B: vector(N, fourierEnd),
      };
    }
  }
}

/** P with A + Σ P Pᵀ normal; ranks beyond what the measure needs are zero. */
export function lowRank(measure: Measure, N: number, rank: number): Float64Array[] {
  const parts: Float64Array[] = {
    legs: [vector(N, (i) => Math.sqrt(i + 0.5))],
    legt: [0, 1].map((parity) => vector(N, (i) => (i % 2 === parity ? 0 : root(i) * Math.SQRT1_2))),
    fout: [vector(N, fourierEnd)],
  }[measure];
  while (parts.length < rank) parts.push(new Float64Array(N));
  return parts;
}

/** The rank that a measure needs. */
export const smallestRank = (measure: Measure): number => (measure === 'legt' ? 2 : 1);

/** V* x for the columns of V that are kept. */
function project(V: ComplexMatrix, kept: readonly number[], x: Float64Array): ComplexVector {
  const N = x.length;
  const along = (part: Float64Array, sign: number): Float64Array =>
    Float64Array.from(kept, (column) => {
      let total = 0;
      for (let i = 0; i < N; i++) total += sign * part[i * N + column]! * x[i]!;
      return total;
    });
  return { re: along(V.re, 1), im: along(V.im, -1) };
}

const known = new Map<string, NormalForm>();

/**
 * @param N even
 * @param rank at least `smallestRank`
 */
export function normalForm(measure: Measure, N: number, rank: number): NormalForm {
  const key = `${measure} ${N} ${rank}`;
  let form = known.get(key);
  if (!form) known.set(key, (form = computeNormalForm(measure, N, rank)));
  return form;
}

function computeNormalForm(measure: Measure, N: number, rank: number): NormalForm {
  const { A, B } = transition(measure, N);
  const P = lowRank(measure, N, rank);
  const normal = A.map((value, index) => {
    const [i, j] = [Math.floor(index / N), index % N];
    return P.reduce((total, p) => total + p[i]! * p[j]!, value);
  });
  const diagonal = vector(N, (i) => normal[i * N + i]!);
  const mean = diagonal.reduce((total, value) => total + value, 0) / N;
  // mean · I plus a skew-symmetric S: -i S is Hermitian, and its eigenvalues are the imaginary parts.
  const skew = matrix(N, (i, j) => (i > j ? -normal[i * N + j]! : i < j ? normal[j * N + i]! : 0));
  const { values, vectors } = eigenHermitian({ re: new Float64Array(N * N), im: skew }, N);
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!).slice(0, N / 2);
  const last = order.at(-1)!;
  if (Math.abs(values[last]!) < 1e-4) patchZero(vectors, last, N);
  return {
    Lambda: { re: new Float64Array(N / 2).fill(mean), im: Float64Array.from(order, (i) => values[i]!) },
    P: P.map((p) => project(vectors, order, p)),
    B: project(vectors, order, B),
  };
}

/** Two eigenvalues are zero (Fourier): their eigenvectors are the first two axes, as one conjugate pair. */
function patchZero({ re, im }: ComplexMatrix, column: number, N: number): void {
  for (let i = 0; i < N; i++) re[i * N + column] = im[i * N + column] = 0;
  re[column] = Math.SQRT1_2;
  im[N + column] = Math.SQRT1_2;
}
