/** @file Series by run and metric, kept between frames and made anew when the smoothing changes. */
import type { RunData, XAxis } from './data';
import type { Metric } from './metrics';
import { Series } from './series';
import type { SmoothOptions } from './smooth';

export class SeriesStore {
  private readonly series = new Map<string, Series>();

  constructor(private readonly dataOf: (run: string) => RunData) {}

  /** The series as it is; `update` takes in what has come since. */
  get(run: string, metric: Metric, axis: XAxis, smoothing: SmoothOptions): Series {
    const data = this.dataOf(run);
    const key = `${run}\n${metric.id}\n${axis}`;
    const known = this.series.get(key);
    const same =
      known?.of(data) &&
      known.smoothing.beta === smoothing.beta &&
      known.smoothing.kind === smoothing.kind &&
      known.smoothing.log === smoothing.log;
    if (known && same) return known;
    const made = new Series(data, metric, axis, smoothing);
    this.series.set(key, made);
    return made;
  }

  /** Forgets what belongs to other runs than these. */
  keep(runs: ReadonlySet<string>): void {
    for (const key of this.series.keys())
      if (!runs.has(key.slice(0, key.indexOf('\n')))) this.series.delete(key);
  }
}
