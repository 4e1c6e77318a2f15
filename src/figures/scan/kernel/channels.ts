/** @file The kernels of many channels side by side. */
import { number3 } from '../../core/format';
import { linearScale } from '../../core/scale';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';
import { largest } from '../matrix';
import { channelsOf, filterOf, peakOf } from './data';
import { trackOf, type KernelOptions, type KernelView } from './plot';

/** Small kernels of all channels: a page of them around the chosen one. */
export function drawChannels(
  ink: Ink,
  place: Box,
  channel: number,
  view: KernelView,
  { arrays, measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const channels = channelsOf(arrays);
  const gap = 26;
  const columns = place.width < 420 ? 2 : place.width < 640 ? 3 : 4;
  const most = columns * 4;
  const from = Math.max(0, Math.min(channels - most, Math.floor(channel / columns) * columns - columns));
  const shown = Math.min(most, channels - from);
  const note =
    shown < channels
      ? `${from} – ${from + shown - 1} of ${channels}, own scale each · click to select`
      : 'own scale each · click to select';
  ink.title(place.x, place.y + 14 * scale, 'All channels', note, measureText, place.width);
  const width = Math.floor((place.width - (columns - 1) * gap) / columns);
  const height = 56 * scale;
  for (let k = 0; k < shown; k++) {
    const own = from + k;
    const box = {
      x: place.x + (k % columns) * (width + gap),
      y: place.y + 30 * scale + Math.floor(k / columns) * (height + 36 * scale),
      width,
      height,
    };
    const now = trackOf(filterOf(arrays, own)!);
    const initial = view.compare === 'initial' ? filterOf(arrays, own, '_initial') : undefined;
    const old = initial && trackOf(initial);
    const reach = Math.max(largest(now.values), old ? largest(old.values) : 0) || 1;
    const x = linearScale([0, Math.max(1, now.values.length - 1)], [box.x, box.x + width]);
    const y = linearScale([-reach, reach], [box.y + height, box.y]);
    ink.hairline(box.x, y.map(0), box.x + width, y.map(0));
    const points = (values: Float32Array): number[] =>
      Array.from(values).flatMap((value, t) => [x.map(t), y.map(value)]);
    if (old) ink.line(points(old.values), theme.secondary, 1, [3, 2.5]);
    ink.line(points(now.values), theme.data, 1.5);
    const peak = peakOf(now.values);
    ink.text(box.x, box.y + height + 14 * scale, `channel ${own}`, {
      color: theme.foreground,
      weight: own === channel ? 700 : 400,
    });
    ink.text(
      box.x + width,
      box.y + height + 14 * scale,
      `peak ${peak.lag + now.from} · ±${number3(Math.abs(peak.value))}`,
      { anchor: 'end', maxWidth: width * 0.6 },
    );
    if (own === channel)
      ink.frame(
        { x: box.x - 7, y: box.y - 7, width: width + 14, height: height + 28 * scale },
        theme.focus,
        2,
      );
    ink.region({ ...box, height: height + 20 }, () => ({ channel: own, mode: -1, text: `channel ${own}` }));
  }
  return place.y + 30 * scale + Math.ceil(shown / columns) * (height + 36 * scale);
}
