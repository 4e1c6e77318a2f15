/** @file S4 with dense N × N complex matrices: discretised by solving, its kernel by powers. */
import { type Shape3, type Values } from '../slow';
import { conj, minus, over, pair, plus, scale, times, type C } from './complex';
import { positive, remembered, slowBlock, type Kernels } from './slow-s4';
import type { BlockSizes } from '../../../src/layers/lti/s4-block';

export type Matrix = C[][];

const matrix = (rows: number, columns: number, entry: (i: number, j: number) => C): Matrix =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_unused, j) => entry(i, j)));
export const multiply = (a: Matrix, b: Matrix): Matrix =>
  matrix(a.length, b[0]!.length, (i, j) =>
    a[i]!.reduce<C>((sum, value, k) => plus(sum, times(value, b[k]![j]!)), [0, 0]),
  );

/** x with A x = b, by elimination with the largest pivot. */
export function solve(A: Matrix, b: Matrix): Matrix {
  const rows = A.map((row, i) => [...row, ...b[i]!]);
  const n = A.length;
  for (let k = 0; k < n; k++) {
    const best = rows.slice(k).reduce((top, row, i) => {
      const size = Math.hypot(...row[k]!);
      return size > Math.hypot(...rows[top]![k]!) ? k + i : top;
    }, k);
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = over(rows[i]![k]!, rows[k]![k]!);
      for (let j = k; j < rows[i]!.length; j++) {
        rows[i]![j] = minus(rows[i]![j]!, times(factor, rows[k]![j]!));
      }
    }
  }
  return rows.map((row, i) => row.slice(n).map((value) => over(value, rows[i]![i]!)));
}

interface SlowS4 extends BlockSizes {
  readonly d_state: number;
  readonly n_ssm: number;
  readonly rank: number;
  readonly l_max: number;
  readonly dt_transform: string;
}

/** dA and dB of one channel over [pairs, conjugates]. */
export function discrete(p: Values, r: SlowS4, h: number): { dA: Matrix; dB: Matrix } {
  const M = r.d_state / 2;
  const copy = (h % r.n_ssm) * M;
  const at = (name: string): Float64Array => p[`layer.kernel.${name}`]!;
  const whole = (f: (n: number) => C): C[] => {
    const half = Array.from({ length: M }, (_, n) => f(n));
    return [...half, ...half.map(conj)];
  };
  const dt = positive(at('inv_dt')[h]!, r.dt_transform);
  const lambda = whole((n) => [-Math.exp(at('A_real')[copy + n]!), -at('A_imag')[copy + n]!]);
  const P = Array.from({ length: r.rank }, (_, rank) =>
    whole((n) => pair(at('P'), rank * r.n_ssm * M + copy + n)),
  );
  const B = whole((n) => pair(at('B'), copy + n));
  const N = r.d_state;
  const A = matrix(N, N, (i, j) =>
    P.reduce<C>((total, p2) => minus(total, times(p2[i]!, conj(p2[j]!))), i === j ? lambda[i]! : [0, 0]),
  );
  const eye = (i: number, j: number): C => [Number(i === j), 0];
  const below = matrix(N, N, (i, j) => minus(eye(i, j), scale(A[i]![j]!, dt / 2)));
  const above = matrix(N, N, (i, j) => plus(eye(i, j), scale(A[i]![j]!, dt / 2)));
  return {
    dA: solve(below, above),
    dB: solve(
      below,
      B.map((value) => [scale(value, dt)]),
    ),
  };
}

export function slowS4(x: Float64Array, shape: Shape3, p: Values, r: SlowS4): Float64Array {
  const H = shape[2];
  const M = r.d_state / 2;
  const known = new Map<string, number[]>();
  const row = (kernel: number, h: number): number[] => {
    const { dA, dB } = discrete(p, r, h);
    let power: Matrix = dA.map((_, i) => dA.map((_unused, j): C => [Number(i === j), 0]));
    for (let t = 0; t < r.l_max; t++) power = multiply(power, dA);
    const half = Array.from({ length: M }, (_, n) => pair(p['layer.kernel.C']!, (kernel * H + h) * M + n));
    const tilde = [...half, ...half.map(conj)];
    // C (I - dAᴸ) = C̃, transposed.
    const rest = dA.map((_, i) => dA.map((_unused, j): C => minus([Number(i === j), 0], power[j]![i]!)));
    const C = solve(
      rest,
      tilde.map((value) => [value]),
    );
    const values: number[] = [];
    for (let t = 0, state = dB; t < shape[1]; t++, state = multiply(dA, state)) {
      values.push(C.reduce<C>((sum, [value], n) => plus(sum, times(value!, state[n]![0]!)), [0, 0])[0]);
    }
    return values;
  };
  const kernels: Kernels = (kernel, h, lag) => {
    const key = `${kernel} ${h}`;
    let values = known.get(key);
    if (!values) known.set(key, (values = row(kernel, h)));
    return values[lag]!;
  };
  return slowBlock(x, shape, p, r, remembered(kernels));
}
