/** @file The axes of a sweep: one per swept key, then one per result; where a run stands on each. */
import { configValue, percent } from '../core/format';
import { growLinear, growLog, linearTicks, logTicks, type Range } from '../core/ticks';

export type Scalar = string | number | boolean | null;

/** A result that runs are compared by. */
export type Result = 'time' | 'accuracy' | 'loss';

/** One config of a sweep: what was chosen and what came of it, means over its seeds. */
export interface SweepRow {
  readonly key: string;
  readonly name: string;
  readonly values: Readonly<Record<string, Scalar | undefined>>;
  readonly results: Readonly<Partial<Record<Result, number>>>;
  /** Ended without a result. */
  readonly failed: boolean;
}

export interface AxisTick {
  readonly at: number;
  readonly label: string;
}

export interface SweepAxis {
  readonly id: string;
  readonly title: string;
  /** Unit and scale. */
  readonly unit: string;
  readonly kind: 'key' | 'result';
  readonly log: boolean;
  readonly ticks: readonly AxisTick[];
  /** Place of a run between 0 (bottom) and 1 (top); undefined where it has no value. */
  place(row: SweepRow): number | undefined;
}

export const resultTitles: Readonly<Record<Result, { title: string; unit: string; lowerIsBetter: boolean }>> =
  {
    loss: { title: 'val loss', unit: 'nats', lowerIsBetter: true },
    accuracy: { title: 'accuracy', unit: '', lowerIsBetter: false },
    time: { title: 'time', unit: 's', lowerIsBetter: true },
  };

/** Share of an axis below its values, where runs stand that do not have the key. */
const noneRoom = 0.14;

/** Distinct values in ascending order; words in alphabetical order. */
export function distinct(rows: readonly SweepRow[], key: string): Scalar[] {
  const values = new Set<Scalar>();
  for (const { values: own } of rows) {
    const value = own[key];
    if (value !== undefined && value !== null) values.add(value);
  }
  return [...values].sort((a, b) =>
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), 'en', { numeric: true }),
  );
}

const isMissing = (value: Scalar | undefined): boolean => value === undefined || value === null;

/** Share of the way from `first` to `last`; halved first where their difference is beyond the largest number. */
function between(value: number, first: number, last: number): number {
  const scale = Number.isFinite(last - first) ? 1 : 0.5;
  return (scale * value - scale * first) / (scale * last - scale * first);
}

function keyAxis(rows: readonly SweepRow[], key: string): SweepAxis {
  const values = distinct(rows, key);
  const hasNone = rows.some((row) => isMissing(row.values[key]));
  const low = hasNone ? noneRoom : 0;
  const numbers = values.filter((value) => typeof value === 'number');
  const isNumeric = numbers.length === values.length && values.length > 1;
  const log = isNumeric && numbers[0]! > 0 && numbers.at(-1)! / numbers[0]! >= 4;
  const scaled = (value: number): number => (log ? Math.log(value) : value);
  const share = (value: Scalar): number => {
    if (values.length === 1) return 0.5;
    if (!isNumeric) return values.indexOf(value) / (values.length - 1);
    const [first, last] = [scaled(numbers[0]!), scaled(numbers.at(-1)!)];
    return between(scaled(value as number), first, last);
  };
  const at = (value: Scalar): number => low + (1 - low) * share(value);
  const none = hasNone ? [{ at: 0, label: 'none' }] : [];
  return {
    id: key,
    title: key,
    unit: log ? 'log' : '',
    kind: 'key',
    log,
    ticks: [...none, ...values.map((value) => ({ at: at(value), label: configValue(value) }))],
    place: ({ values: own }) => (isMissing(own[key]) ? 0 : at(own[key]!)),
  };
}

/** Values a tenth of the others are usual in sweeps: one power of ten is enough for a log axis. */
const logFrom = 10;

/** The finite values of a result. */
export function valuesOf(rows: readonly SweepRow[], result: Result): number[] {
  return rows.flatMap(({ results }) => {
    const value = results[result];
    return value !== undefined && Number.isFinite(value) ? [value] : [];
  });
}

/** Scale of a result over all runs. */
export function resultScale(
  rows: readonly SweepRow[],
  result: Result,
): { domain: Range; log: boolean; share(value: number): number } {
  const values = valuesOf(rows, result);
  const [min, max] = [Math.min(...values), Math.max(...values)] as const;
  const log = result !== 'accuracy' && min > 0 && max / min >= logFrom;
  const domain =
    result === 'accuracy' ? ([0, 1] as const) : log ? growLog([min, max]) : growLinear([min, max]);
  const scaled = (value: number): number => (log ? Math.log(value) : value);
  const [from, to] = domain.map(scaled) as [number, number];
  return { domain, log, share: (value) => between(scaled(value), from, to) };
}

/** Better is up, on every axis of results. */
function resultAxis(rows: readonly SweepRow[], result: Result): SweepAxis {
  const { title, unit, lowerIsBetter } = resultTitles[result];
  const { domain, log, share } = resultScale(rows, result);
  const place = (value: number): number => (lowerIsBetter ? 1 - share(value) : share(value));
  const ticks = log
    ? logTicks(domain, 6)
    : linearTicks(domain, 4, result === 'accuracy' ? (value) => percent(value, 0) : undefined);
  return {
    id: `result:${result}`,
    title,
    unit: [unit, log ? 'log' : ''].filter(Boolean).join(', '),
    kind: 'result',
    log,
    ticks: ticks.map(({ value, label }) => ({ at: place(value), label })),
    place: ({ results }) => {
      const value = results[result];
      return value === undefined || !Number.isFinite(value) ? undefined : place(value);
    },
  };
}

/** Results that at least two runs have, the target last. */
export function resultsOf(rows: readonly SweepRow[], target: Result): Result[] {
  const known = (['time', 'accuracy', 'loss'] as const).filter(
    (result) => rows.filter((row) => row.results[result] !== undefined).length > 1,
  );
  return [...known.filter((result) => result !== target), ...known.filter((result) => result === target)];
}

/** @param order ids of axes that the user has moved; unknown ones are ignored, others follow */
export function sweepAxes(
  rows: readonly SweepRow[],
  keys: readonly string[],
  target: Result,
  order: readonly string[] = [],
): SweepAxis[] {
  const axes = [
    ...keys.map((key) => keyAxis(rows, key)),
    ...resultsOf(rows, target).map((result) => resultAxis(rows, result)),
  ];
  const rank = (axis: SweepAxis): number => {
    const at = order.indexOf(axis.id);
    return at < 0 ? order.length + axes.indexOf(axis) : at;
  };
  return axes.toSorted((a, b) => rank(a) - rank(b));
}

/** Rows from the best to the worst; those without the result last, in their order. */
export function ranked(rows: readonly SweepRow[], target: Result): SweepRow[] {
  const sign = resultTitles[target].lowerIsBetter ? 1 : -1;
  const value = (row: SweepRow): number => {
    const own = row.results[target];
    return own === undefined || !Number.isFinite(own) ? Infinity : sign * own;
  };
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x === y ? 0 : x - y;
  });
}

export type Brushes = Readonly<Record<string, readonly [number, number]>>;

/** Whether a run passes all brushes. */
export function passes(row: SweepRow, axes: readonly SweepAxis[], brushes: Brushes): boolean {
  return axes.every((axis) => {
    const brush = brushes[axis.id];
    if (!brush) return true;
    const place = axis.place(row);
    return place !== undefined && place >= brush[0] - 1e-9 && place <= brush[1] + 1e-9;
  });
}
