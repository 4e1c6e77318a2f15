/**
 * @file From a series to pixels. Where more points than pixels are visible, every pixel column keeps its first, smallest,
 * largest and last value, so no visible point is lost.
 */
import { lowerBound, nearestIndex, type Scale } from '../core/scale';
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

interface Columns {
  readonly key: string;
  readonly count: number;
  readonly px: Float64Array;
  /** Row at which each column starts, and one past the last row at the end. */
  readonly starts: Int32Array;
}

/** Columns of a series as last asked for: a line, its envelope and its emphasis share them. */
const lastColumns = new WeakMap<Series, Columns>();

/** Rows that fall into each pixel column. */
function columnsOf(series: Series, x: Scale, [from, to]: readonly [number, number]): Columns {
  const key = `${x.domain.join()} ${x.range.join()} ${from} ${to} ${series.xs.at(from)} ${series.xs.at(to - 1)}`;
  const known = lastColumns.get(series);
  if (known?.key === key) return known;
  const xs = series.xs.data;
  const room = Math.ceil(Math.abs(x.range[1] - x.range[0])) + 4;
  const px = new Float64Array(room);
  const starts = new Int32Array(room + 1);
  let count = 0;
  let start = from;
  for (let column = Math.floor(x.map(xs[from] as number)); start < to && count < room;) {
    const edge = x.invert(column + 1);
    // Gallop, then bisect: columns hold similar numbers of rows.
    let low = start;
    let stride = 1;
    while (low + stride < to && (xs[low + stride] as number) < edge) {
      low += stride;
      stride *= 2;
    }
    let high = Math.min(to, low + stride);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((xs[middle] as number) < edge) low = middle + 1;
      else high = middle;
    }
    if (low > start) {
      px[count] = column + 0.5;
      starts[count++] = start;
      start = low;
      column++;
    } else column = Math.max(column + 1, Math.floor(x.map(xs[start] as number)));
  }
  starts[count] = start;
  const found = { key, count, px, starts };
  lastColumns.set(series, found);
  return found;
}

/** Calls back per pixel column that holds rows: column centre in px and row range. */
function columns(
  series: Series,
  x: Scale,
  rows: readonly [number, number],
  each: (px: number, start: number, end: number) => void,
): void {
  if (rows[1] <= rows[0]) return;
  const { count, px, starts } = columnsOf(series, x, rows);
  for (let i = 0; i < count; i++) each(px[i] as number, starts[i] as number, starts[i + 1] as number);
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
  if (to - from <= 1.2 * width) {
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
    const low = y.map(range[0]);
    const high = y.map(range[1]);
    const first = data[start] as number;
    const last = data[end - 1] as number;
    // A stretch that is flat to a third of a pixel is one point: far fewer corners to draw.
    if (low - high < 0.34 && Number.isFinite(first) && Number.isFinite(last)) {
      points.push(px, (low + high) / 2);
      return;
    }
    // Downwards or upwards, whichever is the shorter way; going back and forth would use up the dashes.
    const [near, far] = last < first ? [high, low] : [low, high];
    const enters = Number.isFinite(first) ? y.map(first) : near;
    const leaves = Number.isFinite(last) ? y.map(last) : far;
    points.push(px, enters);
    if (near !== enters) points.push(px, near);
    if (far !== near) points.push(px, far);
    if (leaves !== far) points.push(px, leaves);
  });
  return points;
}

export interface Band {
  readonly xs: number[];
  readonly upper: number[];
  readonly lower: number[];
}

/**
 * Smallest and largest value per pixel column, at least `thickness` px thick; columns touch their neighbours, so a
 * dense line stays one line.
 */
export function traceBand(
  series: Series,
  extremes: Extremes,
  x: Scale,
  y: Scale,
  rows: readonly [number, number],
  thickness: number,
): Band {
  const band: Band = { xs: [], upper: [], lower: [] };
  const range: [number, number] = [0, 0];
  let before = Number.NaN;
  let reach: [number, number] = [0, 0];
  columns(series, x, rows, (px, start, end) => {
    extremes.query(start, end, range);
    if (range[0] > range[1]) return;
    let top = y.map(range[1]);
    let bottom = y.map(range[0]);
    const own: [number, number] = [top, bottom];
    if (px - before < 1.5) {
      top = Math.min(top, reach[1]);
      bottom = Math.max(bottom, reach[0]);
    }
    before = px;
    reach = own;
    const room = Math.max(0, thickness - (bottom - top)) / 2;
    band.xs.push(px - 0.5);
    band.upper.push(top - room);
    band.lower.push(bottom + room);
  });
  return band;
}

