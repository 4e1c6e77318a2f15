/**
 * @file The quasiseparable matrix of a Hydra head (Hwang et al. 2024, arXiv 2407.09941): below the diagonal the forward
 * scan, shifted by one, above it the backward scan, on it a number of its own per token.
 */
import { hiddenAttention } from './hidden-attention';
import type { Scan } from './scan';

/**
 * @param forward the scan in reading order
 * @param backward the scan of the reversed sequence, in its own (reversed) order of time
 * @param diagonal δ of the head (time)
 * @returns (i, j): row i below the diagonal uses C of i − 1, above it C of i + 1
 */
export function quasiseparable(
  forward: Scan,
  backward: Scan,
  channel: number,
  diagonal: ArrayLike<number>,
): Float64Array {
  const { length } = forward;
  const below = hiddenAttention(forward, channel);
  const above = hiddenAttention(backward, channel);
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++) {
    out[i * length + i] = diagonal[i]!;
    for (let j = 0; j < i; j++) out[i * length + j] = below[(i - 1) * length + j]!;
    for (let j = i + 1; j < length; j++) {
      // Reversed: token i + 1 is the query at length − 2 − i, token j the key at length − 1 − j.
      out[i * length + j] = above[(length - 2 - i) * length + (length - 1 - j)]!;
    }
  }
  return out;
}

/** Values (time, width) in reverse order of time. */
export function reversed(values: ArrayLike<number>, length: number): Float64Array {
  const width = values.length / length;
  return Float64Array.from(
    values,
    (_, i) => values[(length - 1 - Math.floor(i / width)) * width + (i % width)]!,
  );
}
