/** @file The text with the overlay behind it. */
import { colourMap, mapColour, type ColourMap } from '../../core/colormap';
import { contrast, mix } from '../../core/colour';
import { number3, visible } from '../../core/format';
import type { Box } from '../../core/scene';
import type { Theme } from '../../core/theme';
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
  const { scale } = ink;
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
  const look = lookOf(ink, source, view);
  const from = Math.max(0, Math.min(position - SHOWN + 200, source.length - SHOWN));
  const to = Math.min(source.length, from + SHOWN);
  const lineHeight = 28 * scale;
  let x = place.x;
  let y = 28 * scale;
  for (let t = from; t < to; t++) {
    const text = visible(tokens[t]?.label ?? '') || '∅';
    const width = look.numbers
      ? 9 * scale
      : Math.max(12.8 * scale, measureText(text, 13 * scale, 400, 'mono') + 5);
    if (x + width > place.x + place.width) {
      x = place.x;
      y += lineHeight;
    }
    drawToken(ink, look, view, t, text, { x, y, width, height: 22 * scale });
    const value = isUnread(look, t) ? 'not read yet' : number3(look.values[t] ?? 0);
    ink.region({ x, y, width, height: lineHeight }, () => ({
      position: t,
      text: `${t} “${text}” · ${value}`,
    }));
    x += width;
  }
  y += lineHeight + 8 * scale;
  scaleBar(ink, place.x + 16 * scale, y, 92, look.max, false, '');
  return drawNotes(ink, source, place, y, look, to - from);
}

/** What the tokens' look depends on. */
interface Look {
  readonly values: ArrayLike<number>;
  readonly max: number;
  readonly map: ColourMap;
  readonly writes: ArrayLike<number>;
  /** Writes above it are underlined: the 95th percentile. */
  readonly high: number;
  /** From this position on the playhead has not read yet; infinite where all counts. */
  readonly unread: number;
  /** Vectors without words are boxes. */
  readonly numbers: boolean;
}

function lookOf({ theme }: Ink, source: MemorySource, view: MemoryView): Look {
  const { overlay, position } = view;
  const values = overlayValues(source, view);
  // The current token would flatten the rest: the scale is the largest but one.
  const others = Float64Array.from({ length: values.length }, (_, t) =>
    overlay === 'contribution' && t === position ? 0 : (values[t] ?? 0),
  );
  const writes = source.writes ?? new Float64Array(source.length);
  return {
    values,
    max: largest(others) || largest(values),
    map: colourMap(theme, false),
    writes,
    high: Float64Array.from(writes).sort()[Math.floor(0.95 * (writes.length - 1))] ?? Infinity,
    unread: overlay === 'contribution' && source.causal ? position + 1 : Infinity,
    numbers: source.tokens[0]?.id === undefined,
  };
}

const isUnread = ({ unread }: Look, t: number): boolean => t >= unread;

function drawToken(ink: Ink, look: Look, view: MemoryView, t: number, text: string, box: Box): void {
  const { theme, scale } = ink;
  const { x, y, width, height } = box;
  const unread = isUnread(look, t);
  const fill = unread ? theme.background : mapColour(look.map, look.values[t] ?? 0, look.max);
  if (fill !== theme.background) ink.fill(x, y, width, height, fill);
  if (!look.numbers)
    ink.text(x + width / 2, y + 15.5 * scale, text, {
      size: 13,
      family: 'mono',
      anchor: 'middle',
      weight: t === view.position ? 700 : 400,
      color: unread ? mix(theme.foreground, theme.background, 0.42) : glyphColour(theme, fill),
    });
  if (look.writes[t]! > look.high) ink.fill(x + 1, y + height + 1, width - 2, 2, theme.foreground);
  const outline = { x: x + 0.5, y: y - 0.5, width: width - 1, height: height + 1 };
  if (t === view.position) ink.frame(outline, theme.foreground, 2);
  else if (t === view.source) ink.frame(outline, theme.foreground, 1, [2, 2]);
}

/** Black or white on ink, whichever is read better. */
function glyphColour({ background, foreground }: Theme, fill: string): string {
  if (fill === background) return foreground;
  return contrast('#000000', fill) > contrast('#ffffff', fill) ? '#000000' : '#ffffff';
}

/** What the marks mean, beside the scale bar or below it. @param shown tokens that are drawn */
function drawNotes(
  ink: Ink,
  source: MemorySource,
  place: Place,
  y: number,
  look: Look,
  shown: number,
): number {
  const { scale } = ink;
  const note = look.unread === Infinity ? '' : ' · faint: not read yet';
  const cut = shown < source.length ? ` · ${shown} of ${source.length} tokens` : '';
  const underlined = source.writes ? 'underlined: writes above the 95th percentile' : '';
  if (place.width >= 560) {
    const beside = 190 * scale;
    const words = ['square-root scale', underlined].filter(Boolean).join(' · ') + note + cut;
    ink.text(place.x + beside, y + 8, words, { maxWidth: place.width - beside });
    return y + 12;
  }
  const lines = [`square-root scale${note}${cut}`, underlined].filter(Boolean);
  let below = y;
  for (const words of lines) {
    below += 15 * scale;
    ink.text(place.x, below + 11 * scale, words, { maxWidth: place.width });
  }
  return below + 15 * scale;
}
