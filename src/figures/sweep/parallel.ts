/** @file Parallel coordinates of a sweep: a line per config through its choices to its results. */
import { colourMap } from '../core/colormap';
import type { Mark, Measure, Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import { passes, ranked, type Brushes, type Result, type SweepAxis, type SweepRow } from './axes';
import { axisMarks, titleRoom, type AxisPlace } from './axis-mark';
import { inkColour, inkOf } from './ink';
import { distanceAt, spread, traceOf, type PlacedAxis } from './trace';

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
  readonly axes: readonly PlacedAxis[];
  /** Pixels of the bottom and the top of all axes. */
  readonly bottom: number;
  readonly top: number;
  /** The run whose line is nearest to a point, within reach of the pointer. */
  nearest(x: number, y: number): string | undefined;
}

/** Room behind the last axis for the words at its ticks, px. */
const tickRoom = 46;
/** Configs drawn last and thicker. */
const best = 5;
/** px between the pointer and a line that it means. */
const reach = 10;
const lineHeight = 14;

export function drawParallel(
  rows: readonly SweepRow[],
  axes: readonly SweepAxis[],
  view: ParallelView,
  size: { readonly width: number; readonly height: number },
  theme: Theme,
  measure: Measure,
): Parallel {
  const frame = frameOf(axes, view, size, measure);
  const lines = linesOf(rows, frame, view, theme);
  const marks = [
    ...lines.flatMap((line) => line.marks),
    ...frame.axes.flatMap(({ axis }, index) => {
      const how = { brush: view.brushes[axis.id], isMoving: view.moving?.id === axis.id };
      return axisMarks(axis, frame.placeOf(index), how, theme, measure);
    }),
  ];
  return {
    scene: { ...size, fonts: theme.fonts, marks },
    axes: frame.axes,
    bottom: frame.bottom,
    top: frame.top,
    nearest(x, y) {
      let found: string | undefined;
      let least = reach;
      for (const { key, points, isKept } of lines) {
        if (!isKept) continue;
        const distance = distanceAt(points, x, y);
        if (distance < least) [least, found] = [distance, key];
      }
      return found;
    },
  };
}

/** Where the axes stand. */
interface Frame {
  readonly axes: readonly PlacedAxis[];
  readonly top: number;
  readonly bottom: number;
  placeOf(index: number): AxisPlace;
}

function frameOf(
  axes: readonly SweepAxis[],
  { moving }: ParallelView,
  { width, height }: { readonly width: number; readonly height: number },
  measure: Measure,
): Frame {
  const side = width < 500 ? 28 : 40;
  const span = axes.length > 1 ? (width - side - tickRoom - side) / (axes.length - 1) : 0;
  // Where titles have no room beside each other, every other one stands a line lower.
  const staggered = axes.some(({ title }) => measure(title, 12, 600) > span - 6);
  const top = titleRoom + (staggered ? lineHeight : 0);
  const bottom = height - 12;
  const placed = axes.map((axis, index) => ({
    axis,
    x: moving?.id === axis.id ? moving.x : side + index * span,
  }));
  return {
    axes: placed,
    top,
    bottom,
    placeOf(index) {
      const { x } = placed[index]!;
      const title = {
        y: staggered && index % 2 === 1 ? 16 + lineHeight : 16,
        room: Math.max(40, (staggered ? 2 * span : span) - 6),
      };
      // What stands at the ticks ends before the next axis, and behind the last one at the edge.
      const room = Math.max(24, Math.min(120, index < axes.length - 1 ? span - 10 : width - x - 8));
      return { x, top, bottom, title, room };
    },
  };
}

/** A config as it is drawn. */
interface Line {
  readonly key: string;
  readonly points: readonly number[];
  /** Whether it passes all brushes. */
  readonly isKept: boolean;
  readonly marks: readonly Mark[];
}

/** From worst to best, so that the best lie on top; what is brushed out below all, what is pointed at above all. */
function linesOf(rows: readonly SweepRow[], frame: Frame, view: ParallelView, theme: Theme): Line[] {
  const axes = frame.axes.map(({ axis }) => axis);
  const offsets = spread(rows, axes, view.target);
  const ink = inkOf(rows, view.target);
  const map = colourMap(theme, false);
  const order = ranked(rows, view.target);
  const kept = order.filter((row) => passes(row, axes, view.brushes));
  const isKept = new Set(kept);
  const isBest = new Set(kept.slice(0, best));
  const draw = (row: SweepRow): Line => {
    const points = traceOf(
      row,
      frame.axes,
      offsets,
      (share) => frame.bottom + (frame.top - frame.bottom) * share,
    );
    const own = ink(row);
    const isHovered = row.key === view.hovered;
    const isOut = !isKept.has(row);
    const plain = isOut || own === undefined ? theme.axis : inkColour(map, own);
    const stroke = {
      color: isHovered ? theme.foreground : plain,
      width: isHovered ? 3 : isBest.has(row) ? 2 : 1,
      opacity: isOut && !isHovered ? 0.35 : 0.9,
    };
    const marks: Mark[] = [{ kind: 'line', points, stroke }];
    if (row.failed && axes.findIndex((axis) => axis.place(row) === undefined) > 0)
      marks.push(cross(points, isOut ? theme.secondary : theme.error));
    return { key: row.key, points, isKept: !isOut, marks };
  };
  const below = order.filter((row) => !isKept.has(row) && row.key !== view.hovered);
  const above = kept.filter((row) => row.key !== view.hovered);
  const hovered = rows.filter(({ key }) => key === view.hovered);
  return [...below.reverse(), ...above.reverse(), ...hovered].map(draw);
}

/** Where the line of a config that failed ends. */
function cross(points: readonly number[], color: string): Mark {
  const [x, y] = points.slice(-2) as [number, number];
  return { kind: 'text', text: '×', x: x + 7, y: y + 4, size: 12, color };
}
