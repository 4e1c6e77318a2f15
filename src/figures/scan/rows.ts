/** @file The rows of the sequence view: bars, areas and heat maps on the shared token axis. */
import { number3, short } from '../core/format';
import { mix } from '../core/colour';
import type { Mark, Measure } from '../core/scene';
import type { Theme } from '../core/theme';
import { growLinear } from '../core/ticks';
import type { HeatMap } from './heat';
import { xOf, type RowPlace, type SequenceLayout } from './layout';
import type { Recurrence } from './recurrence';

export interface RowContext {
  readonly scan: Recurrence;
  readonly layout: SequenceLayout;
  readonly theme: Theme;
  readonly channel: number;
  readonly position: number;
  /** Blue and orange of signed quantities. */
  readonly negative: string;
  readonly positive: string;
}

const edge = (value: number): number => Math.round(value - 0.5) + 0.5;

function baseline({ layout, theme }: RowContext, y: number): Mark {
  const at = edge(y);
  const left = xOf(layout, layout.from);
  return {
    kind: 'line',
    points: [left, at, xOf(layout, layout.to), at],
    stroke: { color: theme.axis, width: 1 },
  };
}

/** Numbers of the axis, right-aligned before the plot; narrow views have none. */
function axis({ layout, theme }: RowContext, labels: readonly { y: number; text: string }[]): Mark[] {
  if (layout.narrow) return [];
  const size = 11 * (theme.fontSize / 13);
  return labels.map(({ y, text }) => ({
    kind: 'text',
    x: layout.left - 6,
    y: y + size * 0.36,
    text,
    size,
    color: theme.secondary,
    anchor: 'end',
  }));
}

/** A bar in its cell with a little air, from value to value in px. */
function bar(layout: SequenceLayout, t: number, y0: number, y1: number, fill: string, opacity = 1): Mark {
  const air = layout.cell >= 12 ? Math.max(2, Math.round(layout.cell * 0.16)) : layout.cell >= 6 ? 1 : 0;
  const x = xOf(layout, t) + air;
  const top = Math.min(y0, y1);
  return {
    kind: 'rect',
    x,
    y: top,
    width: Math.max(1, layout.cell - 2 * air),
    height: Math.max(0.75, Math.abs(y1 - y0)),
    fill,
    opacity,
  };
}

/** The value at the playhead, beside its column where there is room. */
export function readout({ layout, theme, position }: RowContext, y: number, text: string): Mark {
  const size = 11 * (theme.fontSize / 13);
  const right = xOf(layout, position + 1) + 4;
  const room = xOf(layout, layout.to) - right;
  const before = room < text.length * size * 0.62;
  return {
    kind: 'text',
    x: before ? xOf(layout, position) - 4 : right,
    y: y + size * 0.36,
    text,
    size,
    weight: 600,
    color: theme.foreground,
    anchor: before ? 'end' : 'start',
    halo: theme.background,
  };
}

/** px per token from which each has whiskers of its own; below, they join to a band. */
export const WHISKERS = 6;

export function deltaRow(context: RowContext, row: RowPlace): { marks: Mark[]; value: Mark } {
  const { scan, layout, theme, channel, position } = context;
  const spread = scan.deltaSpread;
  let max = 0;
  for (let t = 0; t < scan.length; t++) max = Math.max(max, scan.delta(t, channel), spread[t]![2]);
  const [, top] = growLinear([0, max], 2);
  const y = (value: number): number => row.y + row.height * (1 - value / top);
  const marks: Mark[] = [];
  const whiskers = layout.cell >= WHISKERS;
  if (!whiskers) {
    for (let t = layout.from; t < layout.to; t++) {
      const [low, , high] = spread[t]!;
      marks.push(bar(layout, t, y(low), y(high), theme.secondary, 0.3));
    }
  }
  for (let t = layout.from; t < layout.to; t++)
    marks.push(bar(layout, t, y(0), y(scan.delta(t, channel)), theme.data));
  if (whiskers) {
    for (let t = layout.from; t < layout.to; t++) {
      const [low, middle, high] = spread[t]!;
      const at = xOf(layout, t) + 2.5;
      marks.push({
        kind: 'line',
        points: [at, y(low), at, y(high)],
        stroke: { color: theme.secondary, width: 1 },
      });
      marks.push({
        kind: 'line',
        points: [at - 2, y(middle), at + 2.5, y(middle)],
        stroke: { color: theme.foreground, width: 1.5 },
      });
    }
  }
  marks.push(baseline(context, row.y + row.height));
  marks.push(
    ...axis(context, [
      { y: y(top), text: short(top) },
      { y: y(top / 2), text: short(top / 2) },
      { y: y(0), text: '0' },
    ]),
  );
  const value = scan.delta(position, channel);
  return { marks, value: readout(context, Math.min(y(value) + 5, row.y + row.height - 8), number3(value)) };
}

