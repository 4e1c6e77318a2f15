/** @file The square part of a matrix that is looked at, in positions: zoomed, moved, never beyond the edges. */

export interface Window {
  /** First query (down) and first key (across); not whole while it is being zoomed. */
  readonly query: number;
  readonly key: number;
  /** Positions along each side. */
  readonly size: number;
}

/** Positions that are never zoomed beyond. */
const SMALLEST = 4;

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** The window within a sequence; undefined when it shows all of it. */
export function within({ query, key, size }: Window, length: number): Window | undefined {
  const extent = Math.max(Math.min(SMALLEST, length), size);
  if (!(extent < length)) return undefined;
  return { query: clamp(query, 0, length - extent), key: clamp(key, 0, length - extent), size: extent };
}

const whole = (length: number): Window => ({ query: 0, key: 0, size: length });

/** Shows `factor` times as many positions; what lies at `at` stays where it is. */
export function zoomed(
  window: Window | null,
  length: number,
  factor: number,
  at: { readonly query: number; readonly key: number },
): Window | undefined {
  const from = window ?? whole(length);
  const size = clamp(from.size * factor, Math.min(SMALLEST, length), length);
  const real = size / from.size;
  return within(
    { query: at.query - (at.query - from.query) * real, key: at.key - (at.key - from.key) * real, size },
    length,
  );
}

export const moved = (window: Window, length: number, queries: number, keys: number): Window | undefined =>
  within({ ...window, query: window.query + queries, key: window.key + keys }, length);

/** Moved as little as shows a cell. */
export const showing = (window: Window, length: number, query: number, key: number): Window | undefined =>
  within(
    {
      size: window.size,
      query: clamp(window.query, query + 1 - window.size, query),
      key: clamp(window.key, key + 1 - window.size, key),
    },
    length,
  );
