/**
 * @file Minimum and maximum over any stretch of a growing column, from a pyramid of blocks of 16, so that drawing a
 * million points costs what the pixels cost and loses no visible point.
 */
import { Column } from './column';

const shift = 4;
const block = 1 << shift;

export class Extremes {
  /** Level k holds the minima and maxima of blocks of 16^(k+1) values. */
  private readonly lows: Column[] = [];
  private readonly highs: Column[] = [];
  private built = 0;

  constructor(private readonly values: Column) {}

  /** Rebuilds what depends on values from index `changed` on. */
  update(changed = this.built): void {
    const n = this.values.length;
    let first = Math.min(changed, this.built, n) >> shift;
    this.built = n;
    let below: { low: Column; high: Column } = { low: this.values, high: this.values };
    for (let level = 0; below.low.length >= block; level++) {
      const low = (this.lows[level] ??= new Column());
      const high = (this.highs[level] ??= new Column());
      const count = Math.ceil(below.low.length / block);
      low.resize(count);
      high.resize(count);
      for (let b = first; b < count; b++) {
        let min = Infinity;
        let max = -Infinity;
        const end = Math.min(below.low.length, (b + 1) << shift);
        for (let i = b << shift; i < end; i++) {
          const l = below.low.data[i] as number;
          const h = below.high.data[i] as number;
          if (l < min) min = l;
          if (h > max) max = h;
        }
        low.data[b] = min;
        high.data[b] = max;
      }
      first >>= shift;
      below = { low, high };
    }
  }

  /** Extremes of values[from … to) into `out` as [min, max]; Infinity and −Infinity where there is no number. */
  query(from: number, to: number, out: [number, number]): void {
    let min = Infinity;
    let max = -Infinity;
    let start = Math.max(0, from);
    let end = Math.min(to, this.values.length);
    for (let level = 0; start < end; level++) {
      // Plain arrays in the loops: this is what drawing a million points spends its time on.
      const low = level === 0 ? this.values.data : (this.lows[level - 1] as Column).data;
      const high = level === 0 ? low : (this.highs[level - 1] as Column).data;
      const aligned = this.lows[level] !== undefined && end - start > 2 * block;
      const left = aligned ? Math.min(end, ((start + block - 1) >> shift) << shift) : end;
      for (let i = start; i < left; i++) {
        const l = low[i] as number;
        const h = high[i] as number;
        if (l < min) min = l;
        if (h > max) max = h;
      }
      if (!aligned) break;
      const right = Math.max(left, (end >> shift) << shift);
      for (let i = right; i < end; i++) {
        const l = low[i] as number;
        const h = high[i] as number;
        if (l < min) min = l;
        if (h > max) max = h;
      }
      start = left >> shift;
      end = right >> shift;
    }
    out[0] = min;
    out[1] = max;
  }
}
