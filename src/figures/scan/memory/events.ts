/** @file When the state was written and when it was forgotten. */
import { number3, percent, visible } from '../../core/format';
import type { Ink, Place } from '../figure';
import { largest } from '../matrix';
import type { MemoryOptions, MemoryView } from './options';
import type { MemorySource, Strip } from './source';

const scanName = (arrow: Strip['arrow']): string =>
  arrow === '' ? '' : arrow === '→' ? ' · left to right' : ' · right to left';

/** Written and forgotten along time, of one scan. */
export function drawEvents(
  ink: Ink,
  source: MemorySource,
  { arrow, writes: strength, kept, forget }: Strip,
  place: Place,
  { position }: MemoryView,
  { measureText }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  ink.title(
    place.x,
    place.y,
    arrow === '' ? 'Written and forgotten' : `Written and forgotten ${arrow}`,
    `up: write strength · down: share of the state that is dropped${scanName(arrow)}`,
    measureText,
    place.width,
  );
  const gutter = 74 * scale;
  const x0 = place.x + gutter;
  const width = place.width - gutter;
  const each = width / source.length;
  const middle = place.y + 50 * scale;
  const up = 36 * scale;
  const down = 28 * scale;
  const most = largest(strength);
  // More tokens than pixels: each pixel shows its largest.
  const bars = Math.min(source.length, Math.floor(width));
  const per = source.length / bars;
  for (let k = 0; k < bars; k++) {
    let write = 0;
    let drop = 0;
    for (let t = Math.floor(k * per); t < Math.max(Math.floor(k * per) + 1, Math.floor((k + 1) * per)); t++) {
      write = Math.max(write, strength[t]!);
      drop = Math.max(drop, 1 - kept[t]!);
    }
    const x = x0 + (k * width) / bars;
    const bar = Math.max(0.7, (width / bars) * 0.76);
    if (most > 0)
      ink.fill(x, middle - (write / most) * up, bar, Math.max(0.5, (write / most) * up), theme.data);
    ink.fill(x, middle, bar, Math.max(0.5, drop * down), theme.data, 0.55);
  }
  ink.hairline(x0, middle, x0 + width, middle);
  const forgets = Array.from(forget, (share) => share >= 0.5);
  forgets.forEach((most, t) => {
    if (!most) return;
    const x = x0 + (t + 0.5) * each;
    ink.text(x, middle + down + 12 * scale, '×', { anchor: 'middle', color: theme.foreground, weight: 700 });
  });
  const now = x0 + (position + 0.5) * each;
  ink.line([now, middle - up - 4, now, middle + down + 2], theme.foreground);
  ink.text(x0 - 6, middle - up + 8 * scale, number3(most), { anchor: 'end' });
  ink.text(x0 - 6, middle + 4 * scale, '0', { anchor: 'end' });
  ink.text(x0 - 6, middle + down, '100 %', { anchor: 'end' });
  if (forgets.includes(true))
    ink.text(x0 + width, middle + down + 14 * scale, '× most channels forget', { anchor: 'end' });
  ink.region({ x: x0, y: middle - up, width, height: up + down + 10 }, (px) => {
    const t = Math.max(0, Math.min(source.length - 1, Math.floor(px / each)));
    return {
      position: t,
      text: `${arrow}${arrow && ' '}${t} “${visible(source.tokens[t]?.label ?? '')}” · write ${number3(strength[t]!)} · keeps ${percent(kept[t]!, 1)}`,
    };
  });
  return middle + down + 18 * scale;
}
