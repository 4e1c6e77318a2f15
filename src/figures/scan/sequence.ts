/** @file The sequence view: one layer's scan over the tokens of one example, as a scene. */
import { colourMap, mapColour } from '../core/colormap';
import type { Mark, Measure, Scene } from '../core/scene';
import { isHighContrast, type Theme } from '../core/theme';
import { caption } from './captions';
import { channelMap, stateMap, type HeatMap } from './heat';
import { mostRows, scanOfRow, xOf, type RowPlace, type SequenceLayout, type SequenceView } from './layout';
import type { Recurrence } from './recurrence';
import { deltaRow, gateRow, heatRow, keptRow, matchRow, normRow, partsRow, type RowContext } from './rows';
import { indices, overview, tokenStrip } from './strip';

export { sub } from './captions';

/** The heat map of a row, undefined for rows of bars. */
export function heatOf(
  scan: Recurrence,
  layout: SequenceLayout,
  row: RowPlace,
  view: SequenceView,
  theme: Theme,
): HeatMap | undefined {
  const range = [layout.from, layout.to] as const;
  const own = scanOfRow(scan, row);
  if (row.id === 'channels') return channelMap(scan, theme, view.quantity, mostRows(layout.narrow), range);
  if (row.id === 'B' || row.id === 'C' || row.id === 'state')
    return stateMap(own, theme, row.id, view.channel, row.height, range);
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
    const own = { ...context, scan: scanOfRow(scan, row) };
    if (heat) {
      marks.push(...heatRow(context, row, heat, row.id === 'channels' ? view.channel : undefined));
      if (inside) {
        const frame = { x: column.x + 0.5, width: column.width - 1, y: row.y + 0.5, height: row.height - 1 };
        if (contrast) marks.push({ kind: 'rect', ...frame, fill: theme.foreground, opacity: 0.1 });
        marks.push({ kind: 'rect', ...frame, stroke: { color: theme.foreground, width: 1, opacity: 0.8 } });
      }
    } else {
      const draw = {
        delta: deltaRow,
        kept: keptRow,
        gate: gateRow,
        norm: normRow,
        match: matchRow,
        parts: partsRow,
      }[row.id as 'delta'];
      const drawn = draw(own, row);
      marks.push(...drawn.marks);
      if (inside && row.id !== 'match' && row.id !== 'gate') values.push(drawn.value);
    }
    marks.push(...caption(own, row, view, heat, measure));
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