/** The raw values between their extremes: a band where there are more rows than pixels, else a closed outline. */
export function traceEnvelope(
  series: Series,
  x: Scale,
  y: Scale,
  rows: readonly [number, number],
): Band | undefined {
  const width = Math.abs(x.range[1] - x.range[0]);
  return rows[1] - rows[0] > width * 0.75 ? traceBand(series, series.rawRange, x, y, rows, 1) : undefined;
}

/** Whether a path goes up and down so much that it is a band, in which no dash could be seen. */
export function isDense(points: readonly number[], x: Scale): boolean {
  const width = Math.abs(x.range[1] - x.range[0]);
  if (points.length < 3 * width) return false;
  let travel = 0;
  for (let i = 3; i < points.length; i += 2) {
    const step = Math.abs((points[i] as number) - (points[i - 2] as number));
    if (step > 0) travel += step;
  }
  return travel > 4 * width;
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

/** The x range in which every seed has values; undefined when there is none. */
export function commonRange(seeds: readonly Series[]): readonly [number, number] | undefined {
  if (seeds.some((seed) => seed.length === 0)) return undefined;
  const from = Math.max(...seeds.map((seed) => seed.xs.at(0)));
  const to = Math.min(...seeds.map((seed) => seed.xs.at(seed.length - 1)));
  return to > from ? [from, to] : undefined;
}

/**
 * Mean line and min–max band of several seeds where all have values. A mean over fewer of them would jump where
 * one ends, so what goes further is given as lines of its own.
 */
export function traceSeeds(
  seeds: readonly Series[],
  x: Scale,
  y: Scale,
): { line: number[]; band: Band; rest: number[][] } {
  const line: number[] = [];
  const band: Band = { xs: [], upper: [], lower: [] };
  const common = commonRange(seeds);
  if (common) {
    const add = (px: number): void => {
      const at = Math.max(common[0], Math.min(common[1], x.invert(px)));
      const values = seeds.map((seed) => valueBetween(seed, at)).filter((value) => value !== undefined);
      if (values.length < seeds.length) return;
      line.push(px, y.map(meanOf(values, y.log)));
      band.xs.push(px - 0.5);
      band.upper.push(y.map(Math.max(...values)));
      band.lower.push(y.map(Math.min(...values)));
    };
    const first = Math.max(x.range[0], x.map(common[0]));
    const last = Math.min(x.range[1], x.map(common[1]));
    for (let px = first; px < last; px++) add(px);
    add(last);
  }
  const rest = seeds
    .map((seed) => {
      const [from, to] = visibleRows(seed, x);
      const start = common ? Math.max(from, lowerBound(seed.xs.data, common[1], seed.length)) : from;
      const traced = { values: seed.shown, extremes: seed.shownRange };
      return to - start > 1 ? tracePath(seed, traced, x, y, [start, to]) : [];
    })
    .filter((path) => path.length > 2);
  return { line, band, rest };
}

/** A drawn value and where it stands. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** What a group shows at `at`: of one run its nearest row, of several seeds their mean where all have a value. */
export function pointOf(seeds: readonly Series[], at: number, log: boolean): Point | undefined {
  const [single] = seeds;
  if (seeds.length === 1 && single) return nearestPoint(single, at);
  const values = seeds.map((series) => valueBetween(series, at)).filter((value) => value !== undefined);
  return values.length === 0 || values.length < seeds.length ? undefined : { at, value: meanOf(values, log) };
}

/** The row nearest to `at`; undefined further beyond the ends of the run than half of what lies between its rows. */
function nearestPoint(series: Series, at: number): Point | undefined {
  const index = nearestIndex(series.xs.data, at, series.length);
  if (index < 0) return undefined;
  const [first, last] = [series.xs.at(0), series.xs.at(series.length - 1)];
  const near = series.length > 1 ? (last - first) / (series.length - 1) / 2 : 0;
  if (at > last + near || at < first - near) return undefined;
  const value = series.shown.data[index] as number;
  return Number.isFinite(value) ? { at: series.xs.at(index), value } : undefined;
}
