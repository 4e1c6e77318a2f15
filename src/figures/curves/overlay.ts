/** @file What moves with the pointer: cursor, markers on the lines, end labels with their values, zoom box. */
import { fitText, type Mark, type Measure, type Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import { integer, number3, percent, short } from '../core/format';
import { pushApart } from '../core/labels';
import { clipOf, xUnit, type Chart } from './chart';

export interface OverlayView {
  /** Position on the x axis, undefined without a cursor. */
  readonly cursor: number | undefined;
  readonly pinned: boolean;
  /** Group whose line is nearest or whose row is hovered. */
  readonly hovered: string | undefined;
  /** Drag in progress, px. */
  readonly drag?:
    { readonly x0: number; readonly x1: number; readonly y0?: number; readonly y1?: number } | undefined;
}

export const cursorText = (chart: Chart, at: number): string =>
  chart.view.axis === 'step' ? integer(at) : chart.view.axis === 'time' ? `${number3(at)} s` : short(at);

export function formatValue(chart: Chart, value: number | undefined): string {
  if (value === undefined) return '–';
  if (chart.metric.format === 'percent') return percent(value, 1);
  return chart.metric.format === 'short' ? short(value) : number3(value);
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
  const { plot, x, y, frame } = chart;
  const marks: Mark[] = [...chart.above];
  const small = 11 * (theme.fontSize / 13);
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const { cursor } = view;
  const px = cursor === undefined ? undefined : x.map(cursor);
  const shown = px !== undefined && px >= plot.x - 0.5 && px <= right + 0.5;

  const hovered = chart.lines.find((line) => line.group.key === view.hovered);
  const emphasis = hovered?.emphasis();
  if (emphasis) marks.push({ kind: 'group', clip: clipOf(plot), marks: [emphasis] });
  if (view.drag) {
    const { x0, x1, y0, y1 } = view.drag;
    const box = {
      x: Math.min(x0, x1),
      width: Math.abs(x1 - x0),
      y: y0 === undefined || y1 === undefined ? plot.y : Math.min(y0, y1),
      height: y0 === undefined || y1 === undefined ? plot.height : Math.abs(y1 - y0),
    };
    marks.push({ kind: 'rect', ...box, fill: theme.focus, opacity: 0.14 });
    marks.push({ kind: 'rect', ...box, stroke: { color: theme.focus, width: 1 } });
  }
  if (shown && px !== undefined && cursor !== undefined) {
    const at = Math.round(px - 0.5) + 0.5;
    marks.push({
      kind: 'line',
      points: [at, plot.y, at, bottom],
      stroke: { color: theme.foreground, width: 1 },
    });
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
    if (frame.xLabels) {
      const label = cursorText(chart, cursor);
      const width = Math.max(44, measure(label, small, 700) + 18 + (view.pinned ? 10 : 0));
      const left = Math.max(0, Math.min(frame.width - width, at - width / 2));
      for (const tick of chart.xTicks) {
        // A tick's label that the cursor's would cut is covered whole.
        const half = measure(tick.label, small) / 2;
        const centre = Math.min(x.map(tick.value), frame.width - half);
        if (centre + half < left - 6 || centre - half > left + width + 6) continue;
        const cover = { x: centre - half - 1, y: bottom + 5, width: 2 * half + 2, height: small * 1.4 };
        marks.push({ kind: 'rect', ...cover, fill: theme.background });
      }
      marks.push({
        kind: 'rect',
        x: left,
        y: bottom + 4,
        width,
        height: 16,
        radius: 2,
        fill: theme.foreground,
      });
      if (view.pinned)
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
        x: left + width / 2 + (view.pinned ? 5 : 0),
        y: bottom + 12 + small * 0.36,
        text: label,
        size: small,
        weight: 700,
        color: theme.background,
        anchor: 'middle',
      });
    }
  }
  if (gutter) marks.push(...drawGutter(chart, view, theme, measure, shown ? cursor : undefined, small));
  return { width: frame.width, height: frame.height, fonts: theme.fonts, marks };
}

/** Names at the line ends with the values at the cursor: legend and readout in one, never over the data. */
function drawGutter(
  chart: Chart,
  view: OverlayView,
  theme: Theme,
  measure: Measure,
  cursor: number | undefined,
  small: number,
): Mark[] {
  const { plot, frame } = chart;
  const marks: Mark[] = [];
  const right = plot.x + plot.width;
  const edge = frame.width;
  const lines = chart.lines.filter((line) => line.end !== undefined);
  if (lines.length === 0) return marks;
  const gap = Math.round(small * 1.36);
  const [first, last] = [plot.y + 18, plot.y + plot.height - 4];
  const slots = Math.max(1, Math.floor((last - first) / gap) + 1);
  const listed = lines.length <= slots ? lines : lines.slice(0, slots - 1);
  const clampY = (value: number): number => Math.max(plot.y, Math.min(plot.y + plot.height, value));
  const wanted = listed.map((line) => clampY(line.end!.y));
  // The last place is that of the line which tells how many more there are.
  const places = pushApart(wanted, gap, first, listed.length < lines.length ? last - gap : last);
  const head =
    cursor === undefined
      ? 'last'
      : `at ${xUnit[chart.view.axis] === 'step' ? 'step ' : ''}${cursorText(chart, cursor)}`;
  marks.push({
    kind: 'text',
    x: edge,
    y: plot.y + small * 0.36,
    text: head,
    size: small,
    color: theme.secondary,
    anchor: 'end',
  });
  listed.forEach((line, index) => {
    const at = places[index]!;
    const end = line.end!;
    const endX = Math.min(end.x, right);
    const strong = line.group.key === view.hovered;
    const color = line.group.style.color;
    const short = right - endX;
    if (short > 6)
      marks.push({
        kind: 'line',
        points: [endX + 8, clampY(end.y), right, clampY(end.y)],
        stroke: { color, width: 1, dash: [1.5, 2.5], opacity: 0.6 },
      });
    marks.push({
      kind: 'line',
      points: [right + (short > 6 ? 0 : 4), clampY(end.y), right + 10, at],
      stroke: { color, width: 1, opacity: 0.8 },
    });
    const value = formatValue(chart, cursor === undefined ? end.value : line.pointAt(cursor)?.value);
    const valueWidth = measure(value, small, strong ? 600 : 400);
    marks.push({
      kind: 'text',
      x: right + 14,
      y: at + small * 0.36,
      text: fitText(line.group.name, edge - right - 14 - valueWidth - 8, small, measure, strong ? 600 : 400),
      size: small,
      weight: strong ? 600 : 400,
      color: theme.foreground,
    });
    marks.push({
      kind: 'text',
      x: edge,
      y: at + small * 0.36,
      text: value,
      size: small,
      weight: strong ? 600 : 400,
      color: theme.foreground,
      anchor: 'end',
    });
  });
  if (listed.length < lines.length) {
    marks.push({
      kind: 'text',
      x: right + 14,
      y: last + small * 0.36,
      text: `and ${lines.length - listed.length} more in the table`,
      size: small,
      color: theme.secondary,
    });
  }
  return marks;
}
