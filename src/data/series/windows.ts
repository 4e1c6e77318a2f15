/** @file Windows over series: where they lie, how values are scaled, and what simple forecasts reach. */
import type { Split } from '../define';

/** (steps, columns), row-major. */
export interface Series {
  readonly values: Float64Array;
  readonly steps: number;
  readonly path: string;
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
): { steps: number; values: Float32Array }[] {
  const width = protocol.columns.length;
  return series.map(({ values, steps }) => {
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
    return { steps, values: scaled };
  });
}

/** Every window whose forecast lies in one part; its context may reach back into the part before. */
export function windowsOf(
  series: readonly { readonly steps: number; readonly values: Float32Array }[],
  protocol: Protocol,
): Record<Split, Window[]> {
  const { context, horizon } = protocol;
  const found: Record<Split, Window[]> = { train: [], validation: [], test: [] };
  for (const { steps, values } of series) {
    const [first, second] = borders(steps, protocol);
    const parts: [Split, number, number][] = [
      ['train', context, first],
      ['validation', Math.max(context, first), second],
      ['test', Math.max(context, second), steps],
    ];
    for (const [split, from, to] of parts) {
      for (let at = from; at + horizon <= to; at++) found[split].push({ values, start: at - context });
    }
  }
  return found;
}

/** Errors on standardised values of repeating the last value, and the last season. */
export function baselines(windows: readonly Window[], protocol: Protocol): Record<string, number> {
  const { columns, context, horizon, period } = protocol;
  const width = columns.length;
  const errors = (ago: (step: number) => number): { mse: number; mae: number } => {
    let [square, absolute] = [0, 0];
    for (const { values, start } of windows) {
      const first = start + context;
      for (let step = 0; step < horizon; step++) {
        for (let c = 0; c < width; c++) {
          const seen = values[(first + step - ago(step)) * width + c]!;
          const error = values[(first + step) * width + c]! - seen;
          square += error * error;
          absolute += Math.abs(error);
        }
      }
    }
    const count = windows.length * horizon * width;
    return { mse: square / count, mae: absolute / count };
  };
  const last = errors((step) => step + 1);
  const shown: Record<string, number> = { repeat_last_mse: last.mse, repeat_last_mae: last.mae };
  if (period !== undefined && period <= context) {
    const season = errors((step) => period * (Math.floor(step / period) + 1));
    Object.assign(shown, { seasonal_mse: season.mse, seasonal_mae: season.mae });
  }
  return shown;
}
