/** @file The exact entries around the chosen cell, where the matrix is drawn in tiles. */
import { colourMap, paintMatrix } from '../../core/colormap';
import { number3 } from '../../core/format';
import type { Ink, Place } from '../figure';
import { largest, readsText, scaleBar } from '../matrix';
import type { Detail } from './detail';
import type { AttentionOptions, AttentionView, Label } from './options';

/** The neighbourhood of the chosen cell, entry by entry. */
export function drawEntries(
  ink: Ink,
  place: Place,
  { query, key, size, data, signed, channels }: Detail,
  view: AttentionView,
  { measureText }: AttentionOptions,
  label: Label,
): number {
  const { theme, scale } = ink;
  const note = `tokens ${query} – ${query + size - 1} read ${key} – ${key + size - 1}${channels > 1 ? `, mean of ${channels} channels` : ''}`;
  ink.title(place.x, place.y, 'Exact entries', note, measureText, place.width);
  const side = Math.floor(Math.min(place.width - 40, 288) / size) * size;
  const box = { x: place.x + 22, y: place.y + 14 * scale, width: side, height: side };
  const cell = side / size;
  const max = largest(data) || 1;
  const map = colourMap(theme, signed);
  ink.add({
    kind: 'image',
    ...box,
    pixels: paintMatrix(size, size, (i, j) => data[i * size + j]!, map, max),
  });
  ink.frame({ x: box.x + 0.5, y: box.y + 0.5, width: side - 1, height: side - 1 }, theme.grid);
  const mark = (i: number, j: number): void =>
    ink.frame(
      { x: box.x + j * cell - 1, y: box.y + i * cell - 1, width: cell + 2, height: cell + 2 },
      theme.focus,
      2,
    );
  if (view.source !== undefined) mark(view.position - query, view.source - key);
  scaleBar(ink, box.x + side - 100, box.y + side + 8 * scale, 64, max, signed, '');
  ink.region(box, (x, y) => {
    const [i, j] = [Math.floor(y / cell), Math.floor(x / cell)];
    if (i >= size || j >= size || key + j > query + i) return undefined;
    return {
      position: query + i,
      source: key + j,
      text: `${readsText(label, query + i, key + j)} · ${number3(data[i * size + j]!)}`,
    };
  });
  return box.y + side + 24 * scale;
}
