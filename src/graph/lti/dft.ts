/**
 * @file Fourier transforms of real rows as two matrix products (Cooley and Tukey's two factors): t = a n2 + b and
 * k = p + n1 q, so that exp(-2πi t k / F) = exp(-2πi a p / n1) exp(-2πi b (p / F + q / n2)). Of the conjugate halves
 * only p ≤ n1 / 2 is kept. Zeros behind the input cost nothing, and the spectrum stays in the order (p, q), which
 * products of spectra do not mind.
 */
import { add } from '../ops/elementwise/binary';
import { product } from '../ops/matrix/matmul';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import type { Tensor } from '../types';
import type { Complex } from './complex';
import { constantOnce } from './pieces';

/** The factors of a transform of length n1 · n2. */
export interface DftPlan {
  readonly n1: number;
  readonly n2: number;
}

/** Kept values of p. */
export const halfOf = ({ n1 }: DftPlan): number => Math.floor(n1 / 2) + 1;

/** Cosine or sine of 2π i / n, with i reduced exactly. */
const wave = (f: (x: number) => number, i: number, n: number): number => f((2 * Math.PI * (i % n)) / n);

/** cos or -sin of 2π a p / n1 as (P, rows). */
function outer(plan: DftPlan, rows: number, part: keyof Complex): Tensor {
  const { n1 } = plan;
  return constantOnce(`dft ${part} ${n1}`, [halfOf(plan), rows], (i) => {
    const turn = Math.floor(i / rows) * (i % rows);
    return part === 're' ? wave(Math.cos, turn, n1) : -wave(Math.sin, turn, n1);
  });
}

/**
 * The second factor with its twiddle, (P, 2 n2, n2): from [re, im] of one side to the real or imaginary part of the
 * other. Inverse matrices hold the weights too: 1 / F, and 2 where p stands for its conjugate as well.
 */
function inner(plan: DftPlan, part: keyof Complex, inverse: boolean): Tensor {
  const { n1, n2 } = plan;
  const F = n1 * n2;
  const name = `dft ${part}${inverse ? ' inverse' : ''} ${n1}·${n2}`;
  return constantOnce(name, [halfOf(plan), 2 * n2, n2], (index) => {
    const [p, row, column] = [
      Math.floor(index / (2 * n2 * n2)),
      Math.floor(index / n2) % (2 * n2),
      index % n2,
    ];
    const imaginary = row >= n2;
    const [b, q] = inverse ? [column, row % n2] : [row % n2, column];
    const turn = b * (p + n1 * q);
    const sign = inverse ? 1 : -1;
    const weight = inverse ? (p === 0 || 2 * p === n1 ? 1 : 2) / F : 1;
    // (x + i y)(c + i s) = (x c - y s) + i (x s + y c)
    const [c, s] = [wave(Math.cos, turn, F), sign * wave(Math.sin, turn, F)];
    if (part === 're') return weight * (imaginary ? -s : c);
    return weight * (imaginary ? c : s);
  });
}

/** (P, rows, n2) in both parts → both parts of the other side. */
function through(x: Complex, plan: DftPlan, inverse: boolean): Complex {
  const stacked = concat([x.re, x.im], 2);
  return {
    re: product(stacked, inner(plan, 're', inverse), false, false),
    im: product(stacked, inner(plan, 'im', inverse), false, false),
  };
}

/** The spectrum of rows x (rows, length), zeros behind them: (P, rows, n2). */
export function transform(x: Tensor, plan: DftPlan): Complex {
  const { n2 } = plan;
  const [rows, length] = x.shape as [number, number];
  const A = Math.ceil(length / n2);
  const divided = reshape(pad(x, 1, 0, A * n2 - length), [rows, A, n2]);
  const columns = reshape(transpose(divided, [1, 0, 2]), [A, rows * n2]);
  const part = (name: keyof Complex): Tensor =>
    reshape(product(outer(plan, A, name), columns, false, false), [halfOf(plan), rows, n2]);
  return through({ re: part('re'), im: part('im') }, plan, false);
}

/** The first `length` values of the rows with a spectrum (P, rows, n2): (rows, length). */
export function inverseTransform(x: Complex, plan: DftPlan, length: number): Tensor {
  const { n2 } = plan;
  const rows = x.re.shape[1]!;
  const A = Math.ceil(length / n2);
  const halves = through(x, plan, true);
  const part = (name: keyof Complex): Tensor =>
    product(outer(plan, A, name), reshape(halves[name], [halfOf(plan), rows * n2]), true, false);
  const columns = add(part('re'), part('im'));
  const divided = transpose(reshape(columns, [A, rows, n2]), [1, 0, 2]);
  return slice(reshape(divided, [rows, A * n2]), 1, 0, length);
}
