/** @file Ticks of axes in steps of 1, 2 and 5, and ranges that grow in the same steps, so that nothing jitters. */
import { integer, number3, short } from './format';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export type Range = readonly [min: number, max: number];

const powers = (value: number): { base: number; digit: number } => {
  const base = 10 ** Math.floor(Math.log10(value) + 1e-12);
  return { base, digit: value / base };
};

/** Smallest of 1, 2, 5 × 10ⁿ that is at least `value` (> 0). */
export function ceil125(value: number): number {
  const { base, digit } = powers(value);
  const next = [1, 2, 5, 10].find((candidate) => candidate >= digit - 1e-9) as number;
  return clean(next * base);
}

/** Largest of 1, 2, 5 × 10ⁿ that is at most `value` (> 0). */
export function floor125(value: number): number {
  const { base, digit } = powers(value);
  const next = [10, 5, 2, 1].find((candidate) => candidate <= digit + 1e-9) as number;
  return clean(next * base);
}

/** Removes the last bits that multiplying by powers of ten leaves. */
const clean = (value: number): number => Number(value.toPrecision(12));

/** At most about `count` ticks within the range. */
export function linearTicks([min, max]: Range, count: number, label = tickLabel, quarters = false): Tick[] {
  if (!(max > min)) return [];
  const least = (max - min) / Math.max(1, count);
  const whole = ceil125(least);
  // Counts of steps read well in quarters too: 250, 500, 750.
  const step = quarters && whole >= 50 && whole / 2 >= least && powers(whole).digit > 4 ? whole / 2 : whole;
  const ticks: Tick[] = [];
  for (let k = Math.ceil(min / step - 1e-9); k * step <= max + step * 1e-9; k++) {
    const value = clean(k * step);
    ticks.push({ value, label: label(value, step) });
  }
  return ticks;
}

/** At most about `count` whole numbers from 0 to `last`. */
export const integerTicks = (last: number, count: number): Tick[] =>
  last < 1 ? [{ value: 0, label: '0' }] : linearTicks([0, last], Math.min(last, count));

/** Label of a tick with as many decimals as its step needs. */
export function tickLabel(value: number, step: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 1e6) return short(value);
  if (step >= 1) return integer(value);
  if (step < 1e-4) return number3(value);
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace('-', '−');
}

/** Whole powers of ten, thinned to `count`; 2 and 5 between them where the range is shorter than two decades. */
export function logTicks([min, max]: Range, count: number): Tick[] {
  if (!(min > 0) || !(max > min)) return [];
  const low = Math.floor(Math.log10(min) + 1e-9);
  const high = Math.ceil(Math.log10(max) - 1e-9);
  const decades = Math.log10(max / min);
  const factors =
    decades < 0.7 && count >= 4
      ? [1, 1.5, 2, 3, 4, 5, 7]
      : decades < 1.3
        ? [1, 2, 5]
        : decades < 2.2 && count >= 4
          ? [1, 3]
          : [1];
  const whole = Math.floor(Math.log10(max) + 1e-9) - Math.ceil(Math.log10(min) - 1e-9) + 1;
  const every = Math.max(1, Math.ceil(whole / Math.max(1, count)));
  const ticks: Tick[] = [];
  for (let power = low; power <= high; power++) {
    if (factors.length === 1 && ((power % every) + every) % every) continue;
    for (const factor of factors) {
      const value = clean(factor * 10 ** power);
      if (value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9))
        ticks.push({ value, label: logLabel(value) });
    }
  }
  return ticks;
}

function logLabel(value: number): string {
  if (value >= 1e4) return short(value);
  if (value >= 1e-3) return String(Number(value.toPrecision(3)));
  return value.toExponential(0).replace('-', '−');
}

/** A linear range that covers `data`, ends on steps of 1-2-5, and begins at zero when zero is near. */
export function growLinear([min, max]: Range, count = 4): Range {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  let low = min;
  let high = max;
  if (low > 0 && low < 0.35 * high) low = 0;
  if (high - low <= 1e-9 * Math.abs(high)) {
    const room = Math.abs(high) * 0.1 || 1;
    low -= room;
    high += room;
  }
  const step = ceil125((high - low) / count);
  return [clean(Math.floor(low / step + 1e-9) * step), clean(Math.ceil(high / step - 1e-9) * step)];
}

/** A log range that covers the positive `data` with a little room, ending on 1, 2 or 5 × 10ⁿ. */
export function growLog([min, max]: Range): Range {
  if (!(min > 0) || !Number.isFinite(max) || max < min) return [0.1, 1];
  const low = floor125(min / 1.12);
  const high = ceil125(max * 1.12);
  return high > low ? [low, high] : [low / 2, high * 2];
}
