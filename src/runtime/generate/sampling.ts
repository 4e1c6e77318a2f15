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
  const weight = (id: number): number => Math.exp((logits[id]! - top) / temperature);
  // A token this far below has no weight in double precision, so that most of a vocabulary is never sorted.
  const reach = Math.max(-745 * temperature, minP > 0 ? temperature * Math.log(minP) : -Infinity);
  let count = 0;
  let total = 0;
  for (let id = 0; id < allowed; id++) {
    if (logits[id]! - top < reach) continue;
    count++;
    total += weight(id);
  }
  const few = topK > 0 && topK < count;
  if (!few && topP >= 1) {
    let left = random.uniform() * total;
    let last = best;
    for (let id = 0; id < allowed; id++) {
      if (logits[id]! - top < reach) continue;
      last = id;
      left -= weight(id);
      if (left < 0) break;
    }
    return drawn(last);
  }
  const kept =
    few && topK <= MOST_INSERTED
      ? largest(logits, allowed, topK)
      : strongest(logits, allowed, top, reach, temperature, (ids) =>
          few ? ids.length >= topK : massOf(ids, weight) >= topP * total,
        );
  if (few) {
    kept.length = topK;
    total = massOf(kept, weight);
  }
  if (topP < 1) {
    let inside = 0;
    let mass = 0;
    while (inside < kept.length && mass < topP * total) mass += weight(kept[inside++]!);
    kept.length = Math.max(1, inside);
    total = inside === 0 ? weight(kept[0]!) : mass;
  }
  let left = random.uniform() * total;
  for (const id of kept) {
    left -= weight(id);
    if (left < 0) return drawn(id);
  }
  return drawn(kept.at(-1)!);
}

const massOf = (ids: readonly number[], weight: (id: number) => number): number =>
  ids.reduce((sum, id) => sum + weight(id), 0);

/** Up to this many the likeliest are kept in order while the vocabulary is passed through once. */
const MOST_INSERTED = 256;
/** How far below the likeliest tokens are looked for at first, in units of the temperature. */
const FIRST_SPAN = 4;

/** The likeliest ids, likeliest first: as many as are enough, so that few of a large vocabulary are sorted. */
function strongest(
  logits: Float32Array,
  allowed: number,
  top: number,
  reach: number,
  temperature: number,
  enough: (ids: readonly number[]) => boolean,
): number[] {
  for (let span = FIRST_SPAN * temperature; ; span *= 2) {
    const floor = Math.max(reach, -span);
    const ids: number[] = [];
    for (let id = 0; id < allowed; id++) if (logits[id]! - top >= floor) ids.push(id);
    if (floor > reach && !enough(ids)) continue;
    return ids.sort((a, b) => logits[b]! - logits[a]! || a - b);
  }
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
  return largest(row, allowed, count).map((id) => ({ id, logprob: row[id]! - normaliser }));
}

/** Ids of the largest values, largest first, of equal ones the first. */
function largest(row: Float32Array, allowed: number, count: number): number[] {
  const found: number[] = [];
  for (let id = 0; id < allowed; id++) {
    if (found.length === count && row[id]! <= row[found.at(-1)!]!) continue;
    let at = found.length;
    while (at > 0 && row[found[at - 1]!]! < row[id]!) at--;
    found.splice(at, 0, id);
    if (found.length > count) found.pop();
  }
  return found;
}
