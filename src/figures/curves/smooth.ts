/**
 * @file Smoothing that does not lead the eye astray. A loss that falls by decades makes a one-sided average lag until
 * the line leaves its own envelope, so the default is the mean of the forward and the backward EMA, weighted by what each
 * has seen and taken of the logarithms when the axis is logarithmic. The weights matter at the ends alone: an unweighted
 * mean would give the newest value, all that the backward average has seen there, half of the last point.
 *
 * One-sided, as other tools have it: mₜ = β·mₜ₋₁ + (1 − β)·vₜ, shown mₜ / (1 − βᵗ).
 */
import { Column } from './column';

export type SmoothKind = 'centred' | 'one-sided';

export interface SmoothOptions {
  /** 0 … 1; 0 shows the values themselves. */
  readonly beta: number;
  readonly kind: SmoothKind;
  /** Averages logarithms; values ≤ 0 are skipped. */
  readonly log: boolean;
}

/** How much of an average the values keep that are so far back that they are left as they are. */
const settledShare = 1e-9;

/** What averages have seen after k values, 1 − βᵏ, up to where it is 1 to the last digit. */
const weightsBy = new Map<number, Float64Array>();
function weightsOf(beta: number): Float64Array {
  let weights = weightsBy.get(beta);
  if (!weights) {
    const length = 1 + Math.ceil(Math.log(Number.EPSILON / 2) / Math.log(beta));
    weights = Float64Array.from({ length }, (_, k) => 1 - beta ** k);
    weightsBy.set(beta, weights);
  }
  return weights;
}

/** What is averaged, while one column is smoothed. Fresh memory costs more than the arithmetic, so all share it. */
let scratch = new Float64Array(0);

/** An average over rows: its value, and how many finite values it has seen. */
interface Average {
  readonly value: number;
  readonly seen: number;
}
const nothing: Average = { value: 0, seen: 0 };

/** Keeps the smoothed values of a growing column; appends cost what is new and the tail that still moves. */
export class Smoother {
  /** What is drawn. */
  readonly shown = new Column(0);
  private readonly centred: boolean;
  /** The first row whose shown value may still move, and the one-sided average before it. */
  private settledRows = 0;
  private settled = nothing;
  /** The one-sided average of all rows. */
  private newest = nothing;

  constructor(readonly options: SmoothOptions) {
    this.centred = options.kind === 'centred' && options.beta > 0;
  }

  /** Points before the end whose centred value may still move: 1/(1 − β). */
  get tail(): number {
    return this.centred ? Math.round(1 / (1 - this.options.beta)) : 0;
  }

  /** The one-sided value at the last finite row, final once written. */
  last(): number | undefined {
    if (this.options.beta > 0) {
      const { value, seen } = this.newest;
      return seen === 0 ? undefined : this.options.log ? Math.exp(value) : value;
    }
    return this.shown.view().findLast(Number.isFinite);
  }

  /** Takes in the values after those seen; returns the first index whose shown value changed. */
  update(values: Column): number {
    const from = this.shown.length;
    if (values.length < from) throw new RangeError('values were removed: make a new smoother');
    if (values.length === from) return from;
    if (this.options.beta === 0) {
      this.shown.append(values.data.subarray(from, values.length));
      return from;
    }
    this.shown.resize(values.length);
    if (!this.centred) {
      this.newest = this.average(values, from, this.newest);
      return from;
    }
    const first = this.settledRows;
    this.newest = this.average(values, first, this.settled);
    this.averageBack(first);
    return first;
  }

  // Plain loops over arrays: a million rows are smoothed before a panel is first drawn.

  /** Writes the one-sided average of rows from `first` on; NaN leaves a gap instead of a made-up point. */
  private average(values: Column, first: number, before: Average): Average {
    const { beta, log } = this.options;
    const { centred } = this;
    const n = values.length;
    if (scratch.length < n - first) scratch = new Float64Array(n - first);
    const inputs = scratch;
    const { data } = values;
    const shown = this.shown.data;
    const weights = weightsOf(beta);
    const full = weights.length - 1;
    let { value, seen } = before;
    let sum = value * (weights[Math.min(seen, full)] as number);
    for (let i = first; i < n; i++) {
      const raw = data[i] as number;
      if (log ? raw > 0 && raw < Infinity : Number.isFinite(raw)) {
        const input = log ? Math.log(raw) : raw;
        sum = beta * sum + (1 - beta) * input;
        value = ++seen < full ? sum / (weights[seen] as number) : sum;
        inputs[i - first] = input;
        shown[i] = log && !centred ? Math.exp(value) : value;
      } else inputs[i - first] = shown[i] = Number.NaN;
    }
    return { value, seen };
  }

  /** Runs from the newest value back to the settled ones and joins what it finds with the one-sided average. */
  private averageBack(first: number): void {
    const { beta, log } = this.options;
    const inputs = scratch;
    const shown = this.shown.data;
    const weights = weightsOf(beta);
    const full = weights.length - 1;
    const reach = Math.ceil(Math.log(settledShare) / Math.log(beta));
    const { seen: all } = this.newest;
    let sum = 0;
    let seen = 0;
    for (let i = this.shown.length - 1; i >= first; i--) {
      const input = inputs[i - first] as number;
      if (Number.isNaN(input)) continue;
      const ahead = shown[i] as number;
      const before = all - seen;
      if (seen === reach) {
        this.settledRows = i + 1;
        this.settled = { value: ahead, seen: before };
      }
      sum = beta * sum + (1 - beta) * input;
      seen++;
      const weight = weights[seen < full ? seen : full] as number;
      const weightAhead = weights[before < full ? before : full] as number;
      // The sum is the backward average times its weight.
      const both = (weightAhead * ahead + sum) / (weightAhead + weight);
      shown[i] = log ? Math.exp(both) : both;
    }
  }
}

/** Smooths a whole array at once. */
export function smooth(values: ArrayLike<number>, options: SmoothOptions): Float64Array {
  const smoother = new Smoother(options);
  smoother.update(Column.from(values));
  return smoother.shown.view();
}
