/** @file Names at the line ends with the values at the cursor: legend and readout in one, never over the data. */
import { pushApart } from '../core/labels';
import { fitText, type Mark, type Measure } from '../core/scene';
import type { Theme } from '../core/theme';
import { xUnit } from './axes';
import type { Chart, ChartLine } from './chart';
import { cursorText, formatValue } from './readout';

/** A line with where it ends and where its name stands, px. */
interface Entry {
  readonly line: ChartLine;
  readonly end: NonNullable<ChartLine['end']>;
  readonly at: number;
}

/** @param hovered key of the group that is pointed at */
export function drawGutter(
  chart: Chart,
  hovered: string | undefined,
  cursor: number | undefined,
  theme: Theme,
  measure: Measure,
): Mark[] {
  const small = 11 * (theme.fontSize / 13);
  const { entries, more } = entriesOf(chart, small);
  if (entries.length === 0 && !more) return [];
  const { plot, frame } = chart;
  const word = { kind: 'text', size: small, color: theme.secondary } as const;
  const unit = xUnit[chart.view.axis] === 'step' ? 'step ' : '';
  const head = cursor === undefined ? 'last' : `at ${unit}${cursorText(chart, cursor)}`;
  const marks: Mark[] = [{ ...word, x: frame.width, y: plot.y + small * 0.36, text: head, anchor: 'end' }];
  for (const entry of entries) {
    const { line, end } = entry;
    const value = formatValue(chart, cursor === undefined ? end.value : line.pointAt(cursor)?.value);
    marks.push(...leader(chart, entry));
    marks.push(...entryMarks(chart, entry, value, line.group.key === hovered, small, theme, measure));
  }
  if (more)
    marks.push({
      ...word,
      x: plot.x + plot.width + 14,
      y: more.at + small * 0.36,
      text: `and ${more.count} more in the table`,
    });
  return marks;
}

/** The lines that have room, and how many have none. */
function entriesOf(
  { plot, lines: all }: Chart,
  small: number,
): { entries: Entry[]; more?: { count: number; at: number } } {
  const lines = all.flatMap((line) => (line.end ? [{ line, end: line.end }] : []));
  const gap = Math.round(small * 1.36);
  const [first, last] = [plot.y + 18, plot.y + plot.height - 4];
  const slots = Math.max(1, Math.floor((last - first) / gap) + 1);
  // The last place is that of the line which tells how many more there are.
  const listed = lines.length <= slots ? lines : lines.slice(0, slots - 1);
  const count = lines.length - listed.length;
  const wanted = listed.map(({ end }) => within(plot, end.y));
  const places = pushApart(wanted, gap, first, count > 0 ? last - gap : last);
  return {
    entries: listed.map((entry, index) => ({ ...entry, at: places[index]! })),
    ...(count > 0 ? { more: { count, at: last } } : {}),
  };
}

const within = ({ y, height }: Chart['plot'], value: number): number =>
  Math.max(y, Math.min(y + height, value));

/** From the end of a line to its name; dotted where the line ends before the plot does. */
function leader({ plot }: Chart, { line, end, at }: Entry): Mark[] {
  const right = plot.x + plot.width;
  const { color } = line.group.style;
  const from = Math.min(end.x, right);
  const y = within(plot, end.y);
  const isShort = right - from > 6;
  const slanted: Mark = {
    kind: 'line',
    points: [right + (isShort ? 0 : 4), y, right + 10, at],
    stroke: { color, width: 1, opacity: 0.8 },
  };
  if (!isShort) return [slanted];
  const dotted = { color, width: 1, dash: [1.5, 2.5], opacity: 0.6 };
  return [{ kind: 'line', points: [from + 8, y, right, y], stroke: dotted }, slanted];
}

/** Name and value. */
function entryMarks(
  { plot, frame }: Chart,
  { line, at }: Entry,
  value: string,
  strong: boolean,
  size: number,
  theme: Theme,
  measure: Measure,
): Mark[] {
  const weight = strong ? 600 : 400;
  const x = plot.x + plot.width + 14;
  const room = frame.width - x - measure(value, size, weight) - 8;
  const word = {
    kind: 'text',
    y: at + size * 0.36,
    size,
    weight,
    color: theme.foreground,
  } as const;
  return [
    { ...word, x, text: fitText(line.group.name, room, size, measure, weight) },
    { ...word, x: frame.width, text: value, anchor: 'end' },
  ];
}
