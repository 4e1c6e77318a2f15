/** @file What the token at the playhead reads, layer below layer. */
import { number3 } from '../../core/format';
import type { Ink, Place } from '../figure';
import { cellOf, positionOf, readsText } from '../matrix';
import { chosenMatrix, type LayerMatrices } from './data';
import type { Large } from './large';
import { pageOf, type AttentionOptions, type AttentionView, type Label } from './options';

export function drawProfiles(
  ink: Ink,
  place: Place,
  { x, side }: Large,
  layers: readonly LayerMatrices[],
  view: AttentionView,
  { measureText }: AttentionOptions,
  label: Label,
): number {
  const { theme, scale } = ink;
  const words = view.measure === 'contribution' ? 'takes, in each layer' : 'reads, in each layer';
  ink.title(
    place.x,
    place.y,
    `What ${label(view.position)} at ${view.position} ${words}`,
    '',
    measureText,
    place.width,
  );
  let y = place.y + 12;
  const height = 30;
  const page = pageOf(layers, view.layer).slice(0, 8);
  const nameWidth = 66 * scale;
  const from = Math.max(x, place.x + nameWidth);
  const to = x + side - 46 * scale;
  for (const layer of page) {
    const own = layer.layer === view.layer;
    const matrix = own
      ? chosenMatrix(layer, view.matrix, view.measure)
      : view.measure === 'contribution'
        ? layer.contribution
        : layer.mean;
    const row = cellOf(matrix, view.position);
    let most = 0;
    for (let j = 0; j < matrix.size; j++)
      most = Math.max(most, Math.abs(matrix.data[row * matrix.size + j]!));
    const each = (to - from) / matrix.size;
    const signed = matrix.signed;
    const zero = signed ? y + height / 2 : y + height;
    for (let j = 0; j < matrix.size; j++) {
      const value = matrix.data[row * matrix.size + j]!;
      if (value === 0 || most === 0) continue;
      const tall = (Math.abs(value) / most) * (signed ? height / 2 : height);
      ink.fill(
        from + j * each + each * 0.12,
        value < 0 ? zero : zero - tall,
        Math.max(0.7, each * 0.76),
        Math.max(0.75, tall),
        theme.data,
      );
    }
    ink.hairline(from, zero, to, zero);
    if (view.source !== undefined) {
      const column = cellOf(matrix, view.source);
      ink.frame(
        { x: from + column * each - 0.5, y: y - 2, width: Math.max(3, each) + 1, height: height + 3 },
        theme.foreground,
        1,
        [2, 2],
      );
    }
    ink.text(from - 6, y + 13 * scale, `layers.${layer.layer}`, {
      anchor: 'end',
      weight: own ? 700 : 400,
      color: theme.foreground,
    });
    ink.text(
      from - 6,
      y + 26 * scale,
      own && matrix.index !== null ? matrix.name : view.measure === 'contribution' ? layer.mixer : 'mean',
      { anchor: 'end', size: 10, maxWidth: nameWidth },
    );
    ink.text(to + 6, y + 12 * scale, number3(most));
    const box = { x: from, y, width: to - from, height };
    ink.region(box, (px) => {
      const j = Math.min(matrix.size - 1, Math.floor(px / each));
      const key = positionOf(matrix, j);
      return {
        layer: layer.layer,
        source: key,
        text: `${readsText(label, view.position, key)} · ${number3(matrix.data[row * matrix.size + j]!)}`,
      };
    });
    y += height + 12;
  }
  return y;
}
