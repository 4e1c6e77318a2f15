/** @file The line chart: groups of runs + view + theme → a scene, and the geometry that the pointer needs. */
import type { Scale } from '../core/scale';
import type { Box, Mark, Measure, Scene } from '../core/scene';
import type { RunStyle } from '../core/palette';
import type { Theme } from '../core/theme';
import { percent, short } from '../core/format';
import { linearTicks, logTicks, type Range, type Tick } from '../core/ticks';
import type { XAxis } from './data';
import type { Metric } from './metrics';
import { drawEnd, lineEnd, placeEnd, type LineEnd } from './ends';
import { drawLines, emphasised, type DrawnLines } from './lines';
import { drawNotes, type ChartNote } from './notes';
import { chartScales } from './scales';
import type { Series } from './series';
import { pointOf, type Point } from './trace';

export interface ChartGroup {
  readonly key: string;
  readonly name: string;
  readonly style: RunStyle;
  /** One series per shown seed. */
  readonly series: readonly Series[];
  readonly live: boolean;
  /** Values are old: the process is gone. Drawn at 55 %. */
  readonly stale: boolean;
  /** Said at the end of the line. */
  readonly note?: string;
  /** Where a run of the group failed, and the note that says so. */
  readonly failed?: { readonly x: number; readonly note: string };
}

export interface ChartView {
  readonly axis: XAxis;
  readonly xDomain: Range;
  readonly yZoom?: Range | undefined;
  readonly log: boolean;
  readonly envelope: boolean;
  readonly clipOutliers: boolean;
}

export interface ChartFrame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly xLabels: boolean;
  readonly yTicks: number;
}

export interface ChartLine {
  readonly group: ChartGroup;
  /** The drawn value near a position; of several seeds their mean there. */
  pointAt(x: number): Point | undefined;
  /** Last settled value and where the line ends, in px. */
  readonly end: { readonly x: number; readonly y: number; readonly value: number } | undefined;
  /** The line drawn thicker, for when it is pointed at. */
  emphasis(): Mark | undefined;
}

export interface Chart {
  readonly scene: Scene;
  /** What lies above lines that are drawn elsewhere: their ends, words, checkpoints; else part of the scene. */
  readonly above: readonly Mark[];
  readonly metric: Metric;
  readonly view: ChartView;
  readonly frame: ChartFrame;
  readonly plot: Box;
  readonly x: Scale;
  readonly y: Scale;
  readonly lines: readonly ChartLine[];
  readonly xTicks: readonly Tick[];
}

/** What is known of lines that are drawn elsewhere. */
export interface LayerFacts {
  readonly extent: Range;
  /** By key of the group. */
  readonly ends: ReadonlyMap<string, LineEnd>;
}

/** Where lines may be drawn: the plot and a little more, for half a line's width. */
export const clipOf = (plot: Box): Box => ({
  x: plot.x - 1,
  y: plot.y - 2,
  width: plot.width + 2,
  height: plot.height + 3,
});

export const xUnit: Record<XAxis, string> = {
  step: 'step',
  time: 'seconds',
  tokens: 'tokens',
  flops: 'FLOPs',
};

function yTicks(metric: Metric, y: Scale, count: number): Tick[] {
  if (y.log) {
    const ticks = logTicks(y.domain, count);
    // A range within a factor, as after zooming, has no powers to mark.
    return ticks.length >= 2 ? ticks : linearTicks(y.domain, count);
  }
  if (metric.format === 'percent') {
    const fine = y.domain[1] - y.domain[0] < 0.05;
    return linearTicks(y.domain, count).map(({ value }) => ({ value, label: percent(value, fine ? 1 : 0) }));
  }
  if (metric.format === 'short') return linearTicks(y.domain, count, (value) => short(value));
  return linearTicks(y.domain, count);
}

export function xTicks(x: Scale): Tick[] {
  const count = Math.max(
    2,
    Math.min(8, Math.floor((x.range[1] - x.range[0]) / (x.range[1] - x.range[0] < 420 ? 70 : 95))),
  );
  const quarter = linearTicks(x.domain, count, undefined, true);
  return x.domain[1] >= 1e5 ? quarter.map(({ value }) => ({ value, label: short(value) })) : quarter;
}

/** Bands below all lines. */
export const linesOf = (drawn: readonly DrawnLines[]): Mark[] => [
  ...drawn.flatMap(({ bands }) => bands),
  ...drawn.flatMap(({ lines }) => lines),
];