export function keptRow(context: RowContext, row: RowPlace): { marks: Mark[]; value: Mark } {
  const { scan, layout, theme, channel, position } = context;
  const y = (value: number): number => row.y + row.height * (1 - Math.max(0, Math.min(1, value)));
  const order = scan.statesByDecay(channel);
  const slow = order[0] ?? 0;
  const fast = order.at(-1) ?? 0;
  const soft = mix(
    theme.data,
    theme.background,
    theme.kind === 'light' || theme.kind === 'hc-light' ? 0.5 : 0.62,
  );
  const marks: Mark[] = [];
  for (let t = layout.from; t < layout.to; t++) {
    const high = scan.kept(t, channel, slow);
    const low = scan.scalarDecay ? 0 : scan.kept(t, channel, fast);
    marks.push(bar(layout, t, y(low), y(high), soft));
    marks.push(bar(layout, t, y(high) - 0.5, y(high) + 1, theme.foreground));
  }
  marks.push(baseline(context, row.y + row.height));
  marks.push(
    ...axis(context, [
      { y: y(1), text: '1' },
      { y: y(0), text: '0' },
    ]),
  );
  const high = scan.kept(position, channel, slow);
  const low = scan.kept(position, channel, fast);
  const text = scan.scalarDecay || scan.states === 1 ? number3(high) : `${number3(high)} … ${number3(low)}`;
  return { marks, value: readout(context, row.y + row.height - 8, text) };
}

/** Signed bars about a middle line. */
function signedRow(
  context: RowContext,
  row: RowPlace,
  at: (t: number) => number,
  colour: (value: number) => string,
  sign: boolean,
): { marks: Mark[]; value: Mark } {
  const { scan, layout, position } = context;
  let max = 0;
  for (let t = 0; t < scan.length; t++) max = Math.max(max, Math.abs(at(t)));
  const scale = max > 0 ? max : 1;
  const middle = row.y + row.height / 2;
  const y = (value: number): number => middle - (value / scale) * (row.height / 2);
  const marks: Mark[] = [];
  for (let t = layout.from; t < layout.to; t++) {
    const value = at(t);
    if (Number.isFinite(value)) marks.push(bar(layout, t, middle, y(value), colour(value)));
  }
  marks.push(baseline(context, middle));
  marks.push(
    ...axis(context, [
      { y: y(scale), text: `${sign ? '+' : ''}${short(scale)}` },
      { y: y(-scale), text: short(-scale) },
    ]),
  );
  const value = at(position);
  const above = value >= 0;
  return {
    marks,
    value: readout(
      context,
      above ? middle - Math.min(row.height / 2 - 6, Math.max(7, middle - y(value) - 6)) : middle + 8,
      number3(value),
    ),
  };
}

export function gateRow(context: RowContext, row: RowPlace): { marks: Mark[]; value: Mark } {
  const { scan, channel, theme } = context;
  return signedRow(
    context,
    row,
    (t) => scan.gate(t, channel),
    () => theme.data,
    false,
  );
}

export function matchRow(context: RowContext, row: RowPlace): { marks: Mark[]; value: Mark } {
  const { scan, channel, position, positive, negative } = context;
  return signedRow(
    context,
    row,
    (s) => scan.match(position, s, channel),
    (value) => (value < 0 ? negative : positive),
    true,
  );
}

export function normRow(context: RowContext, row: RowPlace): { marks: Mark[]; value: Mark } {
  const { scan, layout, theme, channel, position } = context;
  let max = 0;
  for (let t = 0; t < scan.length; t++) max = Math.max(max, scan.norm(t, channel));
  const top = max > 0 ? max * 1.05 : 1;
  const y = (value: number): number => row.y + row.height * (1 - value / top);
  const outline: number[] = [];
  for (let t = layout.from; t < layout.to; t++) {
    const at = y(scan.norm(t, channel));
    outline.push(xOf(layout, t), at, xOf(layout, t + 1), at);
  }
  const floor = row.y + row.height;
  const area = [xOf(layout, layout.from), floor, ...outline, xOf(layout, layout.to), floor];
  const from = scan.before(position);
  const before = from === undefined ? 0 : scan.norm(from, channel);
  const after = scan.norm(position, channel);
  const marks: Mark[] = [
    { kind: 'area', points: area, fill: theme.data, opacity: 0.25 },
    { kind: 'line', points: outline, stroke: { color: theme.data, width: 1.5 } },
    baseline(context, floor),
    ...axis(context, [
      { y: row.y, text: short(top) },
      { y: floor, text: '0' },
    ]),
  ];
  return {
    marks,
    value: readout(
      context,
      Math.max(row.y + 8, Math.min(floor - 8, y(Math.max(before, after)) + 8)),
      `${number3(before)} → ${number3(after)}`,
    ),
  };
}

