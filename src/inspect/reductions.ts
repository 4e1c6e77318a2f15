/** @file What is left of many matrices: means, contributions to the output, the strongest, and whether they are right. */
import { ownOf, type Mixing } from './mixing';
import { every } from './spec';

/** Mean of |matrix| over the numbers that are picked; all unless given. */
export function meanAbsolute(
  mixing: Mixing,
  length: number,
  picked: readonly number[] = every(mixing.count),
): Float64Array {
  const out = new Float64Array(length * length);
  for (const index of picked) {
    const matrix = mixing.matrix(index);
    for (let i = 0; i < out.length; i++) out[i]! += Math.abs(matrix[i]!) / picked.length;
  }
  return out;
}

/**
 * ‖·‖ over channels of what key j adds to the output at query i, D and gate included: entries that can be compared in
 * size. For attention the mean weight. From the matrices that are picked alone, scaled up to all.
 */
export function contributions(
  mixing: Mixing,
  length: number,
  picked: readonly number[] = every(mixing.count),
): Float64Array {
  const { u, gate, channels, count, D } = mixing;
  if (!u) return meanAbsolute(mixing, length, picked);
  const chosen = new Set(picked);
  const out = new Float64Array(length * length);
  for (let c = 0; c < channels; c++) {
    const own = ownOf(mixing, c);
    if (!chosen.has(own)) continue;
    const matrix = mixing.matrix(own);
    for (let i = 0; i < length; i++) {
      const open = gate ? gate[i * channels + c]! : 1;
      for (let j = 0; j < length; j++) {
        const entry = matrix[i * length + j]! + (i === j ? D[c]! : 0);
        if (entry !== 0) out[i * length + j]! += (entry * u[j * channels + c]! * open) ** 2;
      }
    }
  }
  const scale = count / picked.length;
  return out.map((value) => Math.sqrt(value * scale));
}

/** Channels by the size of their output at the tokens, strongest first, as matrix numbers without repetition. */
export function strongest(mixing: Mixing, tokens: readonly number[]): number[] {
  const { y, gate, channels, count } = mixing;
  if (!y) return every(count);
  const power = new Float64Array(count);
  for (let c = 0; c < channels; c++)
    for (const t of tokens)
      power[ownOf(mixing, c)]! += (y[t * channels + c]! * (gate ? gate[t * channels + c]! : 1)) ** 2;
  return every(count).sort((a, b) => power[b]! - power[a]! || a - b);
}

/** Largest difference between matrix × input + D · x and the layer's output at the tokens, over the largest output there. */
export function residual(mixing: Mixing, length: number, tokens: readonly number[]): number {
  const { u, y, channels, D, start } = mixing;
  if (!u || !y) return 0;
  let most = 0;
  let size = 0;
  for (let c = 0; c < channels; c++) {
    const matrix = mixing.matrix(ownOf(mixing, c));
    for (const i of tokens) {
      let sum = D[c]! * u[i * channels + c]! + (start?.[i * channels + c] ?? 0);
      for (let j = 0; j < length; j++) sum += matrix[i * length + j]! * u[j * channels + c]!;
      most = Math.max(most, Math.abs(sum - y[i * channels + c]!));
      size = Math.max(size, Math.abs(y[i * channels + c]!));
    }
  }
  return size > 0 ? most / size : most;
}