/** Draws everything but cursor and end labels, which change with the pointer. */
export function drawChart(
  groups: readonly ChartGroup[],
  metric: Metric,
  view: ChartView,
  frame: ChartFrame,
  theme: Theme,
  measure: Measure,
  extra: {
    readonly notes?: readonly ChartNote[];
    readonly checkpoints?: readonly number[];
    readonly message?: string;
    /** Lines and bands come from a layer of their own; here is what it says of them. */
    readonly layer?: LayerFacts;
  } = {},
): Chart {
  const { layer } = extra;
  const { x, y, plot } = chartScales(groups, metric, view, frame, layer?.extent);
  const scaled = theme.fontSize / 13;
  const small = 11 * scaled;
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const marks: Mark[] = [];
  const crisp = (value: number): number => Math.round(value - 0.5) + 0.5;

  const grid = yTicks(metric, y, frame.yTicks);
  const room = small * 0.9;
  let lastLabel = Infinity;
  for (const tick of grid) {
    const at = crisp(y.map(tick.value));
    if (Math.abs(at - bottom) > 1.5) {
      marks.push({ kind: 'line', points: [plot.x, at, right, at], stroke: { color: theme.grid, width: 1 } });
    }
    if (lastLabel - at >= room) {
      marks.push({
        kind: 'text',
        x: plot.x - 8,
        y: at + small * 0.36,
        text: tick.label,
        size: small,
        color: theme.secondary,
        anchor: 'end',
      });
      lastLabel = at;
    }
  }

  const annotate = frame.right > 60;
  const notes = drawNotes(extra.notes ?? [], x, plot, theme, measure, annotate);
  marks.push(...notes.rules);

  const baseline = crisp(bottom);
  marks.push({
    kind: 'line',
    points: [plot.x, baseline, right, baseline],
    stroke: { color: theme.axis, width: 1 },
  });
  const ticks = xTicks(x);
  for (const tick of ticks) {
    const at = crisp(x.map(tick.value));
    marks.push({
      kind: 'line',
      points: [at, baseline, at, baseline + 4],
      stroke: { color: theme.axis, width: 1 },
    });
  }
  if (frame.xLabels) {
    let before = -Infinity;
    for (const tick of ticks) {
      const width = measure(tick.label, small);
      const at = Math.min(x.map(tick.value), frame.width - width / 2);
      if (at - width / 2 < before + 10) continue;
      before = at + width / 2;
      marks.push({
        kind: 'text',
        x: at,
        y: bottom + 5 + small * 1.05,
        text: tick.label,
        size: small,
        color: theme.secondary,
        anchor: 'middle',
      });
    }
    marks.push({
      kind: 'text',
      x: right,
      y: bottom + 6 + small * 2.25,
      text: xUnit[view.axis],
      size: small,
      color: theme.secondary,
      anchor: 'end',
    });
  }

  const drawn = layer ? [] : groups.map((group) => drawLines(group, view, x, y, theme));
  const ends = groups.map((group) => (layer ? layer.ends.get(group.key) : lineEnd(group, x, y)));
  marks.push({ kind: 'group', clip: clipOf(plot), marks: linesOf(drawn) });
  const above: Mark[] = [];
  above.push({
    kind: 'group',
    clip: { x: plot.x - 8, y: plot.y - 8, width: plot.width + 16, height: plot.height + 9 },
    marks: groups.flatMap((group, i) => drawEnd(group, placeEnd(ends[i], x, y), x, y, theme, annotate)),
  });

  above.push(...notes.texts);

  for (const step of extra.checkpoints ?? []) {
    const at = x.map(step);
    if (at < plot.x - 0.5 || at > right + 0.5) continue;
    above.push({
      kind: 'marker',
      x: at,
      y: bottom - 3.5,
      shape: 'triangle-up',
      radius: 3.4,
      color: theme.secondary,
    });
  }
  if (extra.message) {
    const width = measure(extra.message, theme.fontSize);
    const centre = plot.x + plot.width / 2;
    const middle = plot.y + plot.height / 2;
    above.push({
      kind: 'rect',
      x: centre - width / 2 - 10,
      y: middle - 14,
      width: width + 20,
      height: 28,
      fill: theme.background,
    });
    above.push({
      kind: 'text',
      x: centre,
      y: middle + 4,
      text: extra.message,
      size: theme.fontSize,
      color: theme.secondary,
      anchor: 'middle',
      maxWidth: plot.width - 16,
    });
  }
  if (!layer) marks.push(...above);
  return {
    scene: { width: frame.width, height: frame.height, fonts: theme.fonts, marks },
    above: layer ? above : [],
    metric,
    view,
    frame,
    plot,
    x,
    y,
    lines: groups.map((group, i) => ({
      group,
      pointAt: (at) => pointOf(group.series, at, y.log),
      end: placeEnd(ends[i], x, y),
      emphasis: () => emphasised(group, view, x, y, theme),
    })),
    xTicks: ticks,
  };
}
