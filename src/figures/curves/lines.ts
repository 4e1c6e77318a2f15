/** @file One group of a chart: envelope or seed band, and line. */
import type { Scale } from '../core/scale';
import type { Mark } from '../core/scene';
import { isHighContrast, type Theme, type ThemeKind } from '../core/theme';
import type { ChartGroup, ChartView } from './chart';
import type { Series } from './series';
import { isDense, traceBand, traceEnvelope, tracePath, traceSeeds, visibleRows } from './trace';

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

export interface DrawnLines {
  /** Envelopes and seed bands, below all lines. */
  readonly bands: Mark[];
  readonly lines: Mark[];
}

export const lineWidth = (theme: Theme): number => (isHighContrast(theme.kind) ? 2.25 : 1.75);

/** What tells one group from another: what its lines are drawn from. */
export type LineGroup = Pick<ChartGroup, 'style' | 'series' | 'live' | 'stale'>;

/** Lines, envelope and seed band of a group. */
export function drawLines(group: LineGroup, view: ChartView, x: Scale, y: Scale, theme: Theme): DrawnLines {
  const { style } = group;
  const opacity = style.opacity * (group.stale ? 0.55 : 1);
  const bands: Mark[] = [];
  const lines: Mark[] = [];
  const stroke = { color: style.color, width: lineWidth(theme), dash: style.dash, opacity };
  const single = group.series.length === 1 ? group.series[0] : undefined;
  if (single && single.length > 0) {
    const rows = visibleRows(single, x);
    if (view.envelope && single.metric.smooth && single.smoothing.beta > 0) {
      bands.push(envelope(single, x, y, rows, style.color, opacity * wash[theme.kind]));
    }
    const traced = { values: single.shown, extremes: single.shownRange };
    const tail = group.live ? Math.max(rows[0], Math.min(rows[1], single.tailStart)) : rows[1];
    const path = tracePath(single, traced, x, y, rows);
    if (isDense(path, x)) {
      lines.push(denseLine(single, x, y, rows, strongColour(group, theme), stroke.width, opacity));
    } else if (tail < rows[1]) {
      // The last points of a centred average may still move: thin until they are final.
      const from = Math.max(rows[0], tail - 1);
      lines.push({ kind: 'line', points: tracePath(single, traced, x, y, [rows[0], tail]), stroke });
      lines.push({
        kind: 'line',
        points: tracePath(single, traced, x, y, [from, rows[1]]),
        stroke: { ...stroke, width: 1 },
      });
    } else lines.push({ kind: 'line', points: path, stroke });
  } else if (group.series.some((series) => series.length > 0)) {
    const traced = traceSeeds(group.series, x, y);
    bands.push({ kind: 'band', ...traced.band, fill: style.color, opacity: opacity * 0.28 });
    lines.push({ kind: 'line', points: traced.line, stroke });
    for (const points of traced.rest) lines.push({ kind: 'line', points, stroke: { ...stroke, width: 1 } });
  }
  return { bands, lines };
}

/** The line of a group drawn thicker, for when it is pointed at. */
export function emphasised(
  group: LineGroup,
  view: ChartView,
  x: Scale,
  y: Scale,
  theme: Theme,
): Mark | undefined {
  const width = lineWidth(theme) + 0.75;
  const stroke = { color: strongColour(group, theme), width, dash: group.style.dash };
  const single = group.series.length === 1 ? group.series[0] : undefined;
  if (!single) {
    if (group.series.every((series) => series.length === 0)) return undefined;
    return { kind: 'line', points: traceSeeds(group.series, x, y).line, stroke };
  }
  if (single.length === 0) return undefined;
  const rows = visibleRows(single, x);
  const points = tracePath(single, { values: single.shown, extremes: single.shownRange }, x, y, rows);
  if (!isDense(points, x)) return { kind: 'line', points, stroke };
  const opacity = group.style.opacity * (group.stale ? 0.55 : 1);
  return denseLine(single, x, y, rows, stroke.color, width, opacity);
}

const strongColour = ({ style }: LineGroup, theme: Theme): string =>
  style.opacity < 1 ? theme.foreground : style.color;

/** A line that goes up and down within every pixel, as the band that it covers. */
function denseLine(
  series: Series,
  x: Scale,
  y: Scale,
  rows: readonly [number, number],
  fill: string,
  thickness: number,
  opacity: number,
): Mark {
  const band = traceBand(series, series.shownRange, x, y, rows, thickness);
  return { kind: 'band', ...band, fill, opacity };
}
