/** @file What the token at the playhead reads, layer below layer. */
import { number3 } from '../../core/format';
import type { Ink, Place } from '../figure';
import { cellOf, positionOf, readsText } from '../matrix';
import type { NamedMatrix } from './data';
import type { AttentionOptions, AttentionView, Label } from './options';

/** One row of a matrix, under a name. */
export interface Profile {
  readonly layer: number;
  readonly matrix: NamedMatrix;
  readonly name: string;
  readonly note: string;
  /** Of the chosen matrix. */
  readonly strong: boolean;
  readonly pinned?: boolean;
}

const HEIGHT = 30;

export function drawProfiles(
  ink: Ink,
  place: Place,
  /** Left edge and width of the axis: those of the matrix above. */
  axis: { readonly x: number; readonly side: number },
  profiles: readonly Profile[],
  view: AttentionView,
  { measureText }: AttentionOptions,
  label: Label,
): number {
  const { theme, scale } = ink;
  const words = view.measure === 'contribution' ? 'takes' : 'reads';
  const title = `What ${label(view.position)} at ${view.position} ${words}`;
  ink.title(place.x, place.y, title, '', measureText, place.width);
  let y = place.y + 12;
  const from = axis.x;
  const to = axis.x + axis.side;
  for (const profile of profiles) {
    const { matrix } = profile;
    y += 16 * scale;
    const row = cellOf(matrix, view.position);
    const value = (j: number): number => matrix.data[row * matrix.size + j]!;
    let most = 0;
    for (let j = 0; j < matrix.size; j++) most = Math.max(most, Math.abs(value(j)));
    const each = (to - from) / matrix.size;
    const zero = matrix.signed ? y + HEIGHT / 2 : y + HEIGHT;
    for (let j = 0; j < matrix.size; j++) {
      const entry = value(j);
      if (entry === 0 || most === 0) continue;
      const tall = (Math.abs(entry) / most) * (matrix.signed ? HEIGHT / 2 : HEIGHT);
      ink.fill(
        from + j * each + each * 0.12,
        entry < 0 ? zero : zero - tall,
        Math.max(0.7, each * 0.76),
        Math.max(0.75, tall),
        theme.data,
      );
    }
    ink.hairline(from, zero, to, zero);
    const mark = (first: number, last: number, color: string, dash?: readonly number[]): void => {
      const left = from + cellOf(matrix, first) * each;
      const right = from + (cellOf(matrix, last) + 1) * each;
      ink.frame(
        { x: left - 0.5, y: y - 2, width: Math.max(3, right - left) + 1, height: HEIGHT + 3 },
        color,
        1,
        dash,
      );
    };
    // The keys that the large matrix shows.
    if (view.window)
      mark(Math.round(view.window.key), Math.round(view.window.key + view.window.size) - 1, theme.axis);
    if (view.source !== undefined) mark(view.source, view.source, theme.foreground, [2, 2]);
    // The name above the bars, so that they stand on the axis of the matrix, to the pixel.
    const above = y - 5 * scale;
    const weight = profile.strong ? 700 : 400;
    ink.text(from, above, profile.name, { weight, color: theme.foreground });
    const after = measureText(profile.name, 11 * scale, weight) + 6;
    const largest = `max ${number3(most)}`;
    const room = to - from - after - measureText(largest, 11 * scale) - 8;
    ink.text(from + after, above, profile.note, { maxWidth: room });
    ink.text(to, above, largest, { anchor: 'end' });
    ink.region({ x: from, y, width: to - from, height: HEIGHT }, (px) => {
      const j = Math.min(matrix.size - 1, Math.floor(px / each));
      const key = positionOf(matrix, j);
      return {
        layer: profile.layer,
        ...(profile.pinned ? { pinned: true } : {}),
        source: key,
        text: `${readsText(label, view.position, key)} · ${number3(value(j))}`,
      };
    });
    y += HEIGHT + 8;
  }
  return y;
}
