/** @file The part of a sequence that is looked at, in positions: zoomed about one of them, moved, never beyond the ends. */
import type { SequenceLayout } from './layout';

/** From … to (exclusive); not whole while it is being zoomed or moved. */
export type Part = readonly [from: number, to: number];

/** Positions that are never zoomed beyond. */
const SMALLEST = 4;

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** A part that begins there, moved to where there are positions; null is the whole. */
function within(from: number, count: number, length: number): [number, number] | null {
  if (count >= length) return null;
  const start = clamp(from, 0, length - count);
  return [start, start + count];
}

/** What is shown: what was zoomed to, as exactly as that is known, where it has room. */
export function shownPart(zoom: Part | null, layout: SequenceLayout): Part {
  const { from, to } = layout;
  return zoom && Math.round(zoom[1] - zoom[0]) === to - from ? zoom : [from, to];
}

/** Shows `factor` times as many positions, as far as there is room; `at` stays where it is. */
export function zoomedPart(
  [from, to]: Part,
  factor: number,
  at: number,
  length: number,
  room: number,
): [number, number] | null {
  const count = clamp((to - from) * factor, SMALLEST, Math.max(SMALLEST, room));
  return within(at - ((at - from) * count) / (to - from), count, length);
}

export const movedPart = ([from, to]: Part, by: number, length: number): [number, number] | null =>
  within(from + by, to - from, length);

/** Moved so that `at` is in its middle. */
export const partAround = ([from, to]: Part, at: number, length: number): [number, number] | null =>
  within(at + 0.5 - (to - from) / 2, to - from, length);

/** Moved as little as shows a position. */
export const partShowing = ([from, to]: Part, at: number, length: number): [number, number] | null =>
  within(clamp(from, at + 1 - (to - from), at), to - from, length);
