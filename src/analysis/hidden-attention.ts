/**
 * @file Hidden attention: the token-mixing matrix that a selective scan implements (Ali, Zimerman, Wolf 2024,
 * arXiv 2403.01590), alpha[i,j] = Δⱼ Σₙ Cᵢ[n] Bⱼ[n] exp(A[n] Σ_{k=j+1..i} Δₖ) for j ≤ i, else 0. Entries are signed and
 * rows do not sum to one; alpha @ u is the scan's output without D.
 */
import { decays, mapsAt, type Decaying, type Scan } from './scan';

/** The matrix of one channel (query, key). O(L²·N/2) products. */
export function hiddenAttention(scan: Scan, channel: number): Float64Array {
  const { length } = scan;
  const keep = decays(scan, channel);
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++) readBack(scan, channel, keep, i, out, i * length);
  return out;
}

/** What the query at i reads, row i of the matrix (key): the recurrence run backwards, without an L² array. */
export function hiddenAttentionRow(scan: Scan, channel: number, i: number): Float64Array {
  const out = new Float64Array(scan.length);
  readBack(scan, channel, decays(scan, channel), i, out, 0);
  return out;
}

function readBack(
  scan: Scan,
  channel: number,
  keep: Float64Array,
  i: number,
  out: Float64Array,
  offset: number,
): void {
  const { channels, states, delta, B, C } = scan;
  const from = mapsAt(scan, i, channel);
  const g = Float64Array.from({ length: states }, (_, n) => C[from + n]!);
  for (let j = i; j >= 0; j--) {
    const at = mapsAt(scan, j, channel);
    let sum = 0;
    for (let n = 0; n < states; n++) {
      sum += g[n]! * B[at + n]!;
      g[n]! *= keep[j * states + n]!;
    }
    out[offset + j] = delta[j * channels + channel]! * sum;
  }
}

/** B and C of a scan. */
export type Maps = Pick<Scan, 'length' | 'channels' | 'groups' | 'states' | 'B' | 'C'>;

/** Cᵢ · Bⱼ of a channel for j ≤ i (query, key), 0 above. */
export function scoresOf(maps: Maps, channel: number): Float64Array {
  const { length, states, B, C } = maps;
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++)
    for (let j = 0; j <= i; j++) {
      const [read, write] = [mapsAt(maps, i, channel), mapsAt(maps, j, channel)];
      for (let n = 0; n < states; n++) out[i * length + j]! += C[read + n]! * B[write + n]!;
    }
  return out;
}

/** exp(A Σ_{k=j+1..i} Δₖ) of a channel whose states all decay alike: the 1-semiseparable mask (query, key). */
export function decayMask(scan: Decaying, channel: number): Float64Array {
  const { length, states } = scan;
  const keep = decays(scan, channel);
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++) {
    let left = 1;
    for (let j = i; j >= 0; j--) {
      out[i * length + j] = left;
      left *= keep[j * states]!;
    }
  }
  return out;
}

/** Mean over channels of |alpha| (query, key); over the named channels only, when given. */
export function meanAbsoluteAttention(scan: Scan, channels?: readonly number[]): Float64Array {
  const chosen = channels ?? Array.from({ length: scan.channels }, (_, channel) => channel);
  const out = new Float64Array(scan.length ** 2);
  for (const channel of chosen) {
    const alpha = hiddenAttention(scan, channel);
    for (let i = 0; i < out.length; i++) out[i]! += Math.abs(alpha[i]!) / chosen.length;
  }
  return out;
}

/** Entropy in nats of every row of |matrix| (rows, columns), normalised to sum one; 0 for an empty row. */
export function rowEntropy(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let total = 0;
    for (let j = 0; j < columns; j++) total += Math.abs(matrix[i * columns + j]!);
    let entropy = 0;
    for (let j = 0; j < (total > 0 ? columns : 0); j++) {
      const share = Math.abs(matrix[i * columns + j]!) / total;
      if (share > 0) entropy -= share * Math.log(share);
    }
    return entropy;
  });
}

/** matrix (rows, columns) @ x (columns, width). */
export { product as apply } from './linear/dense';
