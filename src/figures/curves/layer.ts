/**
 * @file The lines of a chart as a picture of their own, so that a worker can draw them: what it is sent, what it keeps
 * and what it answers. Every pixel column keeps its extremes, as on the page, because it is the same code.
 */
import type { PackedColumn } from '../../protocol/columns';
import type { RunStyle } from '../core/palette';
import type { Raster } from '../core/raster';
import type { BandMark, Box, LineMark, Mark } from '../core/scene';
import type { Theme } from '../core/theme';
import { clipOf, linesOf, type ChartFrame, type ChartView, type LayerFacts } from './chart';
import { RunData, type XAxis } from './data';
import { lineEnd, type LineEnd } from './ends';
import { drawLines, type LineGroup } from './lines';
import { metricOf } from './metrics';
import { chartScales } from './scales';
import type { SmoothOptions } from './smooth';
import { SeriesStore } from './store';

/** New rows of one table of a run, by column; with `reset` all that was sent of the run no longer counts. */
export interface LayerRows {
  readonly type: 'rows';
  readonly run: string;
  readonly reset: boolean;
  readonly table: string;
  readonly columns: Readonly<Record<string, PackedColumn>>;
  readonly count: number;
}

interface LayerGroup {
  readonly key: string;
  readonly runs: readonly string[];
  readonly style: RunStyle;
  readonly live: boolean;
  readonly stale: boolean;
}

/** Smooths what has come of a run, ahead of the first picture. */
export interface LayerPrepare extends Pick<LayerRequest, 'metric' | 'smoothing'> {
  readonly type: 'prepare';
  readonly run: string;
  readonly axis: XAxis;
}

export interface LayerRequest {
  readonly type: 'draw';
  /** Given back with the answer. */
  readonly chart: number;
  readonly metric: string;
  readonly smoothing: SmoothOptions;
  readonly groups: readonly LayerGroup[];
  readonly view: ChartView;
  readonly frame: ChartFrame;
  readonly theme: Theme;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

/** Forgets all runs but these. */
export interface LayerKeep {
  readonly type: 'keep';
  readonly runs: readonly string[];
}

export type ToLayer = LayerRows | LayerPrepare | LayerRequest | LayerKeep;

export interface DrawnLayer extends LayerFacts {
  /** Bands and lines, in the order in which they are painted. */
  readonly marks: readonly (BandMark | LineMark)[];
  /** What is seen of them. */
  readonly clip: Box;
}

/** What the worker keeps of the runs. */
export class LayerData {
  private readonly data = new Map<string, RunData>();
  private readonly store = new SeriesStore((run) => this.dataOf(run));

  private dataOf(run: string): RunData {
    let data = this.data.get(run);
    if (!data) this.data.set(run, (data = new RunData()));
    return data;
  }

  take({ run, reset, table, columns, count }: LayerRows): void {
    if (reset) this.data.set(run, new RunData());
    this.dataOf(run).ensure(table).append(columns, count);
  }

  keep(runs: readonly string[]): void {
    const kept = new Set(runs);
    for (const run of this.data.keys()) if (!kept.has(run)) this.data.delete(run);
    this.store.keep(kept);
  }

  prepare({ run, metric, axis, smoothing }: LayerPrepare): void {
    this.store.get(run, metricOf(metric), axis, smoothing).update();
  }

  draw({ metric: id, smoothing, groups, view, frame, theme }: LayerRequest): DrawnLayer {
    const metric = metricOf(id);
    const drawn = groups.map((group): LineGroup & { key: string } => ({
      ...group,
      series: group.runs.map((run) => {
        const series = this.store.get(run, metric, view.axis, smoothing);
        series.update();
        return series;
      }),
    }));
    const { x, y, plot, extent } = chartScales(drawn, metric, view, frame);
    const ends = new Map<string, LineEnd>();
    for (const group of drawn) {
      const end = lineEnd(group, x, y);
      if (end) ends.set(group.key, end);
    }
    const marks = linesOf(drawn.map((group) => drawLines(group, view, x, y, theme))).filter(isPainted);
    return { marks, clip: clipOf(plot), extent, ends };
  }
}

const isPainted = (mark: Mark): mark is BandMark | LineMark => mark.kind === 'band' || mark.kind === 'line';

/** Paints what was drawn, `ratio` device pixels per CSS pixel. */
export function paintLayer(
  { marks, clip }: Pick<DrawnLayer, 'marks' | 'clip'>,
  ratio: number,
  raster: Raster,
): void {
  raster.begin(clip, ratio);
  for (const mark of marks) {
    if (mark.kind === 'band') raster.band(mark);
    else raster.line(mark);
  }
}
