/** @file Names of the rows, what their marks mean, and the scale bars of heat maps. */
import { fitText, type Mark, type Measure } from '../core/scene';
import { quantityNames, quantityNotes, type HeatMap } from './heat';
import { rowNames, xOf, type RowId, type RowPlace, type SequenceView } from './layout';
import type { Recurrence } from './recurrence';
import { scaleBar, WHISKERS, type RowContext } from './rows';

/** Lines of explanation under a row's name, and the short form for narrow views. */
function notesOf(
  id: RowId,
  scan: Recurrence,
  view: SequenceView,
  cell: number,
): { lines: string[]; short: string } {
  const { channel, position, quantity } = view;
  const perHead = scan.heads < scan.channels;
  const states = `n = 1 … ${scan.states}`;
  // What was written before the playhead lies on the side that the scan comes from.
  const [now, later] =
    scan.stride > 0 ? ['left: read now', 'right: read later'] : ['right: now', 'left: later'];
  switch (id) {
    case 'parts':
      return {
        lines: ['from the left, from the', 'right, and the token', 'itself, per cell'],
        short: 'left · right · itself',
      };
    case 'delta':
      return {
        lines: [
          `bar: ${perHead ? `head ${scan.headOf(channel)}` : `channel ${channel}`} ·`,
          `${cell >= WHISKERS ? 'whisker' : 'band'}: p10–p90 of`,
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
      return {
        lines: [`${scan.other ? '‖h‖₂ of ' : ''}${scan.states} values`],
        short: `${scan.states} values`,
      };
    case 'match':
      return {
        lines: [`${now}, C${sub(position)}·Bₛ ·`, `${later}, Cₜ·B${sub(position)}`],
        short: scan.stride > 0 ? '← read now · read later →' : '← read later · read now →',
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

export function caption(
  context: RowContext,
  row: RowPlace,
  view: SequenceView,
  heat: HeatMap | undefined,
  measure: Measure,
): Mark[] {
  const { scan, layout, theme } = context;
  const scale = theme.fontSize / 13;
  const arrow = scan.other && row.id !== 'gate' && row.id !== 'channels' && row.id !== 'parts';
  const name = row.id === 'channels' ? quantityNames[view.quantity] : rowNames[row.id];
  // The arrow takes the place of the symbol.
  const title = arrow ? `${name.replace(' ‖h‖₂', '')} ${row.back ? '←' : '→'}` : name;
  const { lines, short } = notesOf(row.id, scan, view, layout.cell);
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
