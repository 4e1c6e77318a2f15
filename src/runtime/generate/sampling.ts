/** @file From one row of logits to one token. */
import type { Random } from '../../util/random';

export interface SamplingOptions {
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only the k likeliest tokens; 0 for all. */
  readonly topK: number;
  /** Only the likeliest tokens that together have this probability. */
  readonly topP: number;
  /** Only tokens with at least this share of the likeliest token's probability. */
  readonly minP?: number;
  /** Divides positive and multiplies negative logits of tokens that occurred (Keskar et al., 2019); 1 does nothing. */
  readonly repetitionPenalty?: number;
}

/** What a token is drawn from, and how likely each was. */
export interface Drawn {
  readonly id: number;
  /** Natural logarithm of its probability under the model, before any cut. */
  readonly logprob: number;
}

/** Lowers what occurred, in place. */
function penalise(logits: Float32Array, history: Iterable<number>, penalty: number): void {
  for (const id of new Set(history)) {
    const value = logits[id]!;
    logits[id] = value > 0 ? value / penalty : value * penalty;
  }
}

/**
 * Draws one token.
 * @param row one row; not changed
 * @param allowed ids below this; rows beyond are padding of the vocabulary
 * @param mask where given, only ids whose entry is not 0
 * @param history tokens so far, for the repetition penalty
 */
export function draw(
  row: Float32Array,
  allowed: number,
  options: SamplingOptions,
  random: Random,
  mask?: Uint8Array,
  history: readonly number[] = [],
): Drawn {
  const { temperature, topK, topP, minP = 0, repetitionPenalty = 1 } = options;
  const logits = row.slice(0, allowed);
  const normaliser = logSumExp(logits);
  if (repetitionPenalty !== 1) penalise(logits, history, repetitionPenalty);
  if (mask) for (let id = 0; id < allowed; id++) if (mask[id] === 0) logits[id] = -Infinity;
  const drawn = (id: number): Drawn => ({ id, logprob: row[id]! - normaliser });
  let best = 0;
  for (let id = 1; id < allowed; id++) if (logits[id]! > logits[best]!) best = id;
  if (temperature === 0) return drawn(best);
  const top = logits[best]!;
  // A token this far below has no weight in double precision, so that most of a vocabulary is never sorted.
  const reach = Math.max(-745 * temperature, minP > 0 ? temperature * Math.log(minP) : -Infinity);
  let kept: number[] = [];
  for (let id = 0; id < allowed; id++) if (logits[id]! - top >= reach) kept.push(id);
  const weight = (id: number): number => Math.exp((logits[id]! - top) / temperature);
  const limited = (topK > 0 && topK < kept.length) || topP < 1;
  if (limited) {
    kept.sort((a, b) => logits[b]! - logits[a]! || a - b);
    if (topK > 0) kept = kept.slice(0, topK);
  }
  const weights = kept.map(weight);
  let total = weights.reduce((sum, value) => sum + value, 0);
  if (topP < 1) {
    let count = 0;
    let mass = 0;
    while (count < kept.length && mass < topP * total) mass += weights[count++]!;
    kept.length = Math.max(1, count);
    total = count === 0 ? weights[0]! : mass;
  }
  let left = random.uniform() * total;
  for (const [index, id] of kept.entries()) {
    left -= weights[index]!;
    if (left < 0) return drawn(id);
  }
  return drawn(kept.at(-1)!);
}

/** The id alone, see `draw`. */
export const sample = (
  logits: Float32Array,
  allowed: number,
  options: SamplingOptions,
  random: Random,
): number => draw(logits, allowed, options, random).id;

export function logSumExp(row: Float32Array): number {
  let top = -Infinity;
  for (const value of row) if (value > top) top = value;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - top);
  return top + Math.log(sum);
}

/** The likeliest tokens of a row with their log-probabilities. */
export function likeliest(row: Float32Array, allowed: number, count: number): Drawn[] {
  const normaliser = logSumExp(row.subarray(0, allowed));
  const found: number[] = [];
  for (let id = 0; id < allowed; id++) {
    if (found.length === count && row[id]! <= row[found.at(-1)!]!) continue;
    let at = found.length;
    while (at > 0 && row[found[at - 1]!]! < row[id]!) at--;
    found.splice(at, 0, id);
    if (found.length > count) found.pop();
  }
  return found.map((id) => ({ id, logprob: row[id]! - normaliser }));
}
