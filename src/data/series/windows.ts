/** @file Windows over series: where they lie, how values are scaled, and what simple forecasts reach. */
import type { Split } from '../define';

/** (steps, columns), row-major. */
export interface Series {
  readonly values: Float64Array;
  readonly steps: number;
  readonly path: string;
  /** What the calendar says about every step (steps, features). */
  readonly calendar?: Float32Array;
}

interface Protocol {
  readonly columns: readonly string[];
  readonly context: number;
  readonly horizon: number;
  readonly validation: number;
  readonly test: number;
  readonly period?: number | undefined;
}

export interface Window {
  readonly values: Float32Array;
  readonly calendar: Float32Array | undefined;
  /** Step at which the context begins. */
  readonly start: number;
}

/** Steps at which validation and test begin. */
export function borders(
  steps: number,
  { validation, test }: Pick<Protocol, 'validation' | 'test'>,
): [number, number] {
  const tested = Math.round(steps * test);
  return [steps - tested - Math.round(steps * validation), steps - tested];
}

/** Each column of each series less its mean, over its deviation, both of the part that trains. */
export function standardise(
  series: readonly Series[],
  protocol: Protocol,
): { steps: number; values: Float32Array; calendar: Float32Array | undefined }[] {
  const width = protocol.columns.length;
  return series.map(({ values, steps, calendar }) => {
    const [trained] = borders(steps, protocol);
    const scaled = new Float32Array(values.length);
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let t = 0; t < trained; t++) sum += values[t * width + c]!;
      const mean = sum / trained;
      let square = 0;
      for (let t = 0; t < trained; t++) square += (values[t * width + c]! - mean) ** 2;
      // A column that never changes stays where it is.
      const deviation = Math.sqrt(square / trained) || 1;
      for (let t = 0; t < steps; t++) scaled[t * width + c] = (values[t * width + c]! - mean) / deviation;
    }
    return { steps, values: scaled, calendar };
  });
}

/** Every window whose forecast lies in one part; its context may reach back into the part before. */
export function windowsOf(
  series: readonly {
    readonly steps: number;
    readonly values: Float32Array;
    readonly calendar: Float32Array | undefined;
  }[],
  protocol: Protocol,
): Record<Split, Window[]> {
  const { context, horizon } = protocol;
  const found: Record<Split, Window[]> = { train: [], validation: [], test: [] };
  for (const { steps, values, calendar } of series) {
    const [first, second] = borders(steps, protocol);
    const parts: [Split, number, number][] = [
      ['train', context, first],
      ['validation', Math.max(context, first), second],
      ['test', Math.max(context, second), steps],
    ];
    for (const [split, from, to] of parts) {
      for (let at = from; at + horizon <= to; at++) {
        found[split].push({ values, calendar, start: at - context });
      }
    }
  }
  return found;
}

/** Errors on standardised values of repeating the last value, the mean of the context, and the last season. */
export function baselines(windows: readonly Window[], protocol: Protocol): Record<string, number> {
  const { columns, context, horizon, period } = protocol;
  const width = columns.length;
  /** @param forecast of one column, from a window and the step asked for */
  const errors = (
    forecast: (window: Window, c: number) => (step: number) => number,
  ): { mse: number; mae: number } => {
    let [square, absolute] = [0, 0];
    for (const window of windows) {
      for (let c = 0; c < width; c++) {
        const at = forecast(window, c);
        for (let step = 0; step < horizon; step++) {
          const error = window.values[(window.start + context + step) * width + c]! - at(step);
          square += error * error;
          absolute += Math.abs(error);
        }
      }
    }
    const count = windows.length * horizon * width;
    return { mse: square / count, mae: absolute / count };
  };
  const ago = (steps: (step: number) => number) =>
    errors(({ values, start }, c) => (step) => {
      return values[(start + context + step - steps(step)) * width + c]!;
    });
  const last = ago((step) => step + 1);
  const mean = errors(({ values, start }, c) => {
    let sum = 0;
    for (let step = 0; step < context; step++) sum += values[(start + step) * width + c]!;
    return () => sum / context;
  });
  const shown: Record<string, number> = {
    repeat_last_mse: last.mse,
    repeat_last_mae: last.mae,
    mean_mse: mean.mse,
    mean_mae: mean.mae,
  };
  if (period !== undefined && period <= context) {
    const season = ago((step) => period * (Math.floor(step / period) + 1));
    Object.assign(shown, { seasonal_mse: season.mse, seasonal_mae: season.mae });
  }
  return shown;
}
