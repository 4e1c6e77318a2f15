/** @file The matrices behind the heat maps of the sequence view. */
import { colourMap, paintMatrix, type ColourMap } from '../core/colormap';
import type { Pixels } from '../core/scene';
import type { Theme } from '../core/theme';
import { pooled, type ChannelQuantity } from './layout';
import type { Recurrence } from './recurrence';

export interface HeatMap {
  readonly pixels: Pixels;
  readonly map: ColourMap;
  readonly max: number;
  /** Entries of the vertical axis, top first: channel or state indices; several share a row when pooled. */
  readonly order: readonly number[];
  readonly each: number;
  /** Value of an entry at a position. */
  at(entry: number, t: number): number;
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

function build(
  scan: Recurrence,
  theme: Theme,
  order: readonly number[],
  most: number,
  range: readonly [number, number],
  signed: boolean,
  at: (entry: number, t: number) => number,
): HeatMap {
  const { rows, each } = pooled(order.length, most);
  const [from, to] = range;
  let max = 0;
  for (const entry of order) {
    for (let t = 0; t < scan.length; t++) {
      const size = Math.abs(at(entry, t));
      if (size > max && size < Infinity) max = size;
    }
  }
  const map = colourMap(theme, signed);
  const largest = (row: number, column: number): number => {
    let best = 0;
    for (let k = row * each; k < Math.min(order.length, (row + 1) * each); k++) {
      const value = at(order[k] as number, from + column);
      if (Math.abs(value) > Math.abs(best)) best = value;
    }
    return best;
  };
  return { pixels: paintMatrix(rows, to - from, largest, map, max), map, max, order, each, at };
}

/** A quantity of all channels, longest memory on top. */
export function channelMap(
  scan: Recurrence,
  theme: Theme,
  quantity: ChannelQuantity,
  most: number,
  range: readonly [number, number],
): HeatMap {
  const key = `channels ${quantity} ${most} ${range.join()} ${theme.kind} ${theme.background}`;
  const reads: Record<ChannelQuantity, (channel: number, t: number) => number> = {
    output: (channel, t) => Math.abs(scan.output(t, channel)),
    delta: (channel, t) => scan.delta(t, channel),
    norm: (channel, t) => scan.norm(t, channel),
    gate: (channel, t) => scan.gate(t, channel),
    x: (channel, t) => scan.x(t, channel),
  };
  const signed = quantity === 'gate' || quantity === 'x';
  return scan.keep(key, () => build(scan, theme, scan.byMemory, most, range, signed, reads[quantity]));
}

/** B, C or the state of one channel, slowest state on top. */
export function stateMap(
  scan: Recurrence,
  theme: Theme,
  which: 'B' | 'C' | 'state',
  channel: number,
  most: number,
  range: readonly [number, number],
): HeatMap {
  const key = `${which} ${channel} ${most} ${range.join()} ${theme.kind} ${theme.background}`;
  const read = which === 'B' ? scan.B : which === 'C' ? scan.C : scan.h;
  return scan.keep(key, () =>
    build(scan, theme, scan.statesByDecay(channel), most, range, true, (n, t) => read(t, channel, n)),
  );
}
