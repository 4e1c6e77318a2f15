/** @file The line of a config through the axes of parallel coordinates. */
import { ranked, type Result, type SweepAxis, type SweepRow } from './axes';

/** An axis, and its pixel. */
export interface PlacedAxis {
  readonly axis: SweepAxis;
  readonly x: number;
}

/** px that the line of a config is moved by on each axis of a key, by the ids of both. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Points of a curve between two axes. */
const segments = 20;

/**
 * x and y of the points of a line, in turns; as far as the config has values.
 * @param y pixel of a share of the height
 */
export function traceOf(
  row: SweepRow,
  axes: readonly PlacedAxis[],
  offsets: Offsets,
  y: (share: number) => number,
): number[] {
  const points: number[] = [];
  let before: { x: number; y: number } | undefined;
  for (const { axis, x } of axes) {
    const place = axis.place(row);
    if (place === undefined) break;
    const here = { x, y: y(place) + (offsets.get(axis.id)?.get(row.key) ?? 0) };
    if (!before) points.push(here.x, here.y);
    else {
      for (let k = 1; k <= segments; k++) {
        const t = k / segments;
        const ease = t * t * (3 - 2 * t);
        points.push(before.x + (here.x - before.x) * t, before.y + (here.y - before.y) * ease);
      }
    }
    before = here;
  }
  return points;
}

/** Runs at the same value of a key stand beside each other, the better ones higher. */
export function spread(rows: readonly SweepRow[], axes: readonly SweepAxis[], target: Result): Offsets {
  const all = new Map<string, ReadonlyMap<string, number>>();
  const order = ranked(rows, target);
  for (const axis of axes) {
    if (axis.kind !== 'key') continue;
    const places = new Map<number, string[]>();
    for (const row of order) {
      const place = axis.place(row);
      if (place !== undefined) places.set(place, [...(places.get(place) ?? []), row.key]);
    }
    const offsets = new Map<string, number>();
    for (const keys of places.values()) {
      const gap = Math.min(2, 16 / Math.max(1, keys.length - 1));
      keys.forEach((key, index) => offsets.set(key, (index - (keys.length - 1) / 2) * gap));
    }
    all.set(axis.id, offsets);
  }
  return all;
}

/** Vertical distance of a polyline with ascending x to a point; infinite beside it. */
export function distanceAt(points: readonly number[], x: number, y: number): number {
  for (let k = 0; k + 3 < points.length; k += 2) {
    const [x0, y0, x1, y1] = points.slice(k, k + 4) as [number, number, number, number];
    if (x < Math.min(x0, x1) || x > Math.max(x0, x1) || x0 === x1) continue;
    return Math.abs(y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) - y);
  }
  return Infinity;
}
