/** @file The scales of a line chart: x as the view says, y by the values that can be seen. */
import type { Box } from '../core/scene';
import { linearScale, logScale, type Scale } from '../core/scale';
import { growLinear, growLog, type Range } from '../core/ticks';
import type { ChartFrame, ChartView } from './chart';
import type { Metric } from './metrics';
import type { Series } from './series';
import { visibleRows } from './trace';

/** Series that are drawn as one group: the seeds. */
interface Seeds {
  readonly series: readonly Series[];
}

/** Extent of the y values that can be seen. */
function extent(groups: readonly Seeds[], view: ChartView, x: Scale): Range {
  let min = Infinity;
  let max = -Infinity;
  const out: [number, number] = [0, 0];
  const sample: number[] = [];
  for (const group of groups) {
    for (const series of group.series) {
      const [from, to] = visibleRows(series, x);
      const ranges =
        view.envelope && group.series.length === 1
          ? [series.rawRange, series.shownRange]
          : [series.shownRange];
      if (view.clipOutliers) {
        const stride = Math.max(1, Math.floor((to - from) / 500));
        for (let i = from; i < to; i += stride) {
          const value = series.shown.data[i] as number;
          if (Number.isFinite(value)) sample.push(value);
        }
        continue;
      }
      for (const range of ranges) {
        range.query(from, to, out);
        if (view.log && out[0] <= 0) out[0] = smallestPositive(series, from, to);
        if (out[0] < min) min = out[0];
        if (out[1] > max && out[1] < Infinity) max = out[1];
      }
    }
  }
  if (view.clipOutliers && sample.length > 0) {
    sample.sort((a, b) => a - b);
    const at = (share: number): number => sample[Math.round(share * (sample.length - 1))] as number;
    return [view.log ? Math.max(at(0.01), Number.MIN_VALUE) : at(0.01), at(0.99)];
  }
  return [min, max];
}

function smallestPositive(series: Series, from: number, to: number): number {
  let min = Infinity;
  for (let i = from; i < to; i++) {
    const value = series.raw.data[i] as number;
    if (value > 0 && value < min) min = value;
  }
  return min;
}

export interface ChartScales {
  readonly x: Scale;
  readonly y: Scale;
  readonly plot: Box;
  /** What can be seen of the values; from the larger to the smaller where there is nothing. */
  readonly extent: Range;
}

/** @param known the extent, where it has been found elsewhere */
export function chartScales(
  groups: readonly Seeds[],
  metric: Metric,
  view: ChartView,
  frame: ChartFrame,
  known?: Range,
): ChartScales {
  const plot: Box = {
    x: frame.left,
    y: frame.top,
    width: Math.max(10, frame.width - frame.left - frame.right),
    height: Math.max(10, frame.height - frame.top - frame.bottom),
  };
  const x = linearScale(view.xDomain, [plot.x, plot.x + plot.width]);
  const data = known ?? extent(groups, view, x);
  const empty = !(data[1] >= data[0]);
  const domain =
    view.yZoom ??
    metric.range ??
    (view.log
      ? empty
        ? ([0.001, 4] as const)
        : growLog(data)
      : empty
        ? ([0, 1] as const)
        : growLinear(data));
  const yRange: Range = [plot.y + plot.height, plot.y];
  const usable = !view.log || domain[0] > 0;
  const y = view.log && usable ? logScale(domain, yRange) : linearScale(domain, yRange);
  return { x, y, plot, extent: data };
}
