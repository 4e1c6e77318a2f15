/**
 * @file One metric of one run on one x axis, ready to draw: x positions that never go back, raw values with their
 * extremes, smoothed values with theirs. Kept between frames; appends cost what is new.
 */
import { Column } from './column';
import type { RunData, XAxis } from './data';
import { xColumn } from './data';
import { Extremes } from './extremes';
import { extendThroughput, tableOf, type Metric } from './metrics';
import { Smoother, type SmoothOptions } from './smooth';

export class Series {
  readonly xs = new Column();
  private values = new Column();
  private derived: Column | undefined;
  private rawExtremes: Extremes;
  private smoother: Smoother;
  private shownExtremes: Extremes;
  private generation = -1;

  constructor(
    private readonly data: RunData,
    readonly metric: Metric,
    readonly axis: XAxis,
    readonly smoothing: SmoothOptions,
  ) {
    this.rawExtremes = new Extremes(this.values);
    this.smoother = new Smoother(smoothing);
    this.shownExtremes = new Extremes(this.smoother.shown);
  }

  /** Takes in rows that have come since. */
  update(): void {
    const table = tableOf(this.data, this.metric);
    if (this.generation !== this.data.generation || (table && table.length < this.xs.length)) this.restart();
    if (!table || table.length === this.xs.length) return;
    if (this.metric.column === 'tokens_per_second' && !table.column('tokens_per_second')) {
      this.derived ??= new Column();
      extendThroughput(table, this.derived);
      this.use(this.derived);
    } else this.use(table.column(this.metric.column) ?? this.nothing(table.length));
    this.extendX(table.length);
    const changed = this.smoother.update(this.values);
    this.rawExtremes.update();
    this.shownExtremes.update(changed);
  }

  private restart(): void {
    this.generation = this.data.generation;
    this.xs.length = 0;
    this.derived = undefined;
    this.values = new Column();
    this.rawExtremes = new Extremes(this.values);
    this.smoother = new Smoother(this.smoothing);
    this.shownExtremes = new Extremes(this.smoother.shown);
  }

  private use(column: Column): void {
    if (this.values === column) return;
    this.values = column;
    this.rawExtremes = new Extremes(column);
  }

  private nothing(length: number): Column {
    const column = new Column(length);
    column.resize(length);
    column.data.fill(Number.NaN);
    return column;
  }

  private extendX(length: number): void {
    const table = tableOf(this.data, this.metric)!;
    const direct = table.column(xColumn[this.axis]);
    const steps = table.column('step');
    let last = this.xs.last() ?? -Infinity;
    for (let i = this.xs.length; i < length; i++) {
      let x = direct && this.metric.table === 'train' ? direct.at(i) : Number.NaN;
      if (Number.isNaN(x) && steps) x = this.data.positionOf(steps.at(i), this.axis);
      last = x > last ? x : last;
      this.xs.push(last);
    }
  }

  get length(): number {
    return this.xs.length;
  }
  get raw(): Column {
    return this.values;
  }
  get shown(): Column {
    return this.smoother.shown;
  }
  /** One-sided values: final once written. */
  get settled(): Column {
    return this.smoother.forward;
  }
  /** First index of the part that may still move while the run is live. */
  get tailStart(): number {
    return Math.max(0, this.length - this.smoother.tail);
  }
  get rawRange(): Extremes {
    return this.rawExtremes;
  }
  get shownRange(): Extremes {
    return this.shownExtremes;
  }

  /** Last finite settled value. */
  lastValue(): number | undefined {
    for (let i = this.settled.length - 1; i >= 0; i--) {
      const value = this.settled.data[i] as number;
      if (Number.isFinite(value)) return value;
    }
    return undefined;
  }
}
