/** @file The line chart: groups of runs + view + theme → a scene, and the geometry that the pointer needs. */
import type { Scale } from '../core/scale';
import type { Box, Mark, Measure, Scene } from '../core/scene';
import type { RunStyle } from '../core/palette';
import type { Theme } from '../core/theme';
import type { Range, Tick } from '../core/ticks';
import { baselineMarks, gridMarks, xLabelMarks, xTicks, xUnit, yTicks, type Axes } from './axes';
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
  const axes: Axes = { x, y, plot, frame, theme };
  const ticks = xTicks(x);
  const annotate = frame.right > 60;
  const notes = drawNotes(extra.notes ?? [], x, plot, theme, measure, annotate);
  const drawn = layer ? [] : groups.map((group) => drawLines(group, view, x, y, theme));
  const ends = groups.map((group) => (layer ? layer.ends.get(group.key) : lineEnd(group, x, y)));
  const above: Mark[] = [
    {
      kind: 'group',
      clip: { x: plot.x - 8, y: plot.y - 8, width: plot.width + 16, height: plot.height + 9 },
      marks: groups.flatMap((group, i) => drawEnd(group, placeEnd(ends[i], x, y), x, y, theme, annotate)),
    },
    ...notes.texts,
    ...checkpointMarks(axes, extra.checkpoints ?? []),
    ...(extra.message ? messageMarks(axes, extra.message, measure) : []),
  ];
  const marks: Mark[] = [
    ...gridMarks(axes, yTicks(metric, y, frame.yTicks)),
    ...notes.rules,
    ...baselineMarks(axes, ticks),
    ...(frame.xLabels ? xLabelMarks(axes, ticks, xUnit[view.axis], measure) : []),
    { kind: 'group', clip: clipOf(plot), marks: linesOf(drawn) },
    ...(layer ? [] : above),
  ];
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

/** Steps of which a checkpoint was kept, on the ground of the plot. */
function checkpointMarks({ x, plot, theme }: Axes, steps: readonly number[]): Mark[] {
  return steps
    .map((step) => x.map(step))
    .filter((at) => at >= plot.x - 0.5 && at <= plot.x + plot.width + 0.5)
    .map((at) => ({
      kind: 'marker',
      x: at,
      y: plot.y + plot.height - 3.5,
      shape: 'triangle-up',
      radius: 3.4,
      color: theme.secondary,
    }));
}

/** Words in the middle of the plot, for while there is nothing else to see. */
function messageMarks({ plot, theme }: Axes, text: string, measure: Measure): Mark[] {
  const width = measure(text, theme.fontSize);
  const centre = plot.x + plot.width / 2;
  const middle = plot.y + plot.height / 2;
  return [
    {
      kind: 'rect',
      x: centre - width / 2 - 10,
      y: middle - 14,
      width: width + 20,
      height: 28,
      fill: theme.background,
    },
    {
      kind: 'text',
      x: centre,
      y: middle + 4,
      text,
      size: theme.fontSize,
      color: theme.secondary,
      anchor: 'middle',
      maxWidth: plot.width - 16,
    },
  ];
}
