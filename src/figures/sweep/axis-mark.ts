/** @file One axis of the parallel coordinates: its line, ticks, brush and title. */
import type { Mark, Measure } from '../core/scene';
import type { Theme } from '../core/theme';
import type { Brushes, SweepAxis } from './axes';

/** Room above all axes for a title and its unit, px. */
export const titleRoom = 44;

export interface AxisPlace {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
  /** Baseline and longest width of the title. */
  readonly title: { readonly y: number; readonly room: number };
  /** Longest width of a tick's words. */
  readonly room: number;
}

export function axisMarks(
  axis: SweepAxis,
  place: AxisPlace,
  { brush, isMoving }: { readonly brush: Brushes[string] | undefined; readonly isMoving: boolean },
  theme: Theme,
  measure: Measure,
): Mark[] {
  const { x, top, bottom } = place;
  const width = axis.kind === 'result' ? 2 : 1;
  return [
    { kind: 'line', points: [x, top, x, bottom], stroke: { color: theme.axis, width } },
    ...axis.ticks.flatMap(({ at, label }) => tickMarks(label, at, place, theme, measure)),
    ...brushMarks(brush, place, theme),
    ...titleMarks(axis, place, isMoving ? theme.focus : theme.foreground, theme),
  ];
}

/** Height of a share of the axis. */
const heightOf = ({ top, bottom }: AxisPlace, share: number): number => bottom + (top - bottom) * share;

/** The words lie on the background, since lines pass behind them. */
function tickMarks(label: string, at: number, place: AxisPlace, theme: Theme, measure: Measure): Mark[] {
  const { x, room } = place;
  const y = heightOf(place, at);
  const ground = { x: x + 6, y: y - 7, width: Math.min(room, measure(label, 11)) + 4, height: 14 };
  return [
    { kind: 'line', points: [x - 4, y, x + 4, y], stroke: { color: theme.axis, width: 1 } },
    { kind: 'rect', ...ground, fill: theme.background, opacity: 0.85 },
    { kind: 'text', text: label, x: x + 8, y: y + 4, size: 11, color: theme.foreground, maxWidth: room },
  ];
}

function brushMarks(brush: Brushes[string] | undefined, place: AxisPlace, theme: Theme): Mark[] {
  if (!brush) return [];
  const [from, to] = [heightOf(place, brush[1]), heightOf(place, brush[0])];
  const box = { x: place.x - 7, y: from, width: 14, height: Math.max(2, to - from) };
  return [
    { kind: 'rect', ...box, fill: theme.focus, opacity: 0.28 },
    { kind: 'rect', ...box, stroke: { color: theme.focus, width: 1.5 } },
  ];
}

function titleMarks(axis: SweepAxis, { x, top, title }: AxisPlace, color: string, theme: Theme): Mark[] {
  const centred = { kind: 'text', x, anchor: 'middle' } as const;
  const name: Mark = {
    ...centred,
    text: axis.title,
    y: title.y,
    size: 12,
    weight: 600,
    color,
    maxWidth: title.room,
  };
  if (axis.unit === '') return [name];
  return [name, { ...centred, text: axis.unit, y: top - titleRoom + 30, size: 11, color: theme.secondary }];
}
