/** @file Parallel coordinates of a sweep: a line per config through its choices to its results. */
import { colourMap, type ColourMap } from '../core/colormap';
import type { Mark, Measure, Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import { inkOf, passes, ranked, type Brushes, type Result, type SweepAxis, type SweepRow } from './axes';

export interface ParallelView {
  readonly target: Result;
  readonly brushes: Brushes;
  readonly hovered?: string | undefined;
  /** An axis on its way to another place: its id and the pointer, px. */
  readonly moving?: { readonly id: string; readonly x: number } | undefined;
}

export interface Parallel {
  readonly scene: Scene;
  /** Pixel of each axis, in the order drawn. */
  readonly axes: readonly { readonly axis: SweepAxis; readonly x: number }[];
  /** Pixels of the bottom and the top of all axes. */
  readonly bottom: number;
  readonly top: number;
  /** The run whose line is nearest to a point, within reach of the pointer. */
  nearest(x: number, y: number): string | undefined;
}

const titleRoom = 44;
const tickRoom = 46;
/** Runs drawn last and thicker. */
const best = 5;
/** Points of a curve between two axes. */
const segments = 20;
const reach = 10;
const lineHeight = 14;

/** Ink stays visible: the lowest used share of the map. */
export const inkFloor = 0.35;

/** Colour of a run by its ink. */
export function inkColour(map: ColourMap, ink: number): string {
  const position = (inkFloor + (1 - inkFloor) * ink) * (map.stops.length - 1);
  return map.stops[Math.min(map.stops.length - 1, Math.round(position))]!;
}

export function drawParallel(
  rows: readonly SweepRow[],
  axes: readonly SweepAxis[],
  view: ParallelView,
  size: { readonly width: number; readonly height: number },
  theme: Theme,
  measure: Measure,
): Parallel {
  const { width, height } = size;
  const bottom = height - 12;
  const side = width < 500 ? 28 : 40;
  const span = axes.length > 1 ? (width - side - tickRoom - side) / (axes.length - 1) : 0;
  // Where titles have no room beside each other, every other one stands a line lower.
  const staggered = axes.some(({ title }) => measure(title, 12, 600) > span - 6);
  const top = titleRoom + (staggered ? lineHeight : 0);
  const xs = axes.map((axis, index) => (view.moving?.id === axis.id ? view.moving.x : side + index * span));
  const y = (place: number): number => bottom + (top - bottom) * place;
  const offsets = spread(rows, axes, view.target);
  const ink = inkOf(rows, view.target);
  const map = colourMap(theme, false);
  const order = ranked(rows, view.target);
  const kept = order.filter((row) => passes(row, axes, view.brushes));
  const isKept = new Set(kept.map(({ key }) => key));
  const bestOf = new Set(kept.slice(0, best).map(({ key }) => key));
  const lines = new Map<string, number[]>();
  const marks: Mark[] = [];

  const trace = (row: SweepRow): number[] => {
    const points: number[] = [];
    let before: { x: number; y: number } | undefined;
    for (const [index, axis] of axes.entries()) {
      const place = axis.place(row);
      if (place === undefined) break;
      const here = { x: xs[index]!, y: y(place) + (offsets.get(axis.id)?.get(row.key) ?? 0) };
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
  };
  const draw = (row: SweepRow): void => {
    const points = trace(row);
    lines.set(row.key, points);
    const own = ink(row);
    const isHovered = row.key === view.hovered;
    const isOut = !isKept.has(row.key);
    const color = isHovered
      ? theme.foreground
      : isOut || own === undefined
        ? theme.axis
        : inkColour(map, own);
    const thick = isHovered ? 3 : bestOf.has(row.key) ? 2 : 1;
    marks.push({
      kind: 'line',
      points,
      stroke: { color, width: thick, opacity: isOut && !isHovered ? 0.35 : 0.9 },
    });
    const missing = axes.findIndex((axis) => axis.place(row) === undefined);
    if (missing > 0 && row.failed) {
      const [x, end] = points.slice(-2) as [number, number];
      marks.push(text('×', x + 7, end + 4, 12, isOut ? theme.secondary : theme.error));
    }
  };
  // From worst to best, so that the best lie on top; what is brushed out below all.
  for (const row of order.filter(({ key }) => !isKept.has(key)).reverse()) draw(row);
  for (const row of kept.toReversed()) if (row.key !== view.hovered) draw(row);
  const hovered = rows.find(({ key }) => key === view.hovered);
  if (hovered) draw(hovered);

  for (const [index, axis] of axes.entries()) {
    const x = xs[index]!;
    const title = {
      y: staggered && index % 2 === 1 ? 16 + lineHeight : 16,
      room: Math.max(40, (staggered ? 2 * span : span) - 6),
    };
    // What stands at the ticks ends before the next axis, and behind the last one at the edge.
    const room = Math.max(24, Math.min(120, index < axes.length - 1 ? span - 10 : width - x - 8));
    drawAxis(marks, axis, x, { top, bottom, title, room }, view, theme, measure);
  }
  const scene: Scene = { width, height, fonts: theme.fonts, marks };
  return {
    scene,
    axes: axes.map((axis, index) => ({ axis, x: xs[index]! })),
    bottom,
    top,
    nearest(x, py) {
      let found: string | undefined;
      let least = reach;
      for (const [key, points] of lines) {
        if (!isKept.has(key)) continue;
        const distance = distanceAt(points, x, py);
        if (distance < least) [least, found] = [distance, key];
      }
      return found;
    },
  };
}

function drawAxis(
  marks: Mark[],
  axis: SweepAxis,
  x: number,
  {
    top,
    bottom,
    title: head,
    room,
  }: {
    top: number;
    bottom: number;
    /** Baseline and longest width of the title. */
    title: { readonly y: number; readonly room: number };
    /** Longest width of a tick's words. */
    room: number;
  },
  view: ParallelView,
  theme: Theme,
  measure: Measure,
): void {
  const isResult = axis.kind === 'result';
  marks.push({
    kind: 'line',
    points: [x, top, x, bottom],
    stroke: { color: theme.axis, width: isResult ? 2 : 1 },
  });
  for (const { at, label } of axis.ticks) {
    const y = bottom + (top - bottom) * at;
    marks.push({ kind: 'line', points: [x - 4, y, x + 4, y], stroke: { color: theme.axis, width: 1 } });
    const wide = Math.min(room, measure(label, 11)) + 4;
    marks.push({
      kind: 'rect',
      x: x + 6,
      y: y - 7,
      width: wide,
      height: 14,
      fill: theme.background,
      opacity: 0.85,
    });
    marks.push({ ...text(label, x + 8, y + 4, 11, theme.foreground), maxWidth: room });
  }
  const brush = view.brushes[axis.id];
  if (brush) {
    const [from, to] = [bottom + (top - bottom) * brush[1], bottom + (top - bottom) * brush[0]];
    marks.push({
      kind: 'rect',
      x: x - 7,
      y: from,
      width: 14,
      height: Math.max(2, to - from),
      fill: theme.focus,
      opacity: 0.28,
    });
    marks.push({
      kind: 'rect',
      x: x - 7,
      y: from,
      width: 14,
      height: Math.max(2, to - from),
      stroke: { color: theme.focus, width: 1.5 },
    });
  }
  const isMoving = view.moving?.id === axis.id;
  const color = isMoving ? theme.focus : theme.foreground;
  const title = {
    ...text(axis.title, x, head.y, 12, color),
    weight: 600 as const,
    anchor: 'middle' as const,
  };
  marks.push({ ...title, maxWidth: head.room });
  if (axis.unit !== '')
    marks.push({
      ...text(axis.unit, x, top - titleRoom + 30, 11, theme.secondary),
      anchor: 'middle' as const,
    });
}

const text = (content: string, x: number, y: number, size: number, color: string) =>
  ({ kind: 'text', text: content, x, y, size, color }) as const;

/** Runs at the same value of a key stand beside each other, the better ones higher. */
function spread(
  rows: readonly SweepRow[],
  axes: readonly SweepAxis[],
  target: Result,
): ReadonlyMap<string, ReadonlyMap<string, number>> {
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
function distanceAt(points: readonly number[], x: number, y: number): number {
  for (let k = 0; k + 3 < points.length; k += 2) {
    const [x0, y0, x1, y1] = points.slice(k, k + 4) as [number, number, number, number];
    if (x < Math.min(x0, x1) || x > Math.max(x0, x1) || x0 === x1) continue;
    return Math.abs(y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) - y);
  }
  return Infinity;
}
