/** @file One group of a chart: envelope or seed band, line, end marker, and its values. */
import { nearestIndex, type Scale } from '../core/scale';
import type { Mark } from '../core/scene';
import { isHighContrast, type Theme, type ThemeKind } from '../core/theme';
import type { ChartGroup, ChartLine, ChartView } from './chart';
import type { Series } from './series';
import {
  commonRange,
  isDense,
  meanOf,
  traceBand,
  traceEnvelope,
  tracePath,
  traceSeeds,
  valueBetween,
  visibleRows,
} from './trace';

/** Opacity of envelopes. */
const wash: Record<ThemeKind, number> = { dark: 0.16, light: 0.13, 'hc-dark': 0.35, 'hc-light': 0.35 };

/** Raw values behind a smoothed line: a band, or a thin line where there is room for every row. */
function envelope(
  series: Series,
  x: Scale,
  y: Scale,
  rows: readonly [number, number],
  color: string,
  opacity: number,
): Mark {
  const band = traceEnvelope(series, x, y, rows);
  if (band) return { kind: 'band', ...band, fill: color, opacity };
  const points = tracePath(series, { values: series.raw, extremes: series.rawRange }, x, y, rows);
  return { kind: 'line', points, stroke: { color, width: 1, opacity: Math.min(1, 2.2 * opacity) } };
}

export interface DrawnGroup {
  readonly line: ChartLine;
  /** Envelopes and seed bands, below all lines. */
  readonly bands: Mark[];
  readonly lines: Mark[];
  /** End markers, above all lines. */
  readonly above: Mark[];
}

export const lineWidth = (theme: Theme): number => (isHighContrast(theme.kind) ? 2.25 : 1.75);

