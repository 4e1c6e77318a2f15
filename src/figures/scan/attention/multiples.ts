/** @file Small multiples: the matrices of every layer. */
import { number3, visible } from '../../core/format';
import type { Ink, Place } from '../figure';
import { drawMatrix, entryAt, readsText } from '../matrix';
import type { LayerMatrices, NamedMatrix } from './data';
import type { AttentionOptions, AttentionView, Label } from './options';

const GAP = 14;
/** px between the two parts of a caption. */
const CAPTION_GAP = 6;
/** px below which the largest entry stands without its word. */
const BARE = 132;

export interface MultiplesOptions extends AttentionOptions {
  /** They belong to the pinned side. */
  readonly pinned?: boolean;
  /** Another matrix that is marked: the pinned one among these. */
  readonly outlined?: { readonly layer: number; readonly matrix: number | null };
}

/** px left for each small matrix. */
function sideOf(width: number, columns: number): number {
  return Math.max(56, Math.min(144, Math.floor((width - (columns - 1) * GAP) / columns)));
}

export function drawMultiples(
  ink: Ink,
  place: Place,
  layers: readonly LayerMatrices[],
  view: AttentionView,
  options: MultiplesOptions,
): number {
  const { measureText, tokens } = options;
  const { theme, scale } = ink;
  const label: Label = (t) => visible(tokens[t]?.label ?? '');
  const columns = place.width < 420 ? 3 : place.width < 560 ? 4 : 5;
  const side = sideOf(place.width, columns);
  let { y } = place;
  if (view.measure === 'contribution') {
    // One matrix a layer: they stand beside each other.
    layers.forEach((layer, k) => {
      const at = {
        x: place.x + (k % columns) * (side + GAP),
        y: y + Math.floor(k / columns) * (side + 58 * scale),
      };
      ink.text(at.x, at.y + 14 * scale, `layers.${layer.layer} · ${layer.mixer}`, {
        weight: 600,
        color: theme.foreground,
        maxWidth: side,
      });
      smallMatrix(
        ink,
        { x: at.x, y: at.y + 24 * scale, width: side, height: side },
        layer,
        layer.contribution,
        layer.contribution.max,
        view,
        options,
        label,
      );
    });
    return y + Math.ceil(layers.length / columns) * (side + 58 * scale);
  }
  for (const layer of layers) {
    const small = [layer.mean, ...layer.strongest];
    ink.title(
      place.x,
      y + 14 * scale,
      `layers.${layer.layer} · ${layer.mixer}`,
      layer.note,
      measureText,
      place.width,
    );
    y += 24 * scale;
    const shared = Math.max(...small.filter(({ index }) => index !== null).map(({ max }) => max), 0);
    small.forEach((matrix, k) => {
      const box = {
        x: place.x + (k % columns) * (side + GAP),
        y: y + Math.floor(k / columns) * (side + 30 * scale),
        width: side,
        height: side,
      };
      const max = view.scale === 'layer' && matrix.index !== null ? shared : matrix.max;
      smallMatrix(ink, box, layer, matrix, max, view, options, label);
    });
    y += Math.ceil(small.length / columns) * (side + 30 * scale) + 14;
  }
  return y;
}

/** One small matrix with its name and largest entry; the chosen one is outlined. */
function smallMatrix(
  ink: Ink,
  box: { x: number; y: number; width: number; height: number },
  layer: LayerMatrices,
  matrix: NamedMatrix,
  max: number,
  view: AttentionView,
  { measureText, pinned, outlined }: MultiplesOptions,
  label: Label,
): void {
  const { theme, scale } = ink;
  const side = box.width;
  drawMatrix(ink, box, matrix, { max, position: view.position, source: view.source });
  const isAt = (place: { readonly layer: number; readonly matrix: number | null }): boolean =>
    layer.layer === place.layer && (view.measure === 'contribution' || matrix.index === place.matrix);
  const outline = { x: box.x - 4, y: box.y - 4, width: side + 8, height: side + 8 };
  if (isAt(view)) ink.frame(outline, theme.focus, 2);
  else if (outlined && isAt(outlined)) ink.frame(outline, theme.foreground, 1, [2, 2]);
  const below = box.y + side + 14 * scale;
  const name = view.measure === 'contribution' ? '' : matrix.name;
  // Where both do not fit, the number stands alone and the name is cut; in small ones alike.
  const wide = (text: string): number => measureText(text, 11 * scale);
  const value = number3(matrix.max);
  const bare = side < BARE || wide(name) + wide(`max ${value}`) + CAPTION_GAP > side;
  const most = bare ? value : `max ${value}`;
  ink.text(box.x, below, name, { color: theme.foreground, maxWidth: side - wide(most) - CAPTION_GAP });
  ink.text(box.x + side, below, most, { anchor: 'end' });
  ink.region({ ...box, height: side + 18 }, (px, py) => {
    const entry = entryAt(matrix, side, px, Math.min(side - 1, py));
    const words = `layers.${layer.layer} ${matrix.name}`;
    const own = { layer: layer.layer, matrix: matrix.index, ...(pinned ? { pinned } : {}) };
    if (!entry) return { ...own, text: words };
    return {
      ...own,
      position: entry.query,
      source: entry.key,
      text: `${words} · ${readsText(label, entry.query, entry.key)} · ${number3(entry.value)}`,
    };
  });
}
