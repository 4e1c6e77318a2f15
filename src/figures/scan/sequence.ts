/** @file The sequence view: one layer's scan over the tokens of one example, as a scene. */
import { mapColour } from '../core/colormap';
import { visible } from '../core/format';
import { fitText, type Mark, type Measure, type Scene } from '../core/scene';
import { isHighContrast, type Theme } from '../core/theme';
import { colourMap } from '../core/colormap';
import { channelMap, quantityNames, quantityNotes, stateMap, type HeatMap } from './heat';
import {
  rowNames,
  xOf,
  type ChannelQuantity,
  type RowId,
  type RowPlace,
  type SequenceLayout,
} from './layout';
import type { Recurrence } from './recurrence';
import { deltaRow, gateRow, heatRow, keptRow, matchRow, normRow, scaleBar, type RowContext } from './rows';

export interface SequenceView {
  readonly channel: number;
  readonly position: number;
  /** Another position that is pointed at. */
  readonly linked?: number | undefined;
  readonly quantity: ChannelQuantity;
}

/** The heat map of a row, undefined for rows of bars. */
export function heatOf(
  scan: Recurrence,
  layout: SequenceLayout,
  row: RowPlace,
  view: SequenceView,
  theme: Theme,
): HeatMap | undefined {
  const range = [layout.from, layout.to] as const;
  if (row.id === 'channels') return channelMap(scan, theme, view.quantity, row.height, range);
  if (row.id === 'B' || row.id === 'C' || row.id === 'state')
    return stateMap(scan, theme, row.id, view.channel, row.height, range);
  return undefined;
}

/** Lines of explanation under a row's name, and the short form for narrow views. */
function notesOf(id: RowId, scan: Recurrence, view: SequenceView): { lines: string[]; short: string } {
  const { channel, position, quantity } = view;
  const perHead = scan.heads < scan.channels;
  const states = `n = 1 … ${scan.states}`;
  switch (id) {
    case 'delta':
      return {
        lines: [
          `bar: ${perHead ? `head ${scan.headOf(channel)}` : `channel ${channel}`} ·`,
          'whisker: p10–p90 of',
          `${scan.heads} ${perHead ? 'heads' : 'channels'}`,
        ],
        short: 'softplus, per token',
      };
    case 'kept':
      return scan.scalarDecay
        ? { lines: [`one decay per ${perHead ? 'head' : 'channel'}`], short: 'one per head' }
        : { lines: ['bar from the fastest', 'state to the slowest'], short: states };
    case 'gate':
      return { lines: ['signed'], short: 'signed' };
    case 'norm':
      return { lines: [`${scan.states} values`], short: `${scan.states} values` };
    case 'match':
      return {
        lines: [`left: read now, C${sub(position)}·Bₛ ·`, `right: read later, Cₜ·B${sub(position)}`],
        short: '← read now · read later →',
      };
    case 'channels':
      return {
        lines: [`${quantityNotes[quantity]}, ${scan.channels}`, 'channels, longest', 'memory on top'],
        short: `${quantityNotes[quantity]}, slow first`,
      };
    case 'B':
      return { lines: ['where a token is', 'written'], short: states };
    case 'C':
      return { lines: ['what is read from', 'the state'], short: states };
    case 'state':
      return {
        lines: [`channel ${channel}, ${scan.states} values`, ...(scan.scalarDecay ? [] : ['n = 1 slowest'])],
        short: `channel ${channel}, ${states}`,
      };
  }
}

const digits = '₀₁₂₃₄₅₆₇₈₉';
/** A number as real subscript characters. */
export const sub = (value: number): string =>
  [...String(value)].map((digit) => digits[Number(digit)] ?? digit).join('');