export function drawGroup(
  group: ChartGroup,
  view: ChartView,
  x: Scale,
  y: Scale,
  theme: Theme,
  annotate: boolean,
): DrawnGroup {
  const { style } = group;
  const opacity = style.opacity * (group.stale ? 0.55 : 1);
  const bands: Mark[] = [];
  const lines: Mark[] = [];
  const above: Mark[] = [];
  const single = group.series.length === 1 ? group.series[0] : undefined;
  const stroke = { color: style.color, width: lineWidth(theme), dash: style.dash, opacity };
  const strong = {
    color: style.opacity < 1 ? theme.foreground : style.color,
    width: stroke.width + 0.75,
    dash: style.dash,
  };
  let emphasis: Mark | undefined;
  if (single && single.length > 0) {
    const rows = visibleRows(single, x);
    if (view.envelope && single.metric.smooth && single.smoothing.beta > 0) {
      bands.push(envelope(single, x, y, rows, style.color, opacity * wash[theme.kind]));
    }
    const traced = { values: single.shown, extremes: single.shownRange };
    const tail = group.live ? Math.max(rows[0], Math.min(rows[1], single.tailStart)) : rows[1];
    const path = tracePath(single, traced, x, y, rows);
    if (isDense(path, x)) {
      const dense = (thickness: number): Mark => ({
        kind: 'band',
        ...traceBand(single, single.shownRange, x, y, rows, thickness),
        fill: strong.color,
        opacity,
      });
      lines.push(dense(stroke.width));
      emphasis = dense(strong.width);
    } else {
      emphasis = { kind: 'line', points: path, stroke: strong };
      if (tail < rows[1]) {
        // The last points of a centred average may still move: thin until they are final.
        const from = Math.max(rows[0], tail - 1);
        lines.push({ kind: 'line', points: tracePath(single, traced, x, y, [rows[0], tail]), stroke });
        lines.push({
          kind: 'line',
          points: tracePath(single, traced, x, y, [from, rows[1]]),
          stroke: { ...stroke, width: 1 },
        });
      } else lines.push({ kind: 'line', points: path, stroke });
    }
  } else if (group.series.some((series) => series.length > 0)) {
    const traced = traceSeeds(group.series, x, y);
    bands.push({ kind: 'band', ...traced.band, fill: style.color, opacity: opacity * 0.28 });
    lines.push({ kind: 'line', points: traced.line, stroke });
    for (const points of traced.rest) lines.push({ kind: 'line', points, stroke: { ...stroke, width: 1 } });
    emphasis = { kind: 'line', points: traced.line, stroke: strong };
  }
  const end = lineEnd(group, x, y);
  if (end && end.x >= x.range[0] - 1 && end.x <= x.range[1] + 1) {
    if (group.live)
      above.push({
        kind: 'group',
        opacity: 0.3,
        marks: [{ kind: 'marker', x: end.x, y: end.y, shape: 'circle', radius: 6, color: style.color }],
      });
    if (!group.failed)
      above.push({
        kind: 'group',
        opacity,
        marks: [
          { kind: 'marker', x: end.x, y: end.y, shape: style.marker, radius: 3.25, color: style.color },
        ],
      });
  }
  if (group.failed && end) {
    const { x: cx, y: cy } = end;
    const cross = { color: theme.error, width: 1.75 };
    above.push({ kind: 'line', points: [cx - 4, cy - 4, cx + 4, cy + 4], stroke: cross });
    above.push({ kind: 'line', points: [cx - 4, cy + 4, cx + 4, cy - 4], stroke: cross });
  }
  if (annotate && end) {
    const words = group.failed?.note ?? group.note;
    const size = 11 * (theme.fontSize / 13);
    const room = x.range[1] - end.x;
    const before = words !== undefined && room < words.length * size * 0.62 + 12;
    if (group.failed) {
      const stroke = { color: theme.error, width: 1, dash: [3, 2.5] };
      lines.push({ kind: 'line', points: [end.x, y.range[1], end.x, y.range[0]], stroke });
    }
    if (words !== undefined) {
      above.push({
        kind: 'text',
        x: end.x + (before ? -10 : 10),
        y: Math.max(y.range[1] + size, end.y - 6),
        text: words,
        size,
        weight: group.failed ? 600 : 400,
        color: group.failed ? theme.foreground : theme.secondary,
        anchor: before ? 'end' : 'start',
        halo: theme.background,
      });
    }
  }
  const valueAt = (at: number): number | undefined => {
    if (single) return nearestValue(single, at);
    const values = group.series
      .map((series) => valueBetween(series, at))
      .filter((value) => value !== undefined);
    return values.length === 0 || values.length < group.series.length ? undefined : meanOf(values, y.log);
  };
  return { line: { group, valueAt, end, emphasis }, bands, lines, above };
}

/** The drawn value of the row nearest to `at`; undefined beyond the ends of the run. */
function nearestValue(series: Series, at: number): number | undefined {
  const index = nearestIndex(series.xs.data, at, series.length);
  if (index < 0) return undefined;
  const spacing =
    series.length > 1 ? (series.xs.at(series.length - 1) - series.xs.at(0)) / (series.length - 1) : 0;
  if (at > series.xs.at(series.length - 1) + spacing || at < series.xs.at(0) - spacing) return undefined;
  const value = series.shown.data[index] as number;
  return Number.isFinite(value) ? value : undefined;
}

/** Where the line ends: at the last value, of several seeds at the last that all have. */
function lineEnd(group: ChartGroup, x: Scale, y: Scale): ChartLine['end'] {
  const [single] = group.series;
  if (group.series.length === 1 && single) {
    const value = single.lastValue();
    if (value === undefined) return undefined;
    const at = Math.min(lastFiniteX(single), x.domain[1]);
    const shown = valueBetween(single, at) ?? value;
    return { x: x.map(at), y: y.map(shown), value };
  }
  const common = commonRange(group.series);
  if (!common) return undefined;
  const at = Math.min(common[1], x.domain[1]);
  const values = group.series
    .map((series) => valueBetween(series, at))
    .filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  const value = meanOf(values, y.log);
  return { x: x.map(at), y: y.map(value), value };
}

function lastFiniteX(series: Series): number {
  for (let i = series.length - 1; i >= 0; i--)
    if (Number.isFinite(series.shown.data[i])) return series.xs.data[i] as number;
  return series.xs.at(0);
}
