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
  /** What is drawn. */
  readonly shown = new Column();
  private readonly centred: boolean;
  /** What is averaged: the values or their logarithms; NaN leaves a gap instead of a made-up point. */
  private readonly inputs = new Column(0);
  /** The one-sided average of `inputs`, and what it has seen: 1 − βᵗ over the finite values. */
  private readonly forward = new Column(0);
  private readonly weights = new Column(0);
  private readonly backward = new Column(0);
  private mean = 0;
  private weight = 0;

  constructor(readonly options: SmoothOptions) {
    this.centred = options.kind === 'centred' && options.beta > 0;
  }

  /** Points before the end whose centred value may still move: 1/(1 − β). */
  get tail(): number {
    return this.centred ? Math.round(1 / (1 - this.options.beta)) : 0;
  }

  /** The one-sided average at a row, final once written. */
  settled(index: number): number {
    if (!this.centred) return this.shown.at(index);
    const average = this.forward.at(index);
    return this.options.log ? Math.exp(average) : average;
  }

  /** Takes in the values after those seen; returns the first index whose shown value changed. */
  update(values: Column): number {
    const { beta } = this.options;
    const from = this.shown.length;
    if (values.length < from) throw new RangeError('values were removed: make a new smoother');
    if (values.length === from) return from;
    if (beta === 0) {
      this.shown.append(values.data.subarray(from, values.length));
      return from;
    }
    this.updateForward(values, from);
    return this.centred ? this.updateBackward(from) : from;
  }

  // Plain loops over arrays: a million rows are smoothed before a panel is first drawn.

  private updateForward(values: Column, from: number): void {
    const { beta, log } = this.options;
    const n = values.length;
    for (const column of [this.inputs, this.forward, this.weights, this.shown]) column.resize(n);
    const { data } = values;
    const inputs = this.inputs.data;
    const forward = this.forward.data;
    const weights = this.weights.data;
    const shown = this.shown.data;
    let { mean, weight } = this;
    for (let i = from; i < n; i++) {
      const value = data[i] as number;
      const usable = log ? value > 0 && value < Infinity : Number.isFinite(value);
      if (usable) {
        const input = log ? Math.log(value) : value;
        mean = beta * mean + (1 - beta) * input;
        weight = beta * weight + (1 - beta);
        inputs[i] = input;
        forward[i] = mean / weight;
      } else inputs[i] = forward[i] = Number.NaN;
      weights[i] = weight;
    }
    this.mean = mean;
    this.weight = weight;
    if (this.centred) return;
    for (let i = from; i < n; i++) shown[i] = log ? Math.exp(forward[i] as number) : (forward[i] as number);
  }

  /** Runs from the newest value towards the old ones until nothing changes any more. */
  private updateBackward(from: number): number {
    const { beta, log } = this.options;
    const n = this.inputs.length;
    this.backward.resize(n);
    const inputs = this.inputs.data;
    const forward = this.forward.data;
    const weights = this.weights.data;
    const backward = this.backward.data;
    const shown = this.shown.data;
    let mean = 0;
    let weight = 0;
    for (let i = n - 1; i >= 0; i--) {
      const input = inputs[i] as number;
      if (Number.isNaN(input)) {
        backward[i] = shown[i] = Number.NaN;
        continue;
      }
      mean = beta * mean + (1 - beta) * input;
      weight = beta * weight + (1 - beta);
      const back = mean / weight;
      if (i < from && Math.abs(back - (backward[i] as number)) <= 1e-9 * (1 + Math.abs(back))) return i + 1;
      backward[i] = back;
      const ahead = weights[i] as number;
      const both = (ahead * (forward[i] as number) + weight * back) / (ahead + weight);
      shown[i] = log ? Math.exp(both) : both;
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
