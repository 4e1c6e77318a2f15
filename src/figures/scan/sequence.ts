/** @file The sequence view: one layer's scan over the tokens of one example, as a scene. */
import { colourMap, mapColour } from '../core/colormap';
import type { Mark, Measure, Scene } from '../core/scene';
import { isHighContrast, type Theme } from '../core/theme';
import { caption } from './captions';
import { channelCells, heatMap, stateCells, type HeatCells } from './heat';
import { mostRows, scanOfRow, xOf, type RowPlace, type SequenceLayout, type SequenceView } from './layout';
import type { Recurrence } from './recurrence';
import { deltaRow, gateRow, heatRow, keptRow, matchRow, normRow, partsRow, type RowContext } from './rows';
import { indices, overview, tokenStrip } from './strip';

export { sub } from './captions';

/** The numbers of a row that is a heat map, undefined for rows of bars. */
export function cellsOf(
  scan: Recurrence,
  layout: SequenceLayout,
  row: RowPlace,
  { quantity, channel }: Pick<SequenceView, 'quantity' | 'channel'>,
): HeatCells | undefined {
  if (row.id === 'channels') return channelCells(scan, quantity, mostRows(layout.narrow));
  if (row.id === 'B' || row.id === 'C' || row.id === 'state')
    return stateCells(scanOfRow(scan, row), row.id, channel, row.height);
  return undefined;
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
  const inside = view.position >= layout.from && view.position < layout.to;
  const rows = layout.rows.map((row) => drawRow(context, row, view, inside, measure));
  const marks: Mark[] = [
    ...(inside ? [wash(context)] : []),
    ...overview(context),
    ...(inside ? indices(context, view, measure) : []),
    ...tokenStrip(context, view, measure),
    ...(layout.narrow ? [] : tokenCaption(context)),
    ...rows.flatMap((row) => row.marks),
    ...(inside ? edges(context) : []),
    ...rows.flatMap((row) => row.values),
    ...(layout.narrow ? [] : [axisCaption(context)]),
  ];
  return { width: layout.width, height: layout.height, fonts: theme.fonts, marks };
}

/** The column of the playhead behind everything. */
function wash({ layout, theme, position }: RowContext): Mark {
  return {
    kind: 'rect',
    x: xOf(layout, position),
    width: layout.cell,
    y: layout.tokens.y,
    height: layout.bottom - layout.tokens.y + 4,
    fill: theme.foreground,
    opacity: isHighContrast(theme.kind) ? 0.22 : 0.075,
  };
}

/** High contrast: the playhead has lines, not a wash alone. */
function edges({ layout, theme, position }: RowContext): Mark[] {
  if (!isHighContrast(theme.kind)) return [];
  const left = xOf(layout, position);
  return [left + 0.5, left + layout.cell - 0.5].map((x) => ({
    kind: 'line',
    points: [x, layout.tokens.y, x, layout.bottom + 4],
    stroke: { color: theme.foreground, width: 1, opacity: 0.6 },
  }));
}

/** How many tokens there are, beside them. */
function tokenCaption({ scan, layout, theme }: RowContext): Mark[] {
  const scale = theme.fontSize / 13;
  const { tokens } = scan.inspection;
  const kinds = new Set(tokens.map((token) => token.id ?? token.label)).size;
  const y = layout.tokens.y + 14 * scale;
  return [
    { kind: 'text', x: 0, y, text: 'Tokens', size: 12 * scale, weight: 600, color: theme.foreground },
    {
      kind: 'text',
      x: 0,
      y: y + 15 * scale,
      text: tokens[0]?.id === undefined ? `${tokens.length} vectors` : `${tokens.length}, ${kinds} different`,
      size: 11 * scale,
      color: theme.secondary,
    },
  ];
}

function axisCaption({ layout, theme }: RowContext): Mark {
  const scale = theme.fontSize / 13;
  return {
    kind: 'text',
    x: xOf(layout, layout.to),
    y: layout.bottom + 18 * scale,
    text: 'position t, tokens',
    size: 11 * scale,
    color: theme.secondary,
    anchor: 'end',
  };
}

const bars = {
  delta: deltaRow,
  kept: keptRow,
  gate: gateRow,
  norm: normRow,
  match: matchRow,
  parts: partsRow,
};

/**
 * A row with its caption.
 * @param inside whether the playhead is in sight
 * @returns its marks, and the value at the playhead, which lies above all rows
 */
function drawRow(
  context: RowContext,
  row: RowPlace,
  view: SequenceView,
  inside: boolean,
  measure: Measure,
): { marks: Mark[]; values: Mark[] } {
  const { scan, layout, theme } = context;
  const own = { ...context, scan: scanOfRow(scan, row) };
  const cells = cellsOf(scan, layout, row, view);
  const heat = cells && heatMap(own.scan, theme, cells, [layout.from, layout.to]);
  const words = caption(own, row, view, heat, measure);
  if (heat) {
    const picture = heatRow(context, row, heat, row.id === 'channels' ? view.channel : undefined);
    return { marks: [...picture, ...(inside ? playheadOf(context, row) : []), ...words], values: [] };
  }
  const drawn = bars[row.id as keyof typeof bars](own, row);
  const told = inside && row.id !== 'match' && row.id !== 'gate';
  return { marks: [...drawn.marks, ...words], values: told ? [drawn.value] : [] };
}

/** The playhead's column of a heat map, which covers the wash. */
function playheadOf({ layout, theme, position }: RowContext, row: RowPlace): Mark[] {
  const x = xOf(layout, position) + 0.5;
  const frame = { x, width: layout.cell - 1, y: row.y + 0.5, height: row.height - 1 };
  const outline: Mark = {
    kind: 'rect',
    ...frame,
    stroke: { color: theme.foreground, width: 1, opacity: 0.8 },
  };
  return isHighContrast(theme.kind)
    ? [{ kind: 'rect', ...frame, fill: theme.foreground, opacity: 0.1 }, outline]
    : [outline];
}
