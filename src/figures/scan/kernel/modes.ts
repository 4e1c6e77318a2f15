/** @file The modes of one channel in numbers. */
import { number3 } from '../../core/format';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';
import type { Mode } from './data';
import type { KernelOptions, KernelView } from './plot';

export function drawModes(
  ink: Ink,
  place: Box,
  modes: readonly Mode[],
  view: KernelView,
  { measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const shown = modes.slice(0, 8);
  ink.title(
    place.x,
    place.y,
    'Modes',
    `${shown.length} of ${modes.length}, largest |C b| first`,
    measureText,
    place.width,
  );
  const ends = [0.08, 0.36, 0.64, 0.82, 1].map((share) => place.x + share * place.width);
  const row = 24 * scale;
  let y = place.y + 24 * scale;
  ['n', 'period', 'half-life', '|C b|', '∠'].forEach((head, k) =>
    ink.text(ends[k]!, y, head, { anchor: 'end', size: 12 }),
  );
  for (const mode of shown) {
    ink.hairline(place.x, y + 7 * scale, place.x + place.width, y + 7 * scale, theme.grid);
    y += row;
    const values = [
      String(mode.n),
      mode.period === Infinity ? '–' : number3(mode.period),
      number3(mode.halfLife),
      number3(mode.size),
      `${Math.round(mode.angle).toString().replace('-', '−')}°`,
    ];
    values.forEach((value, k) =>
      ink.text(ends[k]!, y, value, {
        anchor: 'end',
        size: 12,
        color: k === 0 ? theme.secondary : theme.foreground,
        weight: mode.n === view.mode ? 700 : 400,
      }),
    );
    ink.region({ x: place.x, y: y - row + 7, width: place.width, height: row }, () => ({
      mode: mode.n,
      text: `mode ${mode.n}`,
    }));
  }
  return y + 8;
}
