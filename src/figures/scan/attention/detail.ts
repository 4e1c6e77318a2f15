/** @file Exact entries of a part of a long scan: what tiles only show the largest of. */
import { mapsAt } from '../../../analysis/scan';
import { scanOf } from '../memory/reach';
import type { Recurrence } from '../recurrence';
import type { Window } from './window';

export interface Detail {
  /** First query and first key, and how many of each. */
  readonly query: number;
  readonly key: number;
  readonly size: number;
  /** (query, key), signed for one channel, mean of |·| over several. */
  readonly data: Float64Array;
  readonly signed: boolean;
  readonly channels: number;
}

/** Tokens along each side around a cell, and at most. */
const AROUND = 48;
export const EXACT = 128;
/** Channels that a mean is taken over: more are sampled evenly. */
const MOST = 24;

/** The part around a cell. */
export const around = (position: number, source: number): Window => ({
  query: position - AROUND / 2,
  key: source - AROUND / 2,
  size: AROUND,
});

/** @param index channel or head, null for the mean */
export function detailOf(scan: Recurrence, index: number | null, window: Window): Detail | undefined {
  const own = scanOf(scan);
  if (!own) return undefined;
  const size = Math.min(Math.round(window.size), own.length);
  const clamp = (at: number): number => Math.max(0, Math.min(own.length - size, Math.floor(at)));
  const [query, key] = [clamp(window.query), clamp(window.key)];
  return scan.keep(`detail ${index} ${query} ${key} ${size}`, () => {
    const step = Math.max(1, Math.ceil(own.channels / MOST));
    const chosen =
      index === null
        ? Array.from({ length: Math.ceil(own.channels / step) }, (_, k) => k * step)
        : [Math.min(own.channels - 1, index)];
    const data = new Float64Array(size * size);
    for (const channel of chosen)
      rowsOf(own, channel, query, key, size, (at, entry) => {
        data[at]! += index === null ? Math.abs(entry) / chosen.length : entry;
      });
    return { query, key, size, data, signed: index !== null, channels: chosen.length };
  });
}

/** Entries of queries query … and keys key …, by the recurrence run backwards from each query. */
function rowsOf(
  own: NonNullable<ReturnType<typeof scanOf>>,
  channel: number,
  query: number,
  key: number,
  size: number,
  take: (at: number, entry: number) => void,
): void {
  const { channels, states, delta, A, B, C } = own;
  const g = new Float64Array(states);
  for (let i = query; i < query + size; i++) {
    const from = mapsAt(own, i, channel);
    for (let n = 0; n < states; n++) g[n] = C[from + n]!;
    for (let j = i; j >= key; j--) {
      const step = delta[j * channels + channel]!;
      if (j < key + size) {
        const at = mapsAt(own, j, channel);
        let sum = 0;
        for (let n = 0; n < states; n++) sum += g[n]! * B[at + n]!;
        take((i - query) * size + (j - key), step * sum);
      }
      for (let n = 0; n < states; n++) g[n]! *= Math.exp(step * A[channel * states + n]!);
    }
  }
}
