/**
 * @file Smoothing that does not lead the eye astray. A loss that falls by decades makes a one-sided average lag until
 * the line leaves its own envelope. The default therefore looks both ways, and takes logarithms when the axis is
 * logarithmic: a straight line is fitted around every row, with weights β^distance, and its value there is shown (local
 * linear regression: Fan and Gijbels, Local Polynomial Modelling, 1996, section 2.3). Far from the ends this is the mean
 * of the forward and the backward EMA; at the ends, where a mean would lag by what the loss falls in 1/(1 − β) steps, it
 * follows the slope. In a run of 100 steps whose loss falls as exp(−t/20), the line starts 0.1 instead of 0.4 off in
 * logarithms with β = 0.95.
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

/** How much of a sum the values keep that are so far back that they are left as they are. */
const settledShare = 1e-9;

/** Moments Σ βᵈ dᵏ over d = 0 … n − 1 for every n up to where they do not change any more. */
interface Moments {
  readonly full: number;
  readonly zeroth: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

const momentsBy = new Map<number, Moments>();
function momentsOf(beta: number): Moments {
  const known = momentsBy.get(beta);
  if (known) return known;
  // Twenty digits and those of d², which the second moment has more.
  const full = 1 + Math.ceil(Math.log(1e-26) / Math.log(beta));
  const [zeroth, first, second] = [0, 1, 2].map(() => new Float64Array(full + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let n = 1; n <= full; n++) {
    const [m0, m1, m2] = [zeroth[n - 1]!, first[n - 1]!, second[n - 1]!];
    zeroth[n] = beta * m0 + 1;
    first[n] = beta * (m1 + m0);
    second[n] = beta * (m2 + 2 * m1 + m0);
  }
  const made = { full, zeroth, first, second };
  momentsBy.set(beta, made);
  return made;
}

/** What is summed while one column is smoothed. Fresh memory costs more than the arithmetic, so all share it. */
let inputs = new Float64Array(0);
let slopes = new Float64Array(0);

/** Sums over rows, the last of them at distance 0: Σ βᵈ v and Σ βᵈ d v, and how many finite values they have seen. */
interface Sums {
  readonly values: number;
  readonly slope: number;
  readonly seen: number;
}
const nothing: Sums = { values: 0, slope: 0, seen: 0 };

/** Keeps the smoothed values of a growing column; appends cost what is new and the tail that still moves. */
export class Smoother {
  /** What is drawn. */
  readonly shown = new Column(0);
  private readonly centred: boolean;
  /** The first row whose shown value may still move, and the sums before it. */
  private settledRows = 0;
  private settled = nothing;
  /** The sums of all rows. */
  private newest = nothing;

  constructor(readonly options: SmoothOptions) {
    this.centred = options.kind === 'centred' && options.beta > 0;
  }

  /** Points before the end whose centred value may still move: 1/(1 − β). */
  get tail(): number {
    return this.centred ? Math.round(1 / (1 - this.options.beta)) : 0;
  }

  /** Where the line ends: from what came before alone, whatever comes later. */
  last(): number | undefined {
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
      this.newest = this.sumForward(values, from, this.newest);
      return from;
    }
    const first = this.settledRows;
    this.newest = this.sumForward(values, first, this.settled);
    this.fitBack(first);
    return first;
  }

  // Plain loops over arrays: a million rows are smoothed before a panel is first drawn.

  /**
   * Sums rows from `first` on. One-sided, writes their average; else the sums themselves, for the way back. NaN leaves a
   * gap instead of a made-up point.
   */
  private sumForward(values: Column, first: number, before: Sums): Sums {
    const { beta, log } = this.options;
    const { centred } = this;
    const n = values.length;
    if (inputs.length < n - first) {
      inputs = new Float64Array(n - first);
      slopes = new Float64Array(n - first);
    }
    const { data } = values;
    const shown = this.shown.data;
    const { full, zeroth } = momentsOf(beta);
    let { values: sum, slope, seen } = before;
    for (let i = first; i < n; i++) {
      const raw = data[i] as number;
      if (log ? raw > 0 && raw < Infinity : Number.isFinite(raw)) {
        const input = log ? Math.log(raw) : raw;
        slope = beta * (slope + sum);
        sum = beta * sum + input;
        seen++;
        inputs[i - first] = input;
        slopes[i - first] = slope;
        if (centred) shown[i] = sum;
        else {
          const mean = sum / (zeroth[seen < full ? seen : full] as number);
          shown[i] = log ? Math.exp(mean) : mean;
        }
      } else inputs[i - first] = shown[i] = Number.NaN;
    }
    return { values: sum, slope, seen };
  }

  /** Runs from the newest value back to the settled ones, and fits a line to both sides' sums at every row. */
  private fitBack(first: number): void {
    const { beta, log } = this.options;
    const shown = this.shown.data;
    const { full, zeroth, first: firsts, second } = momentsOf(beta);
    const reach = Math.ceil(Math.log(settledShare) / Math.log(beta));
    const { seen: all } = this.newest;
    // Of what comes after a row, which itself is counted before.
    let sum = 0;
    let slope = 0;
    let seen = 0;
    for (let i = this.shown.length - 1; i >= first; i--) {
      const input = inputs[i - first] as number;
      if (Number.isNaN(input)) continue;
      const before = all - seen;
      const sumBefore = shown[i] as number;
      const slopeBefore = slopes[i - first] as number;
      if (seen === reach) {
        this.settledRows = i + 1;
        this.settled = { values: sumBefore, slope: slopeBefore, seen: before };
      }
      const b = before < full ? before : full;
      const a = seen + 1 < full ? seen + 1 : full;
      const m0 = (zeroth[b] as number) + (zeroth[a] as number) - 1;
      const m1 = (firsts[a] as number) - (firsts[b] as number);
      const total = sumBefore + sum;
      let fitted: number;
      if (m1 === 0) fitted = total / m0;
      else {
        const m2 = (second[b] as number) + (second[a] as number);
        fitted = (m2 * total - m1 * (slope - slopeBefore)) / (m0 * m2 - m1 * m1);
      }
      shown[i] = log ? Math.exp(fitted) : fitted;
      slope = beta * (slope + sum + input);
      sum = beta * (sum + input);
      seen++;
    }
  }
}

/** Smooths a whole array at once. */
export function smooth(values: ArrayLike<number>, options: SmoothOptions): Float64Array {
  const smoother = new Smoother(options);
  smoother.update(Column.from(values));
  return smoother.shown.view();
}