function caption(
  context: RowContext,
  row: RowPlace,
  view: SequenceView,
  heat: HeatMap | undefined,
  measure: Measure,
): Mark[] {
  const { scan, layout, theme } = context;
  const scale = theme.fontSize / 13;
  const title = row.id === 'channels' ? quantityNames[view.quantity] : rowNames[row.id];
  const { lines, short } = notesOf(row.id, scan, view);
  const marks: Mark[] = [];
  if (layout.narrow) {
    const y = row.caption + 13 * scale;
    marks.push({
      kind: 'text',
      x: 0,
      y,
      text: title,
      size: 11 * scale,
      weight: 600,
      color: theme.foreground,
    });
    marks.push({
      kind: 'text',
      x: xOf(layout, layout.to),
      y,
      text: short,
      size: 11 * scale,
      color: theme.secondary,
      anchor: 'end',
    });
    return marks;
  }
  const width = layout.left - 32 * scale;
  let y = row.caption + 10 * scale;
  marks.push({
    kind: 'text',
    x: 0,
    y,
    text: fitText(title, layout.left - 24 * scale, 12 * scale, measure, 600),
    size: 12 * scale,
    weight: 600,
    color: theme.foreground,
  });
  for (const line of lines) {
    y += 14.5 * scale;
    marks.push({
      kind: 'text',
      x: 0,
      y,
      text: fitText(line, width + 8, 11 * scale, measure),
      size: 11 * scale,
      color: theme.secondary,
    });
  }
  if (heat) {
    marks.push(...scaleBar(context, heat, 0, y + 9 * scale, 56, measure));
    if (row.id === 'channels')
      marks.push({
        kind: 'text',
        x: 0,
        y: y + 31 * scale,
        text: 'square-root scale',
        size: 11 * scale,
        color: theme.secondary,
      });
  }
  return marks;
}

function tokenStrip(context: RowContext, view: SequenceView, measure: Measure): Mark[] {
  const { scan, layout, theme } = context;
  const { tokens } = scan.inspection;
  const scale = theme.fontSize / 13;
  const { y, height } = layout.tokens;
  const left = xOf(layout, layout.from);
  const right = xOf(layout, layout.to);
  const marks: Mark[] = [];
  // Cells share their borders.
  const border = { color: theme.border, width: 1 };
  marks.push({
    kind: 'rect',
    x: left - 0.5,
    y: y + 0.5,
    width: right - left + 1,
    height: height - 1,
    stroke: border,
  });
  if (layout.cell >= 7) {
    for (let t = layout.from + 1; t < layout.to; t++) {
      const at = Math.round(xOf(layout, t)) - 0.5;
      marks.push({ kind: 'line', points: [at, y + 1, at, y + height - 1], stroke: border });
    }
  }
  const size = (layout.cell >= 14 ? 12 : Math.max(7.5, Math.min(11, layout.cell * 0.95))) * scale;
  // Glyphs wider than the cells hold: the playhead's neighbourhood alone is written.
  const every = layout.cell >= 7;
  for (let t = layout.from; t < layout.to; t++) {
    const near = Math.abs(t - view.position) <= 0;
    if (!every && !near) continue;
    const text = visible(tokens[t]?.label ?? '');
    const room = every ? layout.cell - 2 : 80;
    marks.push({
      kind: 'text',
      x: xOf(layout, t) + layout.cell / 2,
      y: y + height / 2 + size * 0.36,
      text: fitText(text, room, size, (value, px) => measure(value, px, 400, 'mono')),
      size,
      family: 'mono',
      weight: t === view.position ? 700 : 400,
      color: theme.foreground,
      anchor: 'middle',
      ...(every ? {} : { halo: theme.background }),
    });
  }
  // The answer's own position is marked as what was asked for.
  const target = scan.inspection.target?.position;
  if (target !== undefined && target >= layout.from && target < layout.to && target !== view.position) {
    marks.push({
      kind: 'rect',
      x: xOf(layout, target),
      y: y + 1,
      width: layout.cell - 1,
      height: height - 2,
      stroke: { color: theme.focus, width: 2 },
    });
  }
  if (
    view.linked !== undefined &&
    view.linked !== view.position &&
    view.linked >= layout.from &&
    view.linked < layout.to
  ) {
    marks.push({
      kind: 'rect',
      x: xOf(layout, view.linked),
      y: y + 1,
      width: layout.cell - 1,
      height: height - 2,
      stroke: { color: theme.focus, width: 1.5, dash: [2, 2] },
    });
  }
  return marks;
}

