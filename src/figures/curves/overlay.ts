/** @file What moves with the pointer: cursor, markers on the lines, end labels with their values, zoom box. */
import type { Mark, Measure, Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import { clipOf, type Chart } from './chart';
import { drawGutter } from './gutter';
import { cursorText } from './readout';

/** Of y nothing where the whole height is meant. */
interface ZoomBox {
  readonly x0: number;
  readonly x1: number;
  readonly y0?: number;
  readonly y1?: number;
}

export interface OverlayView {
  /** Position on the x axis, undefined without a cursor. */
  readonly cursor: number | undefined;
  readonly pinned: boolean;
  /** Group whose line is nearest or whose row is hovered. */
  readonly hovered: string | undefined;
  /** Drag in progress, px. */
  readonly drag?: ZoomBox | undefined;
}

/** Group nearest to a point within 24 px vertically, for highlighting. */
export function nearestGroup(chart: Chart, at: number, py: number): string | undefined {
  let best: string | undefined;
  let distance = 24;
  for (const line of chart.lines) {
    const point = line.pointAt(at);
    if (!point) continue;
    const d = Math.abs(chart.y.map(point.value) - py);
    if (d < distance) {
      distance = d;
      best = line.group.key;
    }
  }
  return best;
}

export function drawOverlay(
  chart: Chart,
  view: OverlayView,
  theme: Theme,
  measure: Measure,
  gutter: boolean,
): Scene {
  const { plot, x, frame } = chart;
  const { cursor } = view;
  const at = cursor === undefined ? undefined : x.map(cursor);
  const inside = at !== undefined && at >= plot.x - 0.5 && at <= plot.x + plot.width + 0.5;
  const shown = inside ? cursor : undefined;
  const emphasis = chart.lines.find((line) => line.group.key === view.hovered)?.emphasis();
  const marks: Mark[] = [...chart.above];
  if (emphasis) marks.push({ kind: 'group', clip: clipOf(plot), marks: [emphasis] });
  if (view.drag) marks.push(...zoomMarks(chart, view.drag, theme));
  if (shown !== undefined) {
    marks.push(...cursorMarks(chart, shown, theme));
    if (frame.xLabels) marks.push(...cursorLabel(chart, shown, view.pinned, theme, measure));
  }
  if (gutter) marks.push(...drawGutter(chart, view.hovered, shown, theme, measure));
  return { width: frame.width, height: frame.height, fonts: theme.fonts, marks };
}

/** The part that is being zoomed to. */
function zoomMarks({ plot }: Chart, { x0, x1, y0, y1 }: ZoomBox, theme: Theme): Mark[] {
  const box = {
    x: Math.min(x0, x1),
    width: Math.abs(x1 - x0),
    y: y0 === undefined || y1 === undefined ? plot.y : Math.min(y0, y1),
    height: y0 === undefined || y1 === undefined ? plot.height : Math.abs(y1 - y0),
  };
  return [
    { kind: 'rect', ...box, fill: theme.focus, opacity: 0.14 },
    { kind: 'rect', ...box, stroke: { color: theme.focus, width: 1 } },
  ];
}

/** Where the cursor's hairline stands. */
const hairline = ({ x }: Chart, cursor: number): number => Math.round(x.map(cursor) - 0.5) + 0.5;

/** The cursor and a marker on each line. */
function cursorMarks(chart: Chart, cursor: number, theme: Theme): Mark[] {
  const { plot, x, y } = chart;
  const at = hairline(chart, cursor);
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const marks: Mark[] = [
    { kind: 'line', points: [at, plot.y, at, bottom], stroke: { color: theme.foreground, width: 1 } },
  ];
  for (const line of chart.lines) {
    const point = line.pointAt(cursor);
    if (!point) continue;
    // On the line: where the value was taken, which for evaluations is seldom right at the cursor.
    const [mx, py] = [x.map(point.at), y.map(point.value)];
    if (py < plot.y - 2 || py > bottom + 2 || mx < plot.x - 2 || mx > right + 2) continue;
    marks.push({
      kind: 'marker',
      x: mx,
      y: py,
      shape: line.group.style.marker,
      radius: 3.5,
      color: line.group.style.color,
      ring: theme.background,
    });
  }
  return marks;
}

/** The cursor's position, inverse over the labels of the axis. */
function cursorLabel(chart: Chart, cursor: number, pinned: boolean, theme: Theme, measure: Measure): Mark[] {
  const { plot, x, frame } = chart;
  const small = 11 * (theme.fontSize / 13);
  const bottom = plot.y + plot.height;
  const label = cursorText(chart, cursor);
  const width = Math.max(44, measure(label, small, 700) + 18 + (pinned ? 10 : 0));
  const left = Math.max(0, Math.min(frame.width - width, hairline(chart, cursor) - width / 2));
  const marks: Mark[] = [];
  for (const tick of chart.xTicks) {
    // A tick's label that the cursor's would cut is covered whole.
    const half = measure(tick.label, small) / 2;
    const centre = Math.min(x.map(tick.value), frame.width - half);
    if (centre + half < left - 6 || centre - half > left + width + 6) continue;
    const cover = { x: centre - half - 1, y: bottom + 5, width: 2 * half + 2, height: small * 1.4 };
    marks.push({ kind: 'rect', ...cover, fill: theme.background });
  }
  const ground = { x: left, y: bottom + 4, width, height: 16 };
  marks.push({ kind: 'rect', ...ground, radius: 2, fill: theme.foreground });
  if (pinned)
    marks.push({
      kind: 'marker',
      x: left + 9,
      y: bottom + 12,
      shape: 'circle',
      radius: 2.5,
      color: theme.background,
    });
  marks.push({
    kind: 'text',
    x: left + width / 2 + (pinned ? 5 : 0),
    y: bottom + 12 + small * 0.36,
    text: label,
    size: small,
    weight: 700,
    color: theme.background,
    anchor: 'middle',
  });
  return marks;
}
