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
  /** Left edge and width of the axis, where they lie under a matrix. */
  axis: { readonly x: number; readonly side: number } | undefined,
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
  const nameWidth = 66 * scale;
  const from = Math.max(axis?.x ?? 0, place.x + nameWidth);
  const to = (axis ? axis.x + axis.side : place.x + place.width) - 46 * scale;
  for (const profile of profiles) {
    const { matrix } = profile;
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
    ink.text(from - 6, y + 13 * scale, profile.name, {
      anchor: 'end',
      weight: profile.strong ? 700 : 400,
      color: theme.foreground,
      maxWidth: nameWidth,
    });
    ink.text(from - 6, y + 26 * scale, profile.note, { anchor: 'end', size: 10, maxWidth: nameWidth });
    ink.text(to + 6, y + 12 * scale, number3(most));
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
    y += HEIGHT + 12;
  }
  return y;
}
