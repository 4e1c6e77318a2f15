/** @file The axes of a line chart: where ticks stand, grid, baseline and labels. */
import { percent, short } from '../core/format';
import type { Scale } from '../core/scale';
import type { Box, Mark, Measure } from '../core/scene';
import type { Theme } from '../core/theme';
import { linearTicks, logTicks, type Tick } from '../core/ticks';
import type { ChartFrame } from './chart';
import type { XAxis } from './data';
import type { Metric } from './metrics';

/** What all that is drawn at the axes is placed by. */
export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly plot: Box;
  readonly frame: ChartFrame;
  readonly theme: Theme;
}

export const xUnit: Record<XAxis, string> = {
  step: 'step',
  time: 'seconds',
  tokens: 'tokens',
  flops: 'FLOPs',
};

export function yTicks(metric: Metric, y: Scale, count: number): Tick[] {
  const powers = y.log ? logTicks(y.domain, count) : [];
  // A range within a factor, as after zooming, has no powers to mark.
  if (powers.length >= 2) return powers;
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

/** The middle of the pixel, where a hairline is sharp. */
const crisp = (value: number): number => Math.round(value - 0.5) + 0.5;

/** Size of the labels, px. */
const labelSize = ({ fontSize }: Theme): number => 11 * (fontSize / 13);

/** Horizontal lines, and their labels where these have room. @param ticks ascending */
export function gridMarks({ y, plot, theme }: Axes, ticks: readonly Tick[]): Mark[] {
  const small = labelSize(theme);
  const bottom = plot.y + plot.height;
  const marks: Mark[] = [];
  let lastLabel = Infinity;
  for (const tick of ticks) {
    const at = crisp(y.map(tick.value));
    if (Math.abs(at - bottom) > 1.5) {
      marks.push({
        kind: 'line',
        points: [plot.x, at, plot.x + plot.width, at],
        stroke: { color: theme.grid, width: 1 },
      });
    }
    if (lastLabel - at >= small * 0.9) {
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
  return marks;
}

/** The ground of the plot with its ticks. */
export function baselineMarks({ x, plot, theme }: Axes, ticks: readonly Tick[]): Mark[] {
  const baseline = crisp(plot.y + plot.height);
  const stroke = { color: theme.axis, width: 1 };
  return [
    { kind: 'line', points: [plot.x, baseline, plot.x + plot.width, baseline], stroke },
    ...ticks.map(({ value }): Mark => {
      const at = crisp(x.map(value));
      return { kind: 'line', points: [at, baseline, at, baseline + 4], stroke };
    }),
  ];
}

/** Labels below the ticks where they have room, and the unit below them. */
export function xLabelMarks(
  { x, plot, frame, theme }: Axes,
  ticks: readonly Tick[],
  unit: string,
  measure: Measure,
): Mark[] {
  const small = labelSize(theme);
  const bottom = plot.y + plot.height;
  const word = { kind: 'text', size: small, color: theme.secondary } as const;
  const marks: Mark[] = [];
  let before = -Infinity;
  for (const tick of ticks) {
    const width = measure(tick.label, small);
    const at = Math.min(x.map(tick.value), frame.width - width / 2);
    if (at - width / 2 < before + 10) continue;
    before = at + width / 2;
    marks.push({ ...word, x: at, y: bottom + 5 + small * 1.05, text: tick.label, anchor: 'middle' });
  }
  marks.push({ ...word, x: plot.x + plot.width, y: bottom + 6 + small * 2.25, text: unit, anchor: 'end' });
  return marks;
}
