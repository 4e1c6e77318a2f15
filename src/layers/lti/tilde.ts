/** @file The output map as S4 trains it, C (I - dAᴸ), made once from the drawn C in float64. */
import type { ComplexVector } from './hippo';

export interface DplrValues {
  /** Λ and, per rank, P: M values each. */
  readonly lambda: ComplexVector;
  readonly P: readonly ComplexVector[];
  readonly delta: number;
}

type C = readonly [re: number, im: number];
const times = (a: C, b: C): C => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
const at = (x: ComplexVector, n: number): C => [x.re[n]!, x.im[n]!];

/** Row vectors times dA: c ← c ∘ α + Σ_r 2 Re(c · u_r) w_r, as in the recurrence of the graph. */
function rowStep({ lambda, P, delta }: DplrValues): (c: C[]) => C[] {
  const M = lambda.re.length;
  const E = Array.from({ length: M }, (_, n): C => {
    const [re, im] = [2 / delta - lambda.re[n]!, -lambda.im[n]!];
    const squared = re * re + im * im;
    return [re / squared, -im / squared];
  });
  const w = P.map((p) => E.map((e, n) => times([p.re[n]!, -p.im[n]!], e)));
  const pairSum = (x: readonly C[], y: (n: number) => C): number =>
    x.reduce((total, value, n) => total + 2 * times(value, y(n))[0], 0);
  const X = w.map((row) => P.map((p) => pairSum(row, (n) => at(p, n))));
  const S = inverted(X.map((row, i) => row.map((value, j) => value + Number(i === j))));
  const alpha = E.map((e): C => [(4 / delta) * e[0] - 1, (4 / delta) * e[1]]);
  const u = w.map((_, j) =>
    E.map((e, n): C => {
      const mixed = P.reduce<C>(
        (total, p, i) => [total[0] + p.re[n]! * S[i]![j]!, total[1] + p.im[n]! * S[i]![j]!],
        [0, 0],
      );
      const column = times(e, mixed);
      return [(-4 / delta) * column[0], (-4 / delta) * column[1]];
    }),
  );
  return (c) => {
    const gains = u.map((column) => pairSum(c, (n) => column[n]!));
    return c.map((value, n) => {
      const kept = times(value, alpha[n]!);
      return gains.reduce<C>(
        (total, gain, r) => [total[0] + gain * w[r]![n]![0], total[1] + gain * w[r]![n]![1]],
        kept,
      );
    });
  };
}

function inverted(X: readonly (readonly number[])[]): number[][] {
  if (X.length === 1) return [[1 / X[0]![0]!]];
  const [[a, b], [c, d]] = X as [[number, number], [number, number]];
  const determinant = a * d - b * c;
  return [
    [d / determinant, -b / determinant],
    [-c / determinant, a / determinant],
  ];
}

/** C (I - dAᴸ), where C and the result are M complex values as (re, im) pairs. */
export function tilde(C: Float64Array, model: DplrValues, length: number): Float64Array {
  const M = model.lambda.re.length;
  const step = rowStep(model);
  let row = Array.from({ length: M }, (_, n): [number, number] => [C[2 * n]!, C[2 * n + 1]!]) as C[];
  for (let t = 0; t < length; t++) row = step(row);
  return Float64Array.from(C, (value, i) => value - row[i >> 1]![i % 2]!);
}