function indices(context: RowContext, view: SequenceView, measure: Measure): Mark[] {
  const { layout, theme } = context;
  const scale = theme.fontSize / 13;
  const marks: Mark[] = [];
  const size = 11 * scale;
  const step =
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].find(
      (candidate) => candidate * layout.cell >= (layout.narrow ? 84 : 64),
    ) ?? 2048;
  const label = String(view.position);
  const width = Math.max(22, measure(label, size, 700) + 12);
  const centre = xOf(layout, view.position) + layout.cell / 2;
  const left = Math.max(0, Math.min(layout.width - width, centre - width / 2));
  const y = layout.indexY;
  const write = (t: number): void => {
    const at = xOf(layout, t) + layout.cell / 2;
    const half = measure(String(t), size) / 2;
    const inside = at + half <= layout.width && (layout.narrow ? at - half >= 0 : true);
    if (!inside || (at + half > left - 8 && at - half < left + width + 8)) return;
    marks.push({ kind: 'text', x: at, y, text: String(t), size, color: theme.secondary, anchor: 'middle' });
  };
  for (let t = Math.ceil(layout.from / step) * step; t < layout.to; t += step) {
    if (layout.to - 1 - t >= step * 0.6 || t === layout.to - 1) write(t);
  }
  if ((layout.to - 1) % step !== 0) write(layout.to - 1);
  marks.push({
    kind: 'rect',
    x: left,
    y: y - 12 * scale,
    width,
    height: 16 * scale,
    radius: 2,
    fill: theme.foreground,
  });
  marks.push({
    kind: 'text',
    x: left + width / 2,
    y,
    text: label,
    size,
    weight: 700,
    color: theme.background,
    anchor: 'middle',
  });
  return marks;
}

/** All positions at once, when not all are shown: largest Δ per pixel, and where the window lies. */
function overview(context: RowContext): Mark[] {
  const { scan, layout, theme, channel, position } = context;
  if (!layout.overview) return [];
  const { y, height } = layout.overview;
  const left = xOf(layout, layout.from);
  const width = (layout.to - layout.from) * layout.cell;
  const per = scan.length / width;
  const { max } = scan.deltaQuantiles(channel);
  const outline: number[] = [left, y + height];
  for (let px = 0; px < width; px++) {
    let largest = 0;
    for (
      let t = Math.floor(px * per);
      t < Math.max(Math.floor(px * per) + 1, (px + 1) * per) && t < scan.length;
      t++
    )
      largest = Math.max(largest, scan.delta(t, channel));
    const at = y + height * (1 - (max > 0 ? Math.sqrt(largest / max) : 0));
    outline.push(left + px, at, left + px + 1, at);
  }
  outline.push(left + width, y + height);
  const x0 = left + layout.from / per;
  const now = left + (position + 0.5) / per;
  const size = 11 * (theme.fontSize / 13);
  return [
    { kind: 'area', points: outline, fill: theme.data, opacity: 0.6 },
    {
      kind: 'line',
      points: [left, y + height + 0.5, left + width, y + height + 0.5],
      stroke: { color: theme.axis, width: 1 },
    },
    {
      kind: 'rect',
      x: x0,
      y: y - 1,
      width: (layout.to - layout.from) / per,
      height: height + 2,
      stroke: { color: theme.focus, width: 1.5 },
    },
    { kind: 'line', points: [now, y, now, y + height], stroke: { color: theme.foreground, width: 1 } },
    ...(layout.narrow
      ? []
      : [
          {
            kind: 'text',
            x: 0,
            y: y + 10,
            text: `All ${scan.length} positions`,
            size: 12 * (theme.fontSize / 13),
            weight: 600,
            color: theme.foreground,
          } as const,
          {
            kind: 'text',
            x: 0,
            y: y + 24,
            text: 'Δ, square-root scale',
            size,
            color: theme.secondary,
          } as const,
        ]),
  ];
}

