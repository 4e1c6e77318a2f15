/** @file What the plots of the kernel view share: what is shown and where, axes, tracks, marks. */
import type { Scale } from '../../core/scale';
import type { Box, Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import { growLinear, type Range } from '../../core/ticks';
import type { Ink } from '../figure';
import type { Arrays, Filter } from './data';

export interface KernelView {
  readonly channel: number;
  readonly mode: number | null;
  readonly compare: 'initial' | 'none';
}

export interface KernelOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  readonly arrays: Arrays;
  readonly layer: number;
}

export function axes(
  ink: Ink,
  box: Box,
  x: Scale,
  y: Scale,
  ticks: { x: readonly { value: number; label: string }[]; y: readonly { value: number; label: string }[] },
): void {
  const { theme, scale } = ink;
  for (const tick of ticks.y) {
    const at = y.map(tick.value);
    ink.hairline(box.x, at, box.x + box.width, at, tick.value === 0 ? theme.axis : theme.grid);
    ink.text(box.x - 7, at + 4 * scale, tick.label, { anchor: 'end' });
  }
  ink.hairline(box.x, box.y + box.height, box.x + box.width, box.y + box.height);
  for (const tick of ticks.x) {
    const at = x.map(tick.value);
    const end = at > box.x + box.width - 14;
    ink.text(end ? box.x + box.width : at, box.y + box.height + 15 * scale, tick.label, {
      anchor: end ? 'end' : 'middle',
    });
  }
}

export const spread = (values: readonly ArrayLike<number>[]): Range => {
  let low = 0;
  let high = 0;
  for (const some of values)
    for (let i = 0; i < some.length; i++) {
      low = Math.min(low, some[i]!);
      high = Math.max(high, some[i]!);
    }
  return growLinear([low, high]);
};

/** K over lags −L … L where it looks ahead. */
export function trackOf({ kernel, ahead }: Filter): { readonly from: number; readonly values: Float32Array } {
  if (!ahead) return { from: 0, values: kernel };
  const values = new Float32Array(ahead.length + kernel.length);
  ahead.forEach((value, d) => (values[ahead.length - 1 - d] = value));
  values.set(kernel, ahead.length);
  return { from: -ahead.length, values };
}

/** The plot under a title: room for the labels of the value axis on the left. */
export const plotBox = ({ x, y, width, height }: Box, scale: number): Box => ({
  x: x + 48 * scale,
  y: y + 28 * scale,
  width: width - 48 * scale - 4,
  height,
});

/** Words right of a vertical mark, or left of it where they would leave the plot. */
export function words(
  ink: Ink,
  box: Box,
  at: { readonly x: number; readonly y: number; readonly gap: number; readonly text: string },
  measureText: Measure,
): void {
  const { theme, scale } = ink;
  const fits = at.x + measureText(at.text, 12 * scale, 600) + at.gap + 10 < box.x + box.width;
  ink.text(fits ? at.x + at.gap : at.x - at.gap, at.y, at.text, {
    size: 12,
    weight: 600,
    color: theme.foreground,
    anchor: fits ? 'start' : 'end',
    halo: true,
  });
}

/** A dot of the trained filter, ringed where it is the chosen mode. */
export function dot(ink: Ink, at: { x: number; y: number }, radius: number, chosen: boolean): void {
  const { theme } = ink;
  const ring = chosen ? theme.focus : theme.background;
  ink.add({ kind: 'marker', ...at, shape: 'circle', radius, color: theme.data, ring });
}

/** A hollow dot of the initial filter. */
export function hollow(ink: Ink, at: { x: number; y: number }): void {
  const { theme } = ink;
  ink.add({ kind: 'marker', ...at, shape: 'circle', radius: 3, color: theme.secondary });
  ink.add({ kind: 'marker', ...at, shape: 'circle', radius: 2, color: theme.background });
}
