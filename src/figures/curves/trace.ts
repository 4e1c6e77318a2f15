/**
 * @file From a series to pixels. Where more points than pixels are visible, every pixel column keeps its first, smallest,
 * largest and last value, so no visible point is lost.
 */
import { lowerBound, type Scale } from '../core/scale';
import type { Series } from './series';
import type { Column } from './column';
import type { Extremes } from './extremes';

/** Rows that can be seen, one more at either side so that lines run to the edge. */
export function visibleRows(series: Series, x: Scale): [number, number] {
  const n = series.length;
  const from = lowerBound(series.xs.data, x.domain[0], n);
  const to = lowerBound(series.xs.data, x.domain[1] * (1 + 1e-12), n);
  return [Math.max(0, from - 1), Math.min(n, to + 1)];
}

interface Traced {
  readonly values: Column;
  readonly extremes: Extremes;
}

/** Calls back per pixel column that holds rows: column centre in px and row range. */
function columns(
  series: Series,
  x: Scale,
  [from, to]: readonly [number, number],
  each: (px: number, start: number, end: number) => void,
): void {
  const xs = series.xs.data;
  let start = from;
  const left = Math.floor(x.map(xs[from] as number));
  for (let column = left; start < to;) {
    const edge = x.invert(column + 1);
    let end = start;
    // Gallop, then bisect: columns hold similar numbers of rows.
    let stride = 1;
    while (end + stride < to && (xs[end + stride] as number) < edge) {
      end += stride;
      stride *= 2;
    }
    let high = Math.min(to, end + stride);
    let low = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((xs[middle] as number) < edge) low = middle + 1;
      else high = middle;
    }
    end = low;
    if (end > start) {
      each(column + 0.5, start, end);
      start = end;
      column++;
    } else column = Math.max(column + 1, Math.floor(x.map(xs[start] as number)));
  }
}

/** Polyline of the rows in px, x0 y0 x1 y1 …; NaN lifts the pen. */
export function tracePath(
  series: Series,
  traced: Traced,
  x: Scale,
  y: Scale,
  rows: readonly [number, number],
): number[] {
  const [from, to] = rows;
  const points: number[] = [];
  const width = Math.abs(x.range[1] - x.range[0]);
  const { data } = traced.values;
  if (to - from <= 3 * width) {
    for (let i = from; i < to; i++) {
      const value = data[i] as number;
      points.push(x.map(series.xs.data[i] as number), Number.isFinite(value) ? y.map(value) : Number.NaN);
    }
    return points;
  }
  const range: [number, number] = [0, 0];
  columns(series, x, rows, (px, start, end) => {
    traced.extremes.query(start, end, range);
    if (range[0] > range[1]) {
      points.push(px, Number.NaN);
      return;
    }
    const first = data[start] as number;
    const last = data[end - 1] as number;
    if (Number.isFinite(first)) points.push(px, y.map(first));
    if (range[0] < range[1]) points.push(px, y.map(range[0]), px, y.map(range[1]));
    if (Number.isFinite(last)) points.push(px, y.map(last));
  });
  return points;
}

/** Outline of the smallest and largest raw value per pixel column. */
export function traceEnvelope(series: Series, x: Scale, y: Scale, rows: readonly [number, number]): number[] {
  const upper: number[] = [];
  const lower: number[] = [];
  const range: [number, number] = [0, 0];
  columns(series, x, rows, (px, start, end) => {
    series.rawRange.query(start, end, range);
    if (range[0] > range[1]) return;
    upper.push(px, y.map(range[1]));
    lower.push(px, y.map(range[0]));
  });
  return closed(upper, lower);
}

function closed(upper: readonly number[], lower: readonly number[]): number[] {
  const outline = [...upper];
  for (let i = lower.length - 2; i >= 0; i -= 2) outline.push(lower[i] as number, lower[i + 1] as number);
  return outline;
}

/** Shown value at `at`, between rows by interpolation; undefined outside the rows. */
export function valueBetween(series: Series, at: number): number | undefined {
  const n = series.length;
  const xs = series.xs.data;
  if (n === 0 || at < (xs[0] as number) || at > (xs[n - 1] as number)) return undefined;
  const right = lowerBound(xs, at, n);
  const value = series.shown.data[right] as number;
  if (right === 0 || xs[right] === at) return Number.isFinite(value) ? value : undefined;
  const before = series.shown.data[right - 1] as number;
  const share = (at - (xs[right - 1] as number)) / ((xs[right] as number) - (xs[right - 1] as number));
  const between = before + (value - before) * share;
  return Number.isFinite(between) ? between : undefined;
}

/** Mean over values: geometric on a log axis, where it lies in the middle of what is drawn. */
export function meanOf(values: readonly number[], log: boolean): number {
  if (log && values.every((value) => value > 0)) {
    return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean line and min–max band of several seeds. */
export function traceSeeds(seeds: readonly Series[], x: Scale, y: Scale): { line: number[]; band: number[] } {
  const line: number[] = [];
  const upper: number[] = [];
  const lower: number[] = [];
  for (let px = x.range[0]; px <= x.range[1]; px++) {
    const at = x.invert(px);
    const values = seeds.map((seed) => valueBetween(seed, at)).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    line.push(px, y.map(meanOf(values, y.log)));
    upper.push(px, y.map(Math.max(...values)));
    lower.push(px, y.map(Math.min(...values)));
  }
  return { line, band: closed(upper, lower) };
}
