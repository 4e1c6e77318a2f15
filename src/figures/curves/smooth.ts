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

/** Keeps the smoothed values of a growing column; appends cost what is new and the tail that still moves. */
export class Smoother {
  /** The one-sided average, final once written. */
  readonly forward = new Column();
  /** What is drawn. Equals `forward` for the one-sided kind. */
  readonly shown: Column;
  private readonly backward = new Column();
  private readonly weights = new Column();
  private mean = 0;
  /** 1 − βᵗ over the finite values seen. */
  private weight = 0;

  constructor(readonly options: SmoothOptions) {
    this.shown = options.kind === 'centred' && options.beta > 0 ? new Column() : this.forward;
  }

  /** Points before the end whose centred value may still move: 1/(1 − β). */
  get tail(): number {
    return this.shown === this.forward ? 0 : Math.round(1 / (1 - this.options.beta));
  }

  /** Takes in the values after those seen; returns the first index whose shown value changed. */
  update(values: Column): number {
    const { beta, log } = this.options;
    const from = this.forward.length;
    if (values.length < from) throw new RangeError('values were removed: make a new smoother');
    if (values.length === from) return from;
    const into = log ? Math.log : (x: number): number => x;
    const out = log ? Math.exp : (x: number): number => x;
    const usable = (x: number): boolean => Number.isFinite(x) && (!log || x > 0);
    this.forward.reserve(values.length);
    for (let i = from; i < values.length; i++) {
      const value = values.data[i] as number;
      if (beta === 0) {
        this.forward.push(value);
        continue;
      }
      if (usable(value)) {
        this.mean = beta * this.mean + (1 - beta) * into(value);
        this.weight = beta * this.weight + (1 - beta);
      }
      // A value that cannot be averaged leaves a gap instead of a made-up point.
      this.forward.push(usable(value) && this.weight > 0 ? out(this.mean / this.weight) : Number.NaN);
      this.weights.push(this.weight);
    }
    if (this.shown === this.forward) return from;
    return this.updateBackward(values, from, into, out, usable);
  }

  /** Runs from the newest value towards the old ones until nothing changes any more. */
  private updateBackward(
    values: Column,
    from: number,
    into: (x: number) => number,
    out: (x: number) => number,
    usable: (x: number) => boolean,
  ): number {
    const { beta } = this.options;
    const n = values.length;
    this.backward.resize(n);
    this.shown.resize(n);
    let mean = 0;
    let weight = 0;
    for (let i = n - 1; i >= 0; i--) {
      const value = values.data[i] as number;
      if (!usable(value)) {
        this.backward.data[i] = Number.NaN;
        this.shown.data[i] = Number.NaN;
        continue;
      }
      mean = beta * mean + (1 - beta) * into(value);
      weight = beta * weight + (1 - beta);
      const back = mean / weight;
      const before = this.backward.data[i] as number;
      if (i < from && Math.abs(back - before) <= 1e-9 * (1 + Math.abs(back))) return i + 1;
      this.backward.data[i] = back;
      const ahead = this.weights.data[i] as number;
      const forward = into(this.forward.data[i] as number);
      this.shown.data[i] = out((ahead * forward + weight * back) / (ahead + weight));
    }
    return 0;
  }
}

/** Smooths a whole array at once. */
export function smooth(values: ArrayLike<number>, options: SmoothOptions): Float64Array {
  const smoother = new Smoother(options);
  smoother.update(Column.from(values));
  return smoother.shown.view();
}
