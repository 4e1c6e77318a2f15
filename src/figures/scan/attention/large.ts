/** @file The chosen matrix, large, with its tokens along both edges and the entry at the cursor. */
import { number3 } from '../../core/format';
import { fitText } from '../../core/scene';
import type { Ink } from '../figure';
import { cellOf, drawMatrix, entryAt, positionOf, readsText, scaleBar, strongestKeys } from '../matrix';
import type { LayerMatrices, NamedMatrix } from './data';
import type { AttentionOptions, AttentionView, Label } from './options';

export interface Large {
  readonly x: number;
  readonly side: number;
  readonly bottom: number;
}

export function drawLarge(
  ink: Ink,
  place: { x: number; width: number },
  layer: LayerMatrices,
  matrix: NamedMatrix,
  view: AttentionView,
  { measureText, tokens }: AttentionOptions,
  label: Label,
): Large {
  const { theme, scale } = ink;
  const gutter = 22;
  const { size } = matrix;
  const room = Math.min(place.width - gutter - 2, 440);
  // Whole pixels a cell where there are few.
  const side = size <= room ? Math.floor(room / size) * size : room;
  const x = place.x + gutter;
  const title = `layers.${layer.layer} ${layer.mixer} · ${matrix.name}`;
  ink.title(place.x, 14 * scale, title, 'row reads, column is read', measureText, place.width);
  const y = 50 * scale;
  drawMatrix(ink, { x, y, width: side, height: side }, matrix, {
    max: matrix.max,
    position: view.position,
    source: view.source,
  });
  const cell = side / size;
  const row = cellOf(matrix, view.position);
  // Labels on both edges where there is room for them.
  const every = Math.max(1, Math.ceil((11 * scale) / cell));
  for (let k = 0; k < size; k++) {
    const t = positionOf(matrix, k);
    const numbers = tokens[0] === undefined || matrix.edges !== undefined || every > 1;
    if (k % every !== 0 && k !== row) continue;
    const near = k !== row && Math.abs(k - row) < every;
    if (near) continue;
    const text = fitText(
      numbers ? String(t) : label(t),
      numbers ? 40 : Math.max(cell * every, 12),
      10.5 * scale,
      measureText,
    );
    const strong = k === row || (view.source !== undefined && k === cellOf(matrix, view.source));
    ink.text(x - 5, y + (k + 0.5) * cell + 4 * scale, text, {
      anchor: 'end',
      family: 'mono',
      size: 10.5,
      weight: strong ? 700 : 400,
      color: strong ? theme.foreground : theme.secondary,
      maxWidth: gutter,
    });
    if (!numbers || k % (every * 3) === 0)
      ink.text(x + (k + 0.5) * cell, y - 5, text, {
        anchor: 'middle',
        family: 'mono',
        size: 10.5,
        weight: view.source !== undefined && k === cellOf(matrix, view.source) ? 700 : 400,
      });
  }
  ink.region({ x, y, width: side, height: side }, (px, py) => {
    const entry = entryAt(matrix, side, px, py);
    return (
      entry && {
        layer: layer.layer,
        matrix: matrix.index,
        position: entry.query,
        source: entry.key,
        text: `${readsText(label, entry.query, entry.key)} · ${number3(entry.value)}`,
      }
    );
  });
  // The upper triangle of a causal matrix is free for the readout.
  const key = view.source ?? strongestKeys(matrix, view.position, 1)[0]?.key ?? 0;
  const cellKey = cellOf(matrix, key);
  const entry = matrix.data[row * size + cellKey]!;
  const mean = layer.mean.data[row * size + cellKey]!;
  const lines = [
    readsText(label, view.position, key),
    `${matrix.name} ${number3(entry)}`,
    ...(matrix.index === null ? [] : [`${layer.mean.name} ${number3(mean)}`]),
  ];
  const causal = matrix.causal && side > 220;
  let at = causal ? y + 16 * scale : y + side + 20 * scale;
  for (const [k, line] of lines.entries()) {
    ink.text(causal ? x + side : x, at, line, {
      anchor: causal ? 'end' : 'start',
      size: 12,
      color: k < 2 ? theme.foreground : theme.secondary,
      halo: true,
    });
    at += 17 * scale;
  }
  const bar = causal ? { x: x + side - 92 - 34, y: at - 2 } : { x: x + side - 130, y: y + side + 12 * scale };
  scaleBar(ink, bar.x, bar.y, 92, matrix.max, matrix.signed, causal ? 'square-root scale' : '');
  return { x, side, bottom: causal ? y + side : at + 2 };
}
