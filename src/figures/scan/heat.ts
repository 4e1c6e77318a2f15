/** @file The matrices behind the heat maps of the sequence view: their numbers, which are read one by one, and pictures of them. */
import { colourMap, paintMatrix, type ColourMap } from '../core/colormap';
import type { Pixels } from '../core/scene';
import type { Theme } from '../core/theme';
import { pooled, type ChannelQuantity } from './layout';
import type { Recurrence } from './recurrence';

/** The numbers of a heat map. */
export interface HeatCells {
  /** Tells them from other numbers of the same scan. */
  readonly key: string;
  readonly signed: boolean;
  /** Entries of the vertical axis, top first: channel or state indices; several share a row when pooled. */
  readonly order: readonly number[];
  readonly each: number;
  readonly rows: number;
  /** Value of an entry at a position. */
  at(entry: number, t: number): number;
}

export interface HeatMap extends HeatCells {
  readonly pixels: Pixels;
  readonly map: ColourMap;
  readonly max: number;
}

export const quantityNames: Record<ChannelQuantity, string> = {
  output: 'Output by channel',
  delta: 'Δ by channel',
  norm: 'State norm by channel',
  gate: 'Gate by channel',
  x: 'Input by channel',
};

export const quantityNotes: Record<ChannelQuantity, string> = {
  output: '|y · gate|',
  delta: 'step size',
  norm: '‖h‖₂',
  gate: 'silu(z)',
  x: 'after the convolution',
};

/** A quantity of all channels, longest memory on top, in at most so many rows. */
export function channelCells(scan: Recurrence, quantity: ChannelQuantity, most: number): HeatCells {
  const reads: Record<ChannelQuantity, (channel: number, t: number) => number> = {
    output: (channel, t) => Math.abs(scan.output(t, channel)),
    delta: (channel, t) => scan.delta(t, channel),
    norm: (channel, t) => scan.norm(t, channel),
    gate: (channel, t) => scan.gate(t, channel),
    x: (channel, t) => scan.x(t, channel),
  };
  const order = scan.byMemory;
  return {
    key: `channels ${quantity} ${most}`,
    signed: quantity === 'gate' || quantity === 'x',
    order,
    ...pooled(order.length, most),
    at: reads[quantity],
  };
}

/** B, C or the state of one channel, slowest state on top, in at most so many rows. */
export function stateCells(
  scan: Recurrence,
  which: 'B' | 'C' | 'state',
  channel: number,
  most: number,
): HeatCells {
  const read = which === 'B' ? scan.B : which === 'C' ? scan.C : scan.h;
  const order = scan.keep(`states ${channel}`, () => scan.statesByDecay(channel));
  return {
    key: `${which} ${channel} ${most}`,
    signed: true,
    order,
    ...pooled(order.length, most),
    at: (n, t) => read(t, channel, n),
  };
}

/** The entry that a row shows at a position: of those that share it the largest. */
export function entryIn({ order, each, at }: HeatCells, row: number, t: number): number | undefined {
  const first = row * each;
  if (each === 1) return order[first];
  let found = order[first];
  let best = 0;
  for (let k = first; k < Math.min(order.length, first + each); k++) {
    const size = Math.abs(at(order[k]!, t));
    if (size <= best || Number.isNaN(size)) continue;
    best = size;
    found = order[k];
  }
  return found;
}

/** The numbers from a position to another (exclusive) as a picture, whose range is that of all positions. */
export function heatMap(
  scan: Recurrence,
  theme: Theme,
  cells: HeatCells,
  [from, to]: readonly [number, number],
): HeatMap {
  const { order, rows, signed, at } = cells;
  return scan.keep(`${cells.key} ${from},${to} ${theme.kind} ${theme.background}`, () => {
    let max = 0;
    for (const entry of order) {
      for (let t = 0; t < scan.length; t++) {
        const size = Math.abs(at(entry, t));
        if (size > max && size < Infinity) max = size;
      }
    }
    const map = colourMap(theme, signed);
    const shown = (row: number, column: number): number =>
      at(entryIn(cells, row, from + column)!, from + column) || 0;
    return { ...cells, pixels: paintMatrix(rows, to - from, shown, map, max), map, max };
  });
}
