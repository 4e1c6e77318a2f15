/**
 * @file Gramians of a diagonal state space model, Hankel singular values and balanced truncation (Moore 1981): which
 * directions of the state matter from input to output, and what is lost by keeping k of them. The system has N complex
 * modes and their conjugates; complex values are pairs (re, im).
 */
import { product, squareRoot } from './linear/dense';
import { svd, transposed } from './linear/svd';

export interface DiagonalSystem {
  /** (mode, 2) each. */
  readonly A: ArrayLike<number>;
  readonly B: ArrayLike<number>;
  readonly C: ArrayLike<number>;
}

/** exp(step A) and (exp(step A) − 1)/A · B. */
export function discretise({ A, B, C }: DiagonalSystem, step: number): DiagonalSystem {
  const count = A.length / 2;
  const Ad = new Float64Array(2 * count);
  const Bd = new Float64Array(2 * count);
  for (let n = 0; n < count; n++) {
    const [re, im] = [A[2 * n]!, A[2 * n + 1]!];
    const size = Math.exp(step * re);
    const [x, y] = [size * Math.cos(step * im), size * Math.sin(step * im)];
    Ad[2 * n] = x;
    Ad[2 * n + 1] = y;
    const square = re * re + im * im;
    const [p, q] =
      square === 0 ? [step, 0] : [((x - 1) * re + y * im) / square, (y * re - (x - 1) * im) / square];
    Bd[2 * n] = p * B[2 * n]! - q * B[2 * n + 1]!;
    Bd[2 * n + 1] = p * B[2 * n + 1]! + q * B[2 * n]!;
  }
  return { A: Ad, B: Bd, C };
}

/** The modes followed by their conjugates. */
function doubled(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    out[i] = values[i]!;
    out[values.length + i] = i % 2 === 0 ? values[i]! : -values[i]!;
  }
  return out;
}

/**
 * Both Gramians (2N, 2N, re/im) in the order (modes, conjugate modes).
 * Continuous: Wc = −B_m B̄_n/(A_m + Ā_n), Wo = −C̄_m C_n/(Ā_m + A_n);
 * discrete: Wc = B_m B̄_n/(1 − A_m Ā_n), Wo = C̄_m C_n/(1 − Ā_m A_n).
 */
export function gramians(
  system: DiagonalSystem,
  time: 'continuous' | 'discrete',
): { Wc: Float64Array; Wo: Float64Array } {
  const [A, B, C] = [doubled(system.A), doubled(system.B), doubled(system.C)];
  const n = A.length / 2;
  const Wc = new Float64Array(2 * n * n);
  const Wo = new Float64Array(2 * n * n);
  const entry = (out: Float64Array, v: Float64Array, i: number, j: number, flip: 1 | -1): void => {
    const [x, y] = [A[2 * i]!, flip * A[2 * i + 1]!];
    const [z, w] = [A[2 * j]!, -flip * A[2 * j + 1]!];
    const below = time === 'continuous' ? [-(x + z), -(y + w)] : [1 - (x * z - y * w), -(x * w + y * z)];
    const [p, q] = [v[2 * i]!, flip * v[2 * i + 1]!];
    const [r, s] = [v[2 * j]!, -flip * v[2 * j + 1]!];
    const [re, im] = [p * r - q * s, p * s + q * r];
    const size = below[0]! ** 2 + below[1]! ** 2;
    out[2 * (i * n + j)] = (re * below[0]! + im * below[1]!) / size;
    out[2 * (i * n + j) + 1] = (im * below[0]! - re * below[1]!) / size;
  };
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      entry(Wc, B, i, j, 1);
      entry(Wo, C, i, j, -1);
    }
  return { Wc, Wo };
}

