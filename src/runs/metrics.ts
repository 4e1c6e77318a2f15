/** @file The rows of a run, sorted into tables, events and evaluations; a resume takes back what it repeats. */
import { rowNumber } from '../protocol/run';
import { MetricTable } from './table';

export interface RunEvent {
  readonly step: number;
  readonly event: string;
  /** What else the row says: `from`, `path`, `message`, … */
  readonly [key: string]: unknown;
}

export interface RunEvaluation {
  readonly step: number;
  readonly eval: { readonly split: string; readonly [metric: string]: unknown };
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class Metrics {
  readonly tables = new Map<string, MetricTable>();
  events: RunEvent[] = [];
  evals: RunEvaluation[] = [];
  unreadable = 0;
  /** How often rows were taken back. */
  dropped = 0;

  /** About how many lines there will be at least, so that columns need not grow step by step. */
  expect(lines: number): void {
    this.#expected = lines;
  }
  #expected = 0;

  takeUnreadable(): void {
    this.unreadable++;
  }

  /** Takes one line without its end. */
  take(line: string): void {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      this.unreadable++;
      return;
    }
    if (!isObject(row) || typeof row['step'] !== 'number' || !(row['step'] >= 0)) this.unreadable++;
    else if (typeof row['event'] === 'string') this.#takeEvent(row as RunEvent);
    else if (isObject(row['eval'])) this.#takeEvaluation(row['step'], row['eval'], row);
    else this.#takeNumbers('train', row['step'], row);
  }

  #takeNumbers(name: string, step: number, values: Json): void {
    let table = this.tables.get(name);
    if (table === undefined) {
      table = new MetricTable(name === 'train' ? this.#expected : 0);
      this.tables.set(name, table);
    }
    table.add();
    table.set('step', step);
    for (const key in values) {
      const value = rowNumber(values[key]);
      if (value !== undefined && key !== 'step') table.set(key, value);
    }
  }

  /** @param row around the values: what it says besides them is of the process, not of the model */
  #takeEvaluation(step: number, values: Json, { eval: _values, ...around }: Json): void {
    const split = typeof values['split'] === 'string' ? values['split'] : 'validation';
    this.#takeNumbers(`eval/${split}`, step, { ...around, ...values });
    const restored = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, rowNumber(value) ?? value]),
    );
    this.evals.push({ step, eval: { ...restored, split } });
  }

  #takeEvent(row: RunEvent): void {
    if (row.event === 'resume') this.#dropAfter(rowNumber(row['from']) ?? row.step);
    this.events.push(row);
  }

  /** Earlier rows of later steps are repeated by the resumed run. */
  #dropAfter(step: number): void {
    let dropped = false;
    for (const table of this.tables.values()) {
      const steps = table.column('step')!;
      let length = table.length;
      // Rows come in the order of their steps.
      while (length > 0 && steps[length - 1]! > step) length--;
      if (length === table.length) continue;
      table.truncate(length);
      dropped = true;
    }
    const kept = this.events.filter((event) => event.step <= step);
    const evals = this.evals.filter((evaluation) => evaluation.step <= step);
    if (kept.length < this.events.length || evals.length < this.evals.length) dropped = true;
    this.events = kept;
    this.evals = evals;
    if (dropped) this.dropped++;
  }
}