export function drawSequence(
  scan: Recurrence,
  layout: SequenceLayout,
  view: SequenceView,
  theme: Theme,
  measure: Measure,
): Scene {
  const diverging = colourMap(theme, true);
  const context: RowContext = {
    scan,
    layout,
    theme,
    channel: view.channel,
    position: view.position,
    negative: mapColour(diverging, -0.55, 1),
    positive: mapColour(diverging, 0.55, 1),
  };
  const scale = theme.fontSize / 13;
  const marks: Mark[] = [];
  const inside = view.position >= layout.from && view.position < layout.to;
  const column = { x: xOf(layout, view.position), width: layout.cell };
  const top = layout.tokens.y;
  const contrast = isHighContrast(theme.kind);
  if (inside) {
    marks.push({
      kind: 'rect',
      ...column,
      y: top,
      height: layout.bottom - top + 4,
      fill: theme.foreground,
      opacity: contrast ? 0.22 : 0.075,
    });
  }
  marks.push(...overview(context));
  if (inside) marks.push(...indices(context, view, measure));
  marks.push(...tokenStrip(context, view, measure));
  if (!layout.narrow) {
    const { tokens } = scan.inspection;
    const kinds = new Set(tokens.map((token) => token.id ?? token.label)).size;
    const y = layout.tokens.y + 14 * scale;
    marks.push({
      kind: 'text',
      x: 0,
      y,
      text: 'Tokens',
      size: 12 * scale,
      weight: 600,
      color: theme.foreground,
    });
    marks.push({
      kind: 'text',
      x: 0,
      y: y + 15 * scale,
      text: tokens[0]?.id === undefined ? `${tokens.length} vectors` : `${tokens.length}, ${kinds} different`,
      size: 11 * scale,
      color: theme.secondary,
    });
  }
  const values: Mark[] = [];
  for (const row of layout.rows) {
    const heat = heatOf(scan, layout, row, view, theme);
    if (heat) {
      marks.push(...heatRow(context, row, heat, row.id === 'channels' ? view.channel : undefined));
      if (inside) {
        const frame = { x: column.x + 0.5, width: column.width - 1, y: row.y + 0.5, height: row.height - 1 };
        if (contrast) marks.push({ kind: 'rect', ...frame, fill: theme.foreground, opacity: 0.1 });
        marks.push({ kind: 'rect', ...frame, stroke: { color: theme.foreground, width: 1, opacity: 0.8 } });
      }
    } else {
      const draw = { delta: deltaRow, kept: keptRow, gate: gateRow, norm: normRow, match: matchRow }[
        row.id as 'delta'
      ];
      const drawn = draw(context, row);
      marks.push(...drawn.marks);
      if (inside && row.id !== 'match' && row.id !== 'gate') values.push(drawn.value);
    }
    marks.push(...caption(context, row, view, heat, measure));
  }
  // High contrast: the playhead has lines, not a wash alone.
  if (contrast && inside) {
    for (const x of [column.x + 0.5, column.x + column.width - 0.5]) {
      marks.push({
        kind: 'line',
        points: [x, top, x, layout.bottom + 4],
        stroke: { color: theme.foreground, width: 1, opacity: 0.6 },
      });
    }
  }
  marks.push(...values);
  if (!layout.narrow) {
    marks.push({
      kind: 'text',
      x: xOf(layout, layout.to),
      y: layout.bottom + 18 * scale,
      text: 'position t, tokens',
      size: 11 * scale,
      color: theme.secondary,
      anchor: 'end',
    });
  }
  return { width: layout.width, height: layout.height, fonts: theme.fonts, marks };
}
