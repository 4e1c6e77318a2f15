/** @file The quantities that a chart can show, and how they are read from the rows of a run. */
import type { Column } from './column';
import type { RunData, Table } from './data';

export interface Metric {
  readonly id: string;
  readonly title: string;
  /** Unit and origin, printed after the title. */
  readonly unit: string;
  /** Table prefix: `train`, or `eval` for the validation split. */
  readonly table: 'train' | 'eval';
  readonly column: string;
  /** Whether the axis is logarithmic unless the user says otherwise; undefined follows the *Log y* switch. */
  readonly log?: boolean;
  readonly format: 'number' | 'percent' | 'short';
  /** A fixed range, for shares. */
  readonly range?: readonly [number, number];
  /** Evaluations are few and shown as they are. */
  readonly smooth: boolean;
  /** Smaller is better; undefined when neither is. */
  readonly lowerIsBetter?: boolean;
}

export const metrics: readonly Metric[] = [
  {
    id: 'loss',
    title: 'Training loss',
    unit: 'cross-entropy, nats',
    table: 'train',
    column: 'loss',
    format: 'number',
    smooth: true,
    lowerIsBetter: true,
  },
  {
    id: 'accuracy',
    title: 'Accuracy',
    unit: 'validation',
    table: 'eval',
    column: 'accuracy',
    format: 'percent',
    range: [0, 1],
    log: false,
    smooth: false,
    lowerIsBetter: false,
  },
  {
    id: 'eval-loss',
    title: 'Validation loss',
    unit: 'nats',
    table: 'eval',
    column: 'loss',
    format: 'number',
    smooth: false,
    lowerIsBetter: true,
  },
  {
    id: 'bits',
    title: 'Validation',
    unit: 'bits per byte',
    table: 'eval',
    column: 'bits_per_byte',
    format: 'number',
    log: false,
    smooth: false,
    lowerIsBetter: true,
  },
  {
    id: 'grad-norm',
    title: 'Gradient norm',
    unit: 'before clipping',
    table: 'train',
    column: 'grad_norm',
    format: 'number',
    log: true,
    smooth: true,
  },
  {
    id: 'throughput',
    title: 'Throughput',
    unit: 'tokens/s',
    table: 'train',
    column: 'tokens_per_second',
    format: 'short',
    log: true,
    smooth: true,
  },
  {
    id: 'lr',
    title: 'Learning rate',
    unit: '',
    table: 'train',
    column: 'lr',
    format: 'number',
    log: false,
    smooth: false,
  },
];

/** Columns that are axes, totals or shown under another name. */
const notShown = new Set(['step', 'tokens', 'flops', 'seconds', ...metrics.map(({ column }) => column)]);
const columnPrefix = 'column:';

/** Units of columns that runs log beside the usual ones; of layers by the last part of the name. */
const units: Readonly<Record<string, string>> = {
  memory: 'bytes',
  memory_peak: 'bytes, the most so far',
  rms: 'residual stream in front of the layer',
  dead: 'channels whose gate stays within ±0.01',
  saturated: 'steps that keep less than 1 % of every state',
  active: 'tokens that attention runs on',
  loss_scale: 'of half precision',
  perplexity: '',
};

/** Columns from 0 to 1, by the last part of the name. */
const shares = new Set(['dead', 'saturated', 'active']);

/** Any further number that runs log, under the name of its column: `memory`, `layers.0.rms`. */
function columnMetric(id: string): Metric | undefined {
  const [, table, column] = /^column:(train|eval):(.+)$/.exec(id) ?? [];
  if (table === undefined || column === undefined) return undefined;
  const words = column.replaceAll('_', ' ');
  const last = column.slice(column.lastIndexOf('.') + 1);
  const isMemory = last.startsWith('memory');
  const isShare = shares.has(last);
  return {
    id,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    unit: [units[last] ?? '', table === 'eval' ? 'validation' : ''].filter(Boolean).join(' · '),
    table: table as Metric['table'],
    column,
    format: isMemory ? 'short' : isShare ? 'percent' : 'number',
    ...(isShare ? { range: [0, 1] as const } : {}),
    log: false,
    smooth: table === 'train' && !isMemory,
  };
}

const made = new Map<string, Metric>();

/** A metric by its id; the training loss for ids that say nothing. */
export function metricOf(id: string): Metric {
  const known = metrics.find((metric) => metric.id === id) ?? made.get(id);
  if (known) return known;
  const metric = id.startsWith(columnPrefix) ? columnMetric(id) : undefined;
  if (!metric) return metrics[0]!;
  made.set(id, metric);
  return metric;
}

/** What runs log beside the metrics that are known by name, in alphabetical order. */
export function furtherMetrics(runs: readonly RunData[]): Metric[] {
  const ids = new Set<string>();
  for (const data of runs) {
    for (const [name, table] of data.tables) {
      if (name !== 'train' && table !== evalTable(data)) continue;
      for (const column of table.columns.keys())
        if (!notShown.has(column)) ids.add(`${columnPrefix}${name === 'train' ? 'train' : 'eval'}:${column}`);
    }
  }
  return [...ids].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).map(metricOf);
}

/** Split that evaluations are read from: validation where there is one. */
export function evalTable(data: RunData): Table | undefined {
  for (const split of ['validation', 'val', 'valid', 'test']) {
    const table = data.table(`eval/${split}`);
    if (table) return table;
  }
  for (const [name, table] of data.tables) if (name.startsWith('eval/')) return table;
  return undefined;
}

export const tableOf = (data: RunData, metric: Metric): Table | undefined =>
  metric.table === 'train' ? data.table('train') : evalTable(data);

/** Whether any run has a finite value of the metric. */
export function hasMetric(data: RunData, metric: Metric): boolean {
  const table = tableOf(data, metric);
  if (metric.column === 'tokens_per_second') {
    return (
      (table?.column('tokens_per_second') ?? table?.column('seconds')) !== undefined && table!.length > 1
    );
  }
  const column = table?.column(metric.column);
  if (!column) return false;
  return Number.isFinite(column.last() ?? Number.NaN) || column.view().some(Number.isFinite);
}

/**
 * Tokens per second from the totals, over at least `window` seconds before each row; NaN before that and where
 * the totals go back, as after a resume.
 */
export function extendThroughput(table: Table, into: Column, window = 0.5): void {
  const tokens = table.column('tokens');
  const seconds = table.column('seconds');
  if (!tokens || !seconds) return;
  // The start of the window moves only forward; restarting near the end keeps appends cheap.
  let start = Math.max(0, into.length - 2000);
  for (let i = into.length; i < table.length; i++) {
    while (start + 1 < i && seconds.at(i) - seconds.at(start + 1) >= window) start++;
    const time = seconds.at(i) - seconds.at(start);
    const count = tokens.at(i) - tokens.at(start);
    into.push(i > start && time > 0 && count > 0 ? count / time : Number.NaN);
  }
}
