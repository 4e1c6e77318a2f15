/** @file Scales from data to pixels and back. */
import type { Range } from './ticks';

export interface Scale {
  readonly log: boolean;
  readonly domain: Range;
  readonly range: Range;
  /** Data to pixel; on a log scale values ≤ 0 map to the pixel of the domain's lower end. */
  map(value: number): number;
  invert(pixel: number): number;
}

export function linearScale(domain: Range, range: Range): Scale {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0] || 1);
  return {
    log: false,
    domain,
    range,
    map: (value) => range[0] + (value - domain[0]) * slope,
    invert: (pixel) => domain[0] + (pixel - range[0]) / slope,
  };
}

export function logScale(domain: Range, range: Range): Scale {
  const low = Math.log(domain[0]);
  const slope = (range[1] - range[0]) / (Math.log(domain[1]) - low || 1);
  return {
    log: true,
    domain,
    range,
    map: (value) => (value > 0 ? range[0] + (Math.log(value) - low) * slope : range[0]),
    invert: (pixel) => Math.exp(low + (pixel - range[0]) / slope),
  };
}

/** Index of the first entry ≥ `value` in the ascending `xs[0 … length)`. */
export function lowerBound(xs: ArrayLike<number>, value: number, length = xs.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((xs[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the entry nearest to `value`, −1 when there is none. */
export function nearestIndex(xs: ArrayLike<number>, value: number, length = xs.length): number {
  if (length === 0) return -1;
  const at = lowerBound(xs, value, length);
  if (at === 0) return 0;
  if (at === length) return length - 1;
  return value - (xs[at - 1] as number) <= (xs[at] as number) - value ? at - 1 : at;
}
