/**
 * @file The matrix of a scan over several routes of an image, in image positions: M[p,q] = Σₖ Mₖ[inv p, inv q], with
 * every route's D on the diagonal. Padded positions decay but are nobody: their rows and columns are left out.
 */
import { hiddenAttention } from './hidden-attention';
import type { Scan } from './scan';

/**
 * One route's matrix of one channel in raster indices (tokens, tokens).
 * @param order order[t] = token read at position t, −1 for padding
 */
export function routeAttention(
  scan: Scan,
  channel: number,
  order: ArrayLike<number>,
  tokens: number,
  D: number,
): Float64Array {
  const alpha = hiddenAttention(scan, channel);
  const out = new Float64Array(tokens * tokens);
  for (let i = 0; i < scan.length; i++) {
    const p = order[i]!;
    if (p < 0) continue;
    for (let j = 0; j <= i; j++) {
      const q = order[j]!;
      if (q >= 0) out[p * tokens + q]! += alpha[i * scan.length + j]! + (i === j ? D : 0);
    }
  }
  return out;
}

/** Mean of a matrix over all pairs of tokens at city-block distance t = 0 … rows + columns − 2. */
export function distanceProfile(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const tokens = rows * columns;
  const sum = new Float64Array(rows + columns - 1);
  const count = new Float64Array(rows + columns - 1);
  for (let p = 0; p < tokens; p++) {
    for (let q = 0; q < tokens; q++) {
      const distance =
        Math.abs(Math.floor(p / columns) - Math.floor(q / columns)) + Math.abs((p % columns) - (q % columns));
      sum[distance]! += matrix[p * tokens + q]!;
      count[distance]!++;
    }
  }
  return sum.map((value, t) => value / count[t]!);
}

/** Order-free mixing of VSSD: M[p,q] = a Δ_q (C_p · B_q), D on the diagonal (tokens, tokens). */
export function orderFree(parts: {
  readonly tokens: number;
  readonly states: number;
  readonly a: number;
  readonly D: number;
  /** (token) */
  readonly delta: ArrayLike<number>;
  /** (token, state) */
  readonly B: ArrayLike<number>;
  readonly C: ArrayLike<number>;
}): Float64Array {
  const { tokens, states, a, D, delta, B, C } = parts;
  const out = new Float64Array(tokens * tokens);
  for (let p = 0; p < tokens; p++) {
    for (let q = 0; q < tokens; q++) {
      let match = 0;
      for (let n = 0; n < states; n++) match += C[p * states + n]! * B[q * states + n]!;
      out[p * tokens + q] = a * delta[q]! * match + (p === q ? D : 0);
    }
  }
  return out;
}
