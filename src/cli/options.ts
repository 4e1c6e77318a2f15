/** @file Options that several commands share, and their checks. */
import { InvalidArgumentError } from 'commander';

/** For options that may be given several times. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];

/** The same of texts that are looked for: the empty one stands everywhere. */
export function collectText(value: string, previous: readonly string[] = []): readonly string[] {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return collect(value, previous);
}

export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return number;
}

export function naturalNumber(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0 || value.trim() === '') {
    throw new InvalidArgumentError('It must be a whole number from 0.');
  }
  return number;
}

export const numberFrom =
  (minimum: number, maximum = Number.POSITIVE_INFINITY) =>
  (value: string): number => {
    const number = Number(value);
    if (!(number >= minimum && number <= maximum) || value.trim() === '') {
      const range = maximum === Number.POSITIVE_INFINITY ? `at least ${minimum}` : `${minimum} … ${maximum}`;
      throw new InvalidArgumentError(`It must be a number of ${range}.`);
    }
    return number;
  };

/** Bits of quantised weights. */
export function bitsOption(value: string): 4 | 8 {
  if (value !== '4' && value !== '8') throw new InvalidArgumentError('It must be 8 or 4.');
  return value === '8' ? 8 : 4;
}

/** `1,2,3` */
export function idList(value: string): number[] {
  const ids = value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0)) {
    throw new InvalidArgumentError('It must be ids separated by commas, for example 1,2,3.');
  }
  return ids;
}

/** `data.length=512` for `--set` of commands that only take data options. */
export function dataSetting(value: string, previous: readonly string[] = []): readonly string[] {
  if (!/^data(\.[^=]+)?=/.test(value)) {
    throw new InvalidArgumentError('Only data options can be set here, for example data.length=512.');
  }
  return collect(value, previous);
}

/** JSON with NaN and the infinities as strings, as in metrics.jsonl. Typed arrays become lists. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (typeof part === 'number' && !Number.isFinite(part)) return String(part);
      if (part instanceof Float32Array || part instanceof Int32Array) return Array.from(part);
      return part;
    },
    indent,
  );
}
