/** @file What the runs of a sweep have reached: one row per run, as a table for people and as numbers. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plain } from '../../config';
import { RUN_FILE, type RunStatus } from '../../protocol/run';
import { RunReader } from '../reader';
import { shortNames, shortValue } from './plan';

/** `missing` has no folder yet; `invalid` is a combination that no config can have. */
export type SweepStatus = RunStatus | 'missing' | 'invalid';

export interface SweepResult {
  readonly settings: Readonly<Record<string, Plain>>;
  readonly dir: string;
  readonly status: SweepStatus;
  readonly step?: number;
  /** Seconds of training. */
  readonly seconds?: number;
  readonly parameters?: number;
  /** The best of the validation split over the run, each metric on its own. */
  readonly best: Readonly<Record<string, number>>;
  /** The test split at the end, where there is one. */
  readonly test: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** Metrics where more is better; of all others less is. */
const rising = new Set(['accuracy', 'exact_match']);
/** Metrics that are shown, in this order. */
const shown = ['loss', 'accuracy', 'exact_match', 'mse', 'mae', 'bits_per_byte'];

export const isBetter = (metric: string, a: number, b: number): boolean =>
  Number.isNaN(b) || (rising.has(metric) ? a > b : a < b);

/** Reads one run folder; nothing that a run left there makes it fail. */
export async function readResult(settings: SweepResult['settings'], dir: string): Promise<SweepResult> {
  const nothing = { settings, dir, best: {}, test: {} };
  if (!(await stat(join(dir, RUN_FILE)).catch(() => undefined))) return { ...nothing, status: 'missing' };
  const reader = new RunReader(dir);
  try {
    await reader.poll();
  } catch (error) {
    return { ...nothing, status: 'failed', error: (error as Error).message };
  }
  const { info, last } = reader;
  const best: Record<string, number> = {};
  let test: Record<string, number> = {};
  for (const { eval: values } of reader.evals) {
    const numbers = Object.fromEntries(
      shown.flatMap((name) => (typeof values[name] === 'number' ? [[name, values[name]]] : [])),
    ) as Record<string, number>;
    if (values.split === 'test') test = numbers;
    else {
      for (const [name, value] of Object.entries(numbers)) {
        if (isBetter(name, value, best[name] ?? Number.NaN)) best[name] = value;
      }
    }
  }
  return {
    ...nothing,
    status: reader.status,
    best,
    test,
    parameters: info.parameters,
    ...(last === undefined ? {} : { step: last.step, seconds: last['seconds']! }),
    ...(info.error === undefined ? {} : { error: info.error }),
  };
}

/** One line per run: what differs, how it ended, what it reached; `*` marks the best of a column. */
export function formatResults(results: readonly SweepResult[]): string {
  const paths = [...new Set(results.flatMap(({ settings }) => Object.keys(settings)))];
  const names = shortNames(paths);
  const metrics = shown.filter((name) => results.some(({ best }) => best[name] !== undefined));
  const tests = shown.filter(
    (name) => name !== 'loss' && results.some(({ test }) => test[name] !== undefined),
  );
  const header = [
    ...paths.map((path) => names.get(path)!),
    'status',
    'step',
    'time',
    ...metrics.map((name) => `best ${name.replaceAll('_', ' ')}`),
    ...tests.map((name) => `test ${name.replaceAll('_', ' ')}`),
  ];
  const top = (metric: string, of: 'best' | 'test'): number =>
    results
      .map((result) => result[of][metric] ?? Number.NaN)
      .reduce((a, b) => (!Number.isNaN(b) && isBetter(metric, b, a) ? b : a), Number.NaN);
  const cell = (result: SweepResult, metric: string, of: 'best' | 'test'): string => {
    const value = result[of][metric];
    if (value === undefined) return '';
    const text = rising.has(metric) ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4);
    return `${text}${results.length > 1 && value === top(metric, of) ? ' *' : ''}`;
  };
  const rows = results.map((result) => [
    ...paths.map((path) => shortValue(result.settings[path])),
    result.status,
    result.step === undefined ? '' : String(result.step),
    result.seconds === undefined ? '' : `${Math.round(result.seconds)} s`,
    ...metrics.map((name) => cell(result, name, 'best')),
    ...tests.map((name) => cell(result, name, 'test')),
  ]);
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}