/** A Gramian (2N, 2N, re/im) in the real coordinates √2 Re h, √2 Im h, where it is real and symmetric. */
function realGramian(W: Float64Array): Float64Array {
  const n = Math.sqrt(W.length / 2);
  const N = n / 2;
  // Rows of the unitary map: √2 Re h = (h + h̄)/√2, √2 Im h = −i (h − h̄)/√2.
  const map = (row: number, column: number): readonly [number, number] => {
    if (column % N !== row % N) return [0, 0];
    const half = Math.SQRT1_2;
    return row < N ? [half, 0] : [0, column < N ? -half : half];
  };
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (const p of [i % N, (i % N) + N]) {
        for (const q of [j % N, (j % N) + N]) {
          const [a, b] = map(i, p);
          const [c, d] = map(j, q);
          // Re(T_ip W_pq conj(T_jq)).
          const [x, y] = [a * c + b * d, b * c - a * d];
          sum += x * W[2 * (p * n + q)]! - y * W[2 * (p * n + q) + 1]!;
        }
      }
      out[i * n + j] = sum;
    }
  }
  return out;
}

interface Balanced {
  /** Descending (2N). */
  readonly hankel: Float64Array;
  /** Roots of both Gramians in real coordinates, and the singular vectors of their product. */
  readonly rootC: Float64Array;
  readonly rootO: Float64Array;
  readonly U: Float64Array;
  readonly V: Float64Array;
}

function balance(system: DiagonalSystem, time: 'continuous' | 'discrete'): Balanced {
  const { Wc, Wo } = gramians(system, time);
  const n = Math.sqrt(Wc.length / 2);
  const rootC = squareRoot(realGramian(Wc), n);
  const rootO = squareRoot(realGramian(Wo), n);
  const { U, s, V } = svd(product(rootO, rootC, n, n, n), n, n);
  return { hankel: s, rootC, rootO, U, V };
}

/** √eig(Wc Wo), descending (2N): how much each balanced direction matters from input to output. */
export const hankelSingularValues = (system: DiagonalSystem, time: 'continuous' | 'discrete'): Float64Array =>
  balance(system, time).hankel;

/** √(C Wc C*): the energy of the impulse response. */
export function h2Norm(system: DiagonalSystem, time: 'continuous' | 'discrete'): number {
  const { Wc } = gramians(system, time);
  const C = doubled(system.C);
  const n = C.length / 2;
  let sum = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [C[2 * i]!, C[2 * i + 1]!];
      const [c, d] = [C[2 * j]!, -C[2 * j + 1]!];
      sum += (a * c - b * d) * Wc[2 * (i * n + j)]! - (a * d + b * c) * Wc[2 * (i * n + j) + 1]!;
    }
  return Math.sqrt(sum);
}

/** Smallest k whose leading k values hold at least `share` of their sum. */
export function statesForShare(hankel: ArrayLike<number>, share: number): number {
  let total = 0;
  for (let i = 0; i < hankel.length; i++) total += hankel[i]!;
  let sum = 0;
  for (let k = 0; k < hankel.length; k++) if ((sum += hankel[k]!) >= share * total) return k + 1;
  return hankel.length;
}

/** 2 Σ of the discarded Hankel singular values for k = 1 … 2N − 1 kept states. */
export const truncationBound = (hankel: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: hankel.length - 1 }, (_, i) => {
    let sum = 0;
    for (let k = i + 1; k < hankel.length; k++) sum += hankel[k]!;
    return 2 * sum;
  });

/**
 * Largest difference of the frequency responses of the full and the balanced-truncated discrete system, over `points`
 * equally spaced frequencies in 0 … π, for k = 1 … 2N − 1 kept states.
 */
export function truncationError(system: DiagonalSystem, points: number): Float64Array {
  const { hankel, rootC, rootO, U, V } = balance(system, 'discrete');
  const n = hankel.length;
  const { A, B, C } = realSystem(system);
  return Float64Array.from({ length: n - 1 }, (_, index) => {
    const k = index + 1;
    const scale = (i: number): number => (hankel[i]! > 0 ? 1 / Math.sqrt(hankel[i]!) : 0);
    // T = rootC V Σ^−½ (n, k), its left inverse Σ^−½ Uᵀ rootO (k, n).
    const right = columns(product(rootC, V, n, n, n), n, k, scale);
    const left = transposed(columns(product(rootO, U, n, n, n), n, k, scale), n, k);
    const Ar = product(product(left, A, k, n, n), right, k, n, k);
    const Br = product(left, B, k, n, 1);
    const Cr = product(C, right, 1, n, k);
    let most = 0;
    for (let p = 0; p < points; p++) {
      const omega = (Math.PI * p) / Math.max(1, points - 1);
      const full = response(A, B, C, n, omega);
      const short = response(Ar, Br, Cr, k, omega);
      most = Math.max(most, Math.hypot(full[0] - short[0], full[1] - short[1]));
    }
    return most;
  });
}

