/** @file Drawing many small integers at once, without allocation per number. */
import type { Random } from '../../util/random';

/**
 * Fills `target[start … start + count - 1]` with uniform integers in [offset, offset + bound). Several come from
 * one random word: its digits in base `bound`, words beyond the last whole multiple rejected, so without bias.
 */
export function fillIntegers(
  random: Random,
  bound: number,
  target: Int32Array,
  start: number,
  count: number,
  offset = 0,
): void {
  if (!Number.isSafeInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`fillIntegers: bound must be in 1 … 2^32, got ${bound}`);
  }
  let digits = 1;
  let range = bound;
  // A sixteenth of the words may be lost to rejection, not more.
  while (range * bound <= 2 ** 28 && digits < 32) {
    range *= bound;
    digits++;
  }
  const limit = 2 ** 32 - (2 ** 32 % range);
  const end = start + count;
  for (let i = start; i < end;) {
    let word = random.uint32();
    if (word >= limit) continue;
    for (let digit = 0; digit < digits && i < end; digit++) {
      const rest = Math.floor(word / bound);
      target[i++] = offset + word - rest * bound;
      word = rest;
    }
  }
}

/**
 * Marks `count` of the first `bound` entries with 1, each choice equally likely (Floyd's algorithm).
 * @param marks at least `bound` entries; cleared first
 */
export function markDistinct(random: Random, count: number, bound: number, marks: Uint8Array): void {
  marks.fill(0, 0, bound);
  for (let j = bound - count; j < bound; j++) {
    const t = random.integer(j + 1);
    marks[marks[t] === 1 ? j : t] = 1;
  }
}
