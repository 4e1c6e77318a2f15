/** @file Exact entries of a long scan around one cell: what tiles only show the largest of. */
import { mapsAt } from '../../../analysis/scan';
import { scanOf } from '../memory/reach';
import type { Recurrence } from '../recurrence';

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

/** Tokens along each side. */
const SIZE = 48;
/** Channels that a mean is taken over: more are sampled evenly. */
const MOST = 24;

/** @param index channel or head, null for the mean */
export function detailOf(
  scan: Recurrence,
  index: number | null,
  position: number,
  source: number,
): Detail | undefined {
  const own = scanOf(scan);
  if (!own) return undefined;
  const size = Math.min(SIZE, own.length);
  const clamp = (at: number): number => Math.max(0, Math.min(own.length - size, at - Math.floor(size / 2)));
  const [query, key] = [clamp(position), clamp(source)];
  return scan.keep(`detail ${index} ${query} ${key}`, () => {
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
