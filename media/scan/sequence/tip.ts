/** @file What is under the pointer on the sequence, in words. */
import { number3, visible } from '../../../src/figures/core/format';
import { entryIn } from '../../../src/figures/scan/heat';
import { rowAt, scanOfRow, type RowPlace, type SequenceLayout } from '../../../src/figures/scan/layout';
import type { Recurrence } from '../../../src/figures/scan/recurrence';
import { cellsOf } from '../../../src/figures/scan/sequence';
import type { Spot } from '../../shared/gestures';
import type { ScanModel } from '../model';
import type { Tip } from '../tip';

/** @param t position under the pointer */
export function tipAt(
  model: ScanModel,
  scan: Recurrence,
  layout: SequenceLayout,
  t: number,
  { x, y }: Spot,
): Tip | undefined {
  const row = rowAt(layout, y);
  const value = row && valueAt(model, scan, layout, row, t, y);
  if (value === undefined) return undefined;
  const token = visible(scan.inspection.tokens[t]?.label ?? '');
  return { x, y, text: `${t} “${token}” · ${value}` };
}

/** Of rows of bars the value of the chosen channel, of heat maps that of the cell. */
function valueAt(
  model: ScanModel,
  scan: Recurrence,
  layout: SequenceLayout,
  row: RowPlace,
  t: number,
  y: number,
): string | undefined {
  const { channel, position } = model;
  const own = scanOfRow(scan, row);
  switch (row.id) {
    case 'delta':
      return `Δ ${number3(own.delta(t, channel))}`;
    case 'kept': {
      const order = own.statesByDecay(channel);
      const [first, last] = [order[0] ?? 0, order.at(-1) ?? 0].map((n) => number3(own.kept(t, channel, n)));
      return own.scalarDecay ? `kept ${first}` : `kept ${first} … ${last}`;
    }
    case 'gate':
      return `gate ${number3(scan.gate(t, channel))}`;
    case 'norm':
      return `‖h‖ ${number3(own.norm(t, channel))}`;
    case 'match':
      return `C·B ${number3(own.match(position, t, channel))}`;
    case 'parts': {
      const parts = own.parts(t, channel);
      if (!parts) return undefined;
      return `left ${number3(parts.left)} · right ${number3(parts.right)} · itself ${number3(parts.own)}`;
    }
    default: {
      const found = cellAt(model, scan, layout, row, t, y);
      if (!found) return undefined;
      const name = row.id === 'channels' ? `channel ${found.entry}` : `n ${found.place + 1}`;
      return `${name} · ${number3(found.value)}`;
    }
  }
}

/**
 * What a heat map shows under the pointer: the channel or state, its place from the top, and the number. Undefined for
 * rows that are none.
 */
export function cellAt(
  { channel, quantity }: Pick<ScanModel, 'channel' | 'quantity'>,
  scan: Recurrence,
  layout: SequenceLayout,
  row: RowPlace,
  t: number,
  y: number,
): { entry: number; place: number; value: number } | undefined {
  const cells = cellsOf(scan, layout, row, { channel, quantity });
  if (!cells) return undefined;
  const entry = entryIn(cells, Math.floor(((y - row.y) / row.height) * cells.rows), t);
  if (entry === undefined) return undefined;
  return { entry, place: cells.order.indexOf(entry), value: cells.at(entry, t) };
}
