/** @file The gain of one channel over frequency, with its fastest mode marked. */
import { number3 } from '../../core/format';
import { linearScale, logScale } from '../../core/scale';
import { logTicks, type Range } from '../../core/ticks';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';
import { largest } from '../matrix';
import { gainOf, modesOf, type Filter, type Mode } from './data';
import { axes, plotBox, words, type KernelOptions } from './plot';

const POINTS = 257;

export function drawFrequency(
  ink: Ink,
  place: Box,
  now: Filter,
  initial: Filter | undefined,
  { measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const own = gainOf(now, POINTS);
  const old = initial && gainOf(initial, POINTS);
  const most = Math.max(largest(own), old ? largest(old) : 0) || 1;
  ink.title(
    place.x,
    place.y + 14 * scale,
    'Kernel in frequency',
    `|K̂(ω)|, gain · log${now.poles ? '' : ', of the taps that are there'}`,
    measureText,
    place.width,
  );
  const box = plotBox(place, scale);
  const floor = most * 1e-3;
  const range: Range = [floor, most * 1.2];
  const x = linearScale([0, 0.5], [box.x, box.x + box.width]);
  const y = logScale(range, [box.y + box.height, box.y]);
  axes(ink, box, x, y, {
    x: [0, 0.125, 0.25, 0.375, 0.5].map((value, k) => ({
      value,
      label: ['0', '1/8', '1/4', '3/8', '1/2'][k]!,
    })),
    y: logTicks(range, 4),
  });
  ink.text(box.x + box.width, box.y + box.height + 30 * scale, 'frequency ω, cycles per token', {
    anchor: 'end',
  });
  const points = (values: Float64Array): number[] =>
    Array.from(values).flatMap((value, k) => [
      x.map((0.5 * k) / (POINTS - 1)),
      y.map(Math.max(floor, value)),
    ]);
  if (old) ink.line(points(old), theme.secondary, 1.25, [3, 2.5]);
  ink.line(points(own), theme.data, 2);
  const modes = modesOf(now);
  const fastest = modes.reduce<Mode | undefined>(
    (best, mode) => (!best || mode.period < best.period ? mode : best),
    undefined,
  );
  if (fastest && fastest.period < Infinity && fastest.period >= 2) {
    const at = x.map(1 / fastest.period);
    ink.line([at, box.y, at, box.y + box.height], theme.foreground);
    const text = `fastest mode, period ${number3(fastest.period)} tokens`;
    words(ink, box, { x: at, y: box.y + 14 * scale, gap: 8, text }, measureText);
  }
  ink.region(box, (px) => {
    const k = Math.max(0, Math.min(POINTS - 1, Math.round((px / box.width) * (POINTS - 1))));
    const w = (0.5 * k) / (POINTS - 1);
    return {
      text: `${number3(w)} cycles per token${w > 0 ? `, period ${number3(1 / w)}` : ''} · gain ${number3(own[k]!)}`,
    };
  });
  return box.y + box.height + 30 * scale;
}