function columns(m: Float64Array, n: number, k: number, scale: (i: number) => number): Float64Array {
  const out = new Float64Array(n * k);
  for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) out[i * k + j] = m[i * n + j]! * scale(j);
  return out;
}

/** The system in the real coordinates of `realGramian`. */
function realSystem({ A, B, C }: DiagonalSystem): { A: Float64Array; B: Float64Array; C: Float64Array } {
  const N = A.length / 2;
  const n = 2 * N;
  const out = { A: new Float64Array(n * n), B: new Float64Array(n), C: new Float64Array(n) };
  for (let i = 0; i < N; i++) {
    const [re, im] = [A[2 * i]!, A[2 * i + 1]!];
    out.A[i * n + i] = out.A[(N + i) * n + N + i] = re;
    out.A[i * n + N + i] = -im;
    out.A[(N + i) * n + i] = im;
    out.B[i] = Math.SQRT2 * B[2 * i]!;
    out.B[N + i] = Math.SQRT2 * B[2 * i + 1]!;
    out.C[i] = Math.SQRT2 * C[2 * i]!;
    out.C[N + i] = -Math.SQRT2 * C[2 * i + 1]!;
  }
  return out;
}

/** C (e^{iω} − A)⁻¹ B by Gaussian elimination with pivoting. */
function response(
  A: Float64Array,
  B: Float64Array,
  C: Float64Array,
  n: number,
  omega: number,
): [number, number] {
  const re = new Float64Array(n * (n + 1));
  const im = new Float64Array(n * (n + 1));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) re[i * (n + 1) + j] = -A[i * n + j]!;
    re[i * (n + 1) + i]! += Math.cos(omega);
    im[i * (n + 1) + i] = Math.sin(omega);
    re[i * (n + 1) + n] = B[i]!;
  }
  for (let p = 0; p < n; p++) eliminate(re, im, n, p);
  const out: [number, number] = [0, 0];
  for (let i = 0; i < n; i++) {
    out[0] += C[i]! * re[i * (n + 1) + n]!;
    out[1] += C[i]! * im[i * (n + 1) + n]!;
  }
  return out;
}

function eliminate(re: Float64Array, im: Float64Array, n: number, p: number): void {
  const w = n + 1;
  let best = p;
  const size = (row: number): number => Math.hypot(re[row * w + p]!, im[row * w + p]!);
  for (let row = p + 1; row < n; row++) if (size(row) > size(best)) best = row;
  for (let j = 0; j < w; j++) {
    for (const m of [re, im]) [m[p * w + j], m[best * w + j]] = [m[best * w + j]!, m[p * w + j]!];
  }
  const square = re[p * w + p]! ** 2 + im[p * w + p]! ** 2;
  const [x, y] = [re[p * w + p]! / square, -im[p * w + p]! / square];
  for (let j = 0; j < w; j++) {
    const [a, b] = [re[p * w + j]!, im[p * w + j]!];
    re[p * w + j] = a * x - b * y;
    im[p * w + j] = a * y + b * x;
  }
  for (let row = 0; row < n; row++) {
    if (row === p) continue;
    const [a, b] = [re[row * w + p]!, im[row * w + p]!];
    for (let j = 0; j < w; j++) {
      const [c, d] = [re[p * w + j]!, im[p * w + j]!];
      re[row * w + j]! -= a * c - b * d;
      im[row * w + j]! -= a * d + b * c;
    }
  }
}
