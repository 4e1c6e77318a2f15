/** @file The text with the overlay behind it. */
import { colourMap, mapColour } from '../../core/colormap';
import { contrast, mix } from '../../core/colour';
import { number3, visible } from '../../core/format';
import type { Ink, Place } from '../figure';
import { largest, scaleBar } from '../matrix';
import type { MemoryOptions, MemoryView, Overlay } from './options';
import type { MemorySource } from './source';

/** Tokens of text that are shown around the playhead at most. */
const SHOWN = 2000;

function overlayValues(source: MemorySource, { overlay, position }: MemoryView): ArrayLike<number> {
  if (overlay === 'write') return source.writes ?? new Float64Array(source.length);
  if (overlay === 'surprise') return source.surprise ?? new Float32Array(source.length);
  return source.contribution(position);
}

/** The text with the overlay behind it. */
export function drawText(
  ink: Ink,
  source: MemorySource,
  place: Place,
  view: MemoryView,
  { measureText }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  const { tokens } = source;
  const { overlay, position } = view;
  const label = visible(tokens[position]?.label ?? '');
  const titles: Record<Overlay, [string, string]> = {
    contribution: [
      `What the output still holds when it reads ${label}`,
      `at ${position} · norm of the contribution per token`,
    ],
    write: ['How strongly each token is written', '‖Δ x‖ · ‖B‖'],
    surprise: ['How surprising each token is', '−log p, nats'],
  };
  ink.title(place.x, 14 * scale, ...titles[overlay], measureText, place.width);
  const values = overlayValues(source, view);
  // The current token would flatten the rest: the scale is the largest but one.
  const others = Float64Array.from({ length: values.length }, (_, t) =>
    overlay === 'contribution' && t === position ? 0 : (values[t] ?? 0),
  );
  const max = largest(others) || largest(values);
  const map = colourMap(theme, false);
  const limits = source.writes ?? new Float64Array(source.length);
  const high = Float64Array.from(limits).sort()[Math.floor(0.95 * (limits.length - 1))] ?? Infinity;
  const size = 13 * scale;
  const lineHeight = 28 * scale;
  const from = Math.max(0, Math.min(position - SHOWN + 200, source.length - SHOWN));
  const to = Math.min(source.length, from + SHOWN);
  let x = place.x;
  let y = 28 * scale;
  const numbers = tokens[0]?.id === undefined;
  for (let t = from; t < to; t++) {
    const text = visible(tokens[t]?.label ?? '') || '∅';
    const box = numbers ? 9 * scale : Math.max(12.8 * scale, measureText(text, size, 400, 'mono') + 5);
    if (x + box > place.x + place.width) {
      x = place.x;
      y += lineHeight;
    }
    const unread = overlay === 'contribution' && source.causal && t > position;
    const fill = unread ? theme.background : mapColour(map, values[t] ?? 0, max);
    const height = 22 * scale;
    if (fill !== theme.background) ink.fill(x, y, box, height, fill);
    if (!numbers) {
      const dark = contrast('#000000', fill) > contrast('#ffffff', fill);
      ink.text(x + box / 2, y + 15.5 * scale, text, {
        size: 13,
        family: 'mono',
        anchor: 'middle',
        weight: t === position ? 700 : 400,
        color: unread
          ? mix(theme.foreground, theme.background, 0.42)
          : fill === theme.background
            ? theme.foreground
            : dark
              ? '#000000'
              : '#ffffff',
      });
    }
    if (limits[t]! > high) ink.fill(x + 1, y + height + 1, box - 2, 2, theme.foreground);
    if (t === position)
      ink.frame({ x: x + 0.5, y: y - 0.5, width: box - 1, height: height + 1 }, theme.foreground, 2);
    else if (t === view.source)
      ink.frame({ x: x + 0.5, y: y - 0.5, width: box - 1, height: height + 1 }, theme.foreground, 1, [2, 2]);
    const at = t;
    ink.region({ x, y, width: box, height: lineHeight }, () => ({
      position: at,
      text: `${at} “${text}” · ${unread ? 'not read yet' : number3(values[at] ?? 0)}`,
    }));
    x += box;
  }
  y += lineHeight + 8 * scale;
  scaleBar(ink, place.x + 16 * scale, y, 92, max, false, '');
  const note = overlay === 'contribution' && source.causal ? ' · faint: not read yet' : '';
  const cut = to - from < source.length ? ` · ${to - from} of ${source.length} tokens` : '';
  const narrow = place.width < 560;
  const underlined = source.writes ? 'underlined: writes above the 95th percentile' : '';
  if (!narrow) {
    ink.text(
      place.x + 190 * scale,
      y + 8,
      ['square-root scale', underlined].filter(Boolean).join(' · ') + note + cut,
      {
        maxWidth: place.width - 190 * scale,
      },
    );
    return y + 12;
  }
  const lines = [`square-root scale${note}${cut}`, underlined].filter(Boolean);
  for (const words of lines) {
    y += 15 * scale;
    ink.text(place.x, y + 11 * scale, words, { maxWidth: place.width });
  }
  return y + 15 * scale;
}
