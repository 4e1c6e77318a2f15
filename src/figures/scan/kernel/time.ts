/** @file The kernel of one channel in time, with the mode that is chosen and the largest value marked. */
import { modeKernel } from '../../../analysis/lti';
import { number3 } from '../../core/format';
import { linearScale } from '../../core/scale';
import { linearTicks } from '../../core/ticks';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';
import { peakOf, type Filter } from './data';
import { axes, plotBox, spread, trackOf, words, type KernelOptions, type KernelView } from './plot';

export function drawTime(
  ink: Ink,
  place: Box,
  now: Filter,
  initial: Filter | undefined,
  view: KernelView,
  { measureText }: KernelOptions,
  channel: number,
): number {
  const { theme, scale } = ink;
  const { from, values } = trackOf(now);
  const before = initial && trackOf(initial);
  ink.title(
    place.x,
    place.y + 14 * scale,
    'Kernel in time',
    `K[t] of channel ${channel}, response to a unit impulse`,
    measureText,
    place.width,
  );
  const box = plotBox(place, scale);
  const range = spread([values, ...(before ? [before.values] : [])]);
  const x = linearScale([from, Math.max(from + 1, from + values.length - 1)], [box.x, box.x + box.width]);
  const y = linearScale(range, [box.y + box.height, box.y]);
  axes(ink, box, x, y, {
    x: linearTicks([from, from + values.length - 1], place.width < 500 ? 4 : 8),
    y: linearTicks(range, 5),
  });
  ink.text(
    box.x + box.width,
    box.y + box.height + 30 * scale,
    from < 0 ? 'delay t, tokens; left of 0 looks ahead' : 'delay t, tokens',
    { anchor: 'end' },
  );
  const points = (track: { from: number; values: Float32Array }): number[] =>
    Array.from(track.values).flatMap((value, k) => [x.map(track.from + k), y.map(value)]);
  if (before) ink.line(points(before), theme.secondary, 1.25, [3, 2.5]);
  ink.line(points({ from, values }), theme.data, 2);
  if (view.mode !== null && now.poles && view.mode < now.poles.a.length / 2) {
    const own = modeKernel(now.poles, view.mode, now.kernel.length);
    ink.line(
      Array.from(own).flatMap((value, t) => [x.map(t), y.map(Math.max(range[0], Math.min(range[1], value)))]),
      theme.foreground,
      1,
    );
  }
  const peak = peakOf(values);
  const lag = peak.lag + from;
  const px = x.map(lag);
  ink.line([px, box.y, px, box.y + box.height], theme.foreground);
  ink.add({
    kind: 'marker',
    x: px,
    y: y.map(peak.value),
    shape: 'circle',
    radius: 3.5,
    color: theme.foreground,
    ring: theme.background,
  });
  const text = `largest at t = ${lag}, K = ${number3(peak.value)}`;
  // On the side of the peak: the line leaves it there, and comes back on the other.
  const beside = peak.value < 0 ? box.y + box.height - 8 * scale : box.y + 16 * scale;
  words(ink, box, { x: px, y: beside, gap: 14, text }, measureText);
  legend(
    ink,
    { x: place.x + place.width - 4, y: place.y + 14 * scale },
    initial !== undefined,
    place.width > 560,
  );
  ink.region(box, (at) => {
    const t = Math.max(from, Math.min(from + values.length - 1, Math.round(x.invert(box.x + at))));
    const old = before?.values[t - before.from];
    return {
      text: `t = ${t} · K ${number3(values[t - from]!)}${old === undefined ? '' : ` · initial ${number3(old)}`}`,
    };
  });
  return box.y + box.height + 30 * scale;
}

function legend(ink: Ink, end: { x: number; y: number }, both: boolean, room: boolean): void {
  if (!both || !room) return;
  const { theme, scale } = ink;
  const y = end.y - 4;
  ink.text(end.x, end.y, 'initial', { anchor: 'end', color: theme.foreground });
  ink.line([end.x - 66 * scale, y, end.x - 40 * scale, y], theme.secondary, 1.25, [3, 2.5]);
  ink.text(end.x - 80 * scale, end.y, 'trained', { anchor: 'end', color: theme.foreground });
  ink.line([end.x - 148 * scale, y, end.x - 124 * scale, y], theme.data, 2);
}
