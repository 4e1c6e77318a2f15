/** @file Where the line of a group ends: its last value, its marker, what is said there. */
import type { Scale } from '../core/scale';
import type { Mark } from '../core/scene';
import type { Theme } from '../core/theme';
import type { ChartGroup, ChartLine } from './chart';
import type { LineGroup } from './lines';
import type { Series } from './series';
import { commonRange, meanOf, valueBetween } from './trace';

/** The end of a line in its own numbers. */
export interface LineEnd {
  readonly at: number;
  /** Where the drawn line is. */
  readonly shown: number;
  /** Last settled value. */
  readonly value: number;
}

/** At the last value, of several seeds at the last that all have. */
export function lineEnd({ series }: Pick<LineGroup, 'series'>, x: Scale, y: Scale): LineEnd | undefined {
  const [single] = series;
  if (series.length === 1 && single) {
    const value = single.lastValue();
    if (value === undefined) return undefined;
    const at = Math.min(lastFiniteX(single), x.domain[1]);
    return { at, shown: valueBetween(single, at) ?? value, value };
  }
  const common = commonRange(series);
  if (!common) return undefined;
  const at = Math.min(common[1], x.domain[1]);
  const values = series.map((seed) => valueBetween(seed, at)).filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  const value = meanOf(values, y.log);
  return { at, shown: value, value };
}

export const placeEnd = (end: LineEnd | undefined, x: Scale, y: Scale): ChartLine['end'] =>
  end && { x: x.map(end.at), y: y.map(end.shown), value: end.value };

function lastFiniteX(series: Series): number {
  for (let i = series.length - 1; i >= 0; i--)
    if (Number.isFinite(series.shown.data[i])) return series.xs.data[i] as number;
  return series.xs.at(0);
}

/** Marker, cross of a failed run, and words, above all lines. */
export function drawEnd(
  group: ChartGroup,
  end: ChartLine['end'],
  x: Scale,
  y: Scale,
  theme: Theme,
  annotate: boolean,
): Mark[] {
  const { style } = group;
  const opacity = style.opacity * (group.stale ? 0.55 : 1);
  const above: Mark[] = [];
  if (end && end.x >= x.range[0] - 1 && end.x <= x.range[1] + 1) {
    if (group.live)
      above.push({
        kind: 'group',
        opacity: 0.3,
        marks: [{ kind: 'marker', x: end.x, y: end.y, shape: 'circle', radius: 6, color: style.color }],
      });
    if (!group.failed)
      above.push({
        kind: 'group',
        opacity,
        marks: [
          { kind: 'marker', x: end.x, y: end.y, shape: style.marker, radius: 3.25, color: style.color },
        ],
      });
  }
  if (group.failed && end) {
    const { x: cx, y: cy } = end;
    const cross = { color: theme.error, width: 1.75 };
    above.push({ kind: 'line', points: [cx - 4, cy - 4, cx + 4, cy + 4], stroke: cross });
    above.push({ kind: 'line', points: [cx - 4, cy + 4, cx + 4, cy - 4], stroke: cross });
  }
  if (annotate && end) {
    const words = group.failed?.note ?? group.note;
    const size = 11 * (theme.fontSize / 13);
    const room = x.range[1] - end.x;
    const before = words !== undefined && room < words.length * size * 0.62 + 12;
    if (group.failed) {
      const stroke = { color: theme.error, width: 1, dash: [3, 2.5] };
      above.unshift({ kind: 'line', points: [end.x, y.range[1], end.x, y.range[0]], stroke });
    }
    if (words !== undefined) {
      above.push({
        kind: 'text',
        x: end.x + (before ? -10 : 10),
        y: Math.max(y.range[1] + size, end.y - 6),
        text: words,
        size,
        weight: group.failed ? 600 : 400,
        color: group.failed ? theme.foreground : theme.secondary,
        anchor: before ? 'end' : 'start',
        halo: theme.background,
      });
    }
  }
  return above;
}
