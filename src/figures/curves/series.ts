/**
 * @file One metric of one run on one x axis, ready to draw: x positions that never go back, raw values with their
 * extremes, smoothed values with theirs. Kept between frames; appends cost what is new.
 */
import { Column } from './column';
import { xColumn, type RunData, type Table, type XAxis } from './data';
import { Extremes } from './extremes';
import { extendThroughput, tableOf, type Metric } from './metrics';
import { Smoother, type SmoothOptions } from './smooth';

export class Series {
  /** Positions of the rows, and maybe of some that are not taken in yet. */
  xs = new Column(0);
  /** Rows taken in. */
  length = 0;
  private values = new Column(0);
  private derived: Column | undefined;
  private rawExtremes!: Extremes;
  private smoother!: Smoother;
  private shownExtremes!: Extremes;
  private generation = -1;

  constructor(
    private readonly data: RunData,
    readonly metric: Metric,
    readonly axis: XAxis,
    readonly smoothing: SmoothOptions,
  ) {
    this.restart();
  }

  /** Whether it shows these data, and not those of a run that was there before. */
  of(data: RunData): boolean {
    return data === this.data;
  }

  /** Takes in rows that have come since. */
  update(): void {
    const table = tableOf(this.data, this.metric);
    if (this.generation !== this.data.generation || (table && table.length < this.length)) this.restart();
    // A run without the metric has no rows of it.
    if (!table || table.length === this.length || !this.has(table)) return;
    const column = table.column(this.metric.column);
    if (column) this.use(column);
    else {
      this.derived ??= new Column();
      extendThroughput(table, this.derived);
      this.use(this.derived);
    }
    this.extendX(table);
    this.length = table.length;
    const changed = this.smoother.update(this.values);
    this.rawExtremes.update();
    this.shownExtremes.update(changed);
  }

  private restart(): void {
    this.generation = this.data.generation;
    this.xs = new Column(0);
    this.length = 0;
    this.derived = undefined;
    this.values = new Column(0);
    this.rawExtremes = new Extremes(this.values);
    this.smoother = new Smoother(this.smoothing);
    this.shownExtremes = new Extremes(this.smoother.shown);
  }

  private use(column: Column): void {
    if (this.values === column) return;
    this.values = column;
    this.rawExtremes = new Extremes(column);
  }

  private extendX(table: Table): void {
    const direct = this.metric.table === 'train' ? table.column(xColumn[this.axis]) : undefined;
    const from = this.length;
    // As a rule the positions are a column of the table, and are read from there.
    if (direct && (from === 0 || this.xs === direct) && ascends(direct, from)) {
      this.xs = direct;
      return;
    }
    if (this.xs === direct) this.xs = Column.from(direct.data.subarray(0, from));
    const steps = table.column('step');
    let last = from > 0 ? this.xs.at(from - 1) : -Infinity;
    this.xs.resize(table.length);
    const xs = this.xs.data;
    for (let i = from; i < table.length; i++) {
      let x = direct ? (direct.data[i] as number) : Number.NaN;
      if (Number.isNaN(x) && steps) x = this.data.positionOf(steps.at(i), this.axis);
      last = x > last ? x : last;
      xs[i] = last;
    }
  }

  private has(table: Table): boolean {
    return (
      table.column(this.metric.column) !== undefined ||
      (this.metric.column === 'tokens_per_second' && table.column('seconds') !== undefined)
    );
  }

  /** Rows that have come and are not taken in yet. */
  get behind(): number {
    const table = tableOf(this.data, this.metric);
    if (!table || !this.has(table)) return 0;
    return this.generation === this.data.generation ? table.length - this.length : table.length;
  }

  get raw(): Column {
    return this.values;
  }
  get shown(): Column {
    return this.smoother.shown;
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
    return this.smoother.last();
  }
}

/** Whether values from `from` on are numbers that never go back. */
function ascends({ data, length }: Column, from: number): boolean {
  let last = from > 0 ? (data[from - 1] as number) : -Infinity;
  for (let i = from; i < length; i++) {
    const value = data[i] as number;
    if (!(value >= last)) return false;
    last = value;
  }
  return true;
}
