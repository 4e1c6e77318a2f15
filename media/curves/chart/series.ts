/** @file Series of the charts: with what has come so far, but for many rows at once, which are taken in beside the frames. */
import type { RunData, XAxis } from '../../../src/figures/curves/data';
import type { Metric } from '../../../src/figures/curves/metrics';
import type { Series } from '../../../src/figures/curves/series';
import type { SmoothOptions } from '../../../src/figures/curves/smooth';
import { SeriesStore } from '../../../src/figures/curves/store';

/** New rows of a series that are taken in where they are asked for. */
const rowsAtOnce = 5000;

export class CaughtUp {
  private readonly store: SeriesStore;
  /** Series with many new rows, taken in bit by bit. */
  private readonly waiting = new Set<Series>();
  private atOnce = false;

  constructor(
    dataOf: (run: string) => RunData,
    /** Whether a picture is on its way. */
    private readonly busy: () => boolean,
    private readonly changed: () => void,
  ) {
    this.store = new SeriesStore(dataOf);
  }

  /** Forgets those of other runs. */
  keep(runs: ReadonlySet<string>): void {
    this.store.keep(runs);
  }

  get(run: string, metric: Metric, axis: XAxis, smoothing: SmoothOptions): Series {
    const series = this.store.get(run, metric, axis, smoothing);
    if (this.atOnce || series.behind <= rowsAtOnce) series.update();
    else {
      if (this.waiting.size === 0) setTimeout(() => this.catchUp());
      this.waiting.add(series);
    }
    return series;
  }

  private catchUp(): void {
    // The picture comes first: it is what one looks at, and it wants the processor.
    if (this.busy()) {
      setTimeout(() => this.catchUp(), 50);
      return;
    }
    const until = performance.now() + 8;
    for (const series of this.waiting) {
      series.update();
      this.waiting.delete(series);
      if (performance.now() > until) break;
    }
    if (this.waiting.size > 0) setTimeout(() => this.catchUp());
    else this.changed();
  }

  /** Does what needs every row, as an export does. */
  whole<T>(action: () => T): T {
    this.atOnce = true;
    try {
      return action();
    } finally {
      this.atOnce = false;
    }
  }
}
