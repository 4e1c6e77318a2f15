/**
 * @file The matrix of a Mamba-3 head with one input: a trapezoidal step lets a token be written by itself and by the
 * step after it, M[i,j] = exp(Σ_{k=j+1..i} Δₖ Aₖ) (Cᵢ · Bⱼ) (λⱼ Δⱼ + (1 − λ_{j+1}) Δ_{j+1}) below the diagonal,
 * λᵢ Δᵢ (Cᵢ · Bᵢ) on it. B and C are those after norm, bias and rotation.
 */

export interface TrapezoidalScan {
  readonly length: number;
  readonly heads: number;
  readonly states: number;
  /** (time, head) each. */
  readonly delta: ArrayLike<number>;
  readonly A: ArrayLike<number>;
  readonly lambda: ArrayLike<number>;
  /** (time, head, state). */
  readonly B: ArrayLike<number>;
  readonly C: ArrayLike<number>;
}

/** (query, key) of one head. */
export function trapezoidal(scan: TrapezoidalScan, head: number): Float64Array {
  const { length, heads, states, delta, A, lambda, B, C } = scan;
  const at = (values: ArrayLike<number>, t: number): number => values[t * heads + head]!;
  const match = (i: number, j: number): number => {
    let sum = 0;
    for (let n = 0; n < states; n++)
      sum += C[(i * heads + head) * states + n]! * B[(j * heads + head) * states + n]!;
    return sum;
  };
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++) {
    out[i * length + i] = at(lambda, i) * at(delta, i) * match(i, i);
    let left = 1;
    for (let j = i - 1; j >= 0; j--) {
      left *= Math.exp(at(delta, j + 1) * at(A, j + 1));
      const written = at(lambda, j) * at(delta, j) + (1 - at(lambda, j + 1)) * at(delta, j + 1);
      out[i * length + j] = left * match(i, j) * written;
    }
  }
  return out;
}
