/**
 * @file Columns of numbers on their way from thread to thread. Steps, and what is counted with them, are evenly spaced
 * and packed into two numbers: fresh memory is what a million rows cost most.
 */

/** start, start + stride, start + 2·stride … to the last digit. */
interface Spaced {
  readonly start: number;
  readonly stride: number;
}

/** An array fills its buffer and is the receiver's: nobody else writes into it. */
export type PackedColumn = Float64Array<ArrayBuffer> | Spaced;

/** Shorter columns are not worth the look. */
const shortest = 64;

/** @returns values[from … to) as a copy, or as two numbers where these say it all */
export function packColumn(values: Float64Array, from: number, to: number): PackedColumn {
  if (to - from < shortest) return values.slice(from, to);
  const start = values[from] as number;
  const stride = (values[from + 1] as number) - start;
  for (let i = from; i < to; i++)
    if (values[i] !== start + (i - from) * stride) return values.slice(from, to);
  return { start, stride };
}

/** Columns made of two numbers, by these and their length: runs that log alike share them. */
const made = new Map<string, WeakRef<Float64Array<ArrayBuffer>>>();

/** The numbers of a column; not to be written into. */
export function unpackColumn(packed: PackedColumn, count: number): Float64Array<ArrayBuffer> {
  if (packed instanceof Float64Array) return packed;
  const { start, stride } = packed;
  const key = `${start} ${stride} ${count}`;
  let values = made.get(key)?.deref();
  if (!values) {
    values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = start + i * stride;
    for (const [known, kept] of made) if (!kept.deref()) made.delete(known);
    made.set(key, new WeakRef(values));
  }
  return values;
}

/** Buffers of columns, to be handed over instead of copied. */
export const buffersOf = (columns: Readonly<Record<string, PackedColumn>>): ArrayBuffer[] =>
  Object.values(columns).flatMap((column) => (column instanceof Float64Array ? column.buffer : []));