/** What y is made of: three bars a cell, from the left, from the right and the token itself. */
export function partsRow(context: RowContext, row: RowPlace): { marks: Mark[]; value: Mark } {
  const { scan, layout, theme, channel, position } = context;
  const middle = row.y + row.height / 2;
  const soft = mix(theme.data, theme.background, 0.5);
  const partsAt = (t: number): number[] => {
    const { left, right, own } = scan.parts(t, channel) ?? { left: 0, right: 0, own: 0 };
    return [left, right, own];
  };
  let max = 0;
  for (let t = 0; t < scan.length; t++) max = Math.max(max, ...partsAt(t).map(Math.abs));
  const scale = max > 0 ? max : 1;
  const air = layout.cell >= 9 ? 2 : 0;
  const width = Math.max(1, (layout.cell - 2 * air) / 3);
  const marks: Mark[] = [];
  for (let t = layout.from; t < layout.to; t++)
    partsAt(t).forEach((value, k) => {
      const tall = (Math.abs(value) / scale) * (row.height / 2);
      marks.push({
        kind: 'rect',
        x: xOf(layout, t) + air + k * width,
        y: value < 0 ? middle : middle - tall,
        width: Math.max(0.75, width - (layout.cell >= 9 ? 1 : 0)),
        height: Math.max(0.75, tall),
        fill: [theme.data, soft, theme.foreground][k]!,
      });
    });
  marks.push(baseline(context, middle));
  marks.push(
    ...axis(context, [
      { y: row.y, text: `+${short(scale)}` },
      { y: row.y + row.height, text: short(-scale) },
    ]),
  );
  const text = partsAt(position).map(number3).join(' · ');
  return { marks, value: readout(context, row.y + 6, text) };
}

/** A heat map with its frame, the selected row outlined outside its cells. */
export function heatRow(
  context: RowContext,
  row: RowPlace,
  heat: HeatMap,
  selected: number | undefined,
): Mark[] {
  const { layout, theme } = context;
  const left = xOf(layout, layout.from);
  const width = (layout.to - layout.from) * layout.cell;
  const marks: Mark[] = [
    { kind: 'image', x: left, y: row.y, width, height: row.height, pixels: heat.pixels },
    {
      kind: 'rect',
      x: left - 0.5,
      y: row.y - 0.5,
      width: width + 1,
      height: row.height + 1,
      stroke: { color: theme.border, width: 1 },
    },
  ];
  const place = selected === undefined ? -1 : heat.order.indexOf(selected);
  if (place >= 0) {
    const cell = row.height / heat.pixels.height;
    const top = row.y + Math.floor(place / heat.each) * cell;
    marks.push({
      kind: 'rect',
      x: left - 1,
      y: top - 1,
      width: width + 2,
      height: cell + 2,
      stroke: { color: theme.focus, width: 2 },
    });
    const size = 11 * (theme.fontSize / 13);
    if (!layout.narrow) {
      marks.push({
        kind: 'text',
        x: layout.left - 6,
        y: top + cell / 2 + size * 0.36,
        text: String(selected),
        size,
        weight: 600,
        color: theme.foreground,
        anchor: 'end',
      });
    }
  } else if (!layout.narrow) {
    marks.push(
      ...axis(context, [
        { y: row.y + 6, text: 'n 1' },
        { y: row.y + row.height - 5, text: String(heat.order.length) },
      ]),
    );
  }
  return marks;
}

/** Colours over their range with the numbers at the ends. */
export function scaleBar(
  context: RowContext,
  heat: HeatMap,
  x: number,
  y: number,
  width: number,
  measure: Measure,
): Mark[] {
  const { theme } = context;
  const size = 11 * (theme.fontSize / 13);
  const columns = 64;
  const words = new Uint32Array(columns);
  for (let i = 0; i < columns; i++)
    words[i] = heat.map.table[Math.round((i / (columns - 1)) * 255)] as number;
  const low = heat.map.signed ? short(-heat.max) : '0';
  const high = heat.map.signed ? `+${short(heat.max)}` : short(heat.max);
  const lowWidth = Math.ceil(measure(low, size)) + 5;
  return [
    { kind: 'text', x, y: y + 8, text: low, size, color: theme.secondary },
    {
      kind: 'image',
      x: x + lowWidth,
      y,
      width,
      height: 8,
      pixels: { width: columns, height: 1, data: new Uint8ClampedArray(words.buffer) },
    },
    {
      kind: 'rect',
      x: x + lowWidth - 0.5,
      y: y - 0.5,
      width: width + 1,
      height: 9,
      stroke: { color: theme.border, width: 1 },
    },
    { kind: 'text', x: x + lowWidth + width + 5, y: y + 8, text: high, size, color: theme.secondary },
  ];
}
