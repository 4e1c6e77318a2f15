/**
 * @file Two matrices beside each other under one cursor: each half of the page has its matrix, what the playhead reads in
 * it on the same axis, and the matrices of its run to choose from. Below each other where there is no room.
 */
import type { Ink } from '../figure';
import { drawLarge, lengthOf, type Large } from './large';
import { drawMultiples } from './multiples';
import { pageOf, type AttentionOptions, type AttentionView, type Label } from './options';
import { sharedMax, type Side } from './pinned';
import { drawProfiles } from './profiles';

const GAP = 40;
/** px of the largest matrix. */
const MOST = 560;
/** px that small matrices need to stand beside a large one. */
const BESIDE = 300;

interface Half {
  readonly side: Side;
  readonly place: 'chosen' | 'pinned';
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export function drawPair(
  ink: Ink,
  own: Side,
  other: Side,
  view: AttentionView,
  options: AttentionOptions,
  label: Label,
): number {
  const { width, pin } = options;
  const columns = width >= 700 ? 2 : 1;
  const each = Math.floor((width - (columns - 1) * GAP) / columns);
  const shared = sharedMax(own, other, view.measure);
  const large = ({ side, place, ...at }: Half): Large => {
    const found = drawLarge(
      ink,
      at,
      side,
      view,
      {
        ...options,
        max: shared ?? side.matrix.max,
        length: lengthOf(side),
        compared: place,
        most: Math.min(MOST, at.width),
      },
      label,
    );
    const profile = { ...profileOf(side), ...(place === 'pinned' ? { pinned: true } : {}) };
    const below = { x: at.x, y: found.bottom + 24, width: at.width };
    return { ...found, bottom: drawProfiles(ink, below, found, [profile], view, options, label) };
  };
  /** The matrices of a run: beside its large one where there is room. */
  const choose = (half: Half, drawn: Large, below: number): number => {
    const { side, place } = half;
    const right = drawn.x + drawn.side + 32;
    const beside = half.x + half.width - right >= BESIDE;
    const at = beside ? { x: right, y: half.y } : { x: half.x, y: below };
    const room = half.x + half.width - at.x;
    ink.title(at.x, at.y + 14 * ink.scale, side.name, 'matrices to choose from', options.measureText, room);
    const chosen = { ...view, layer: side.layer.layer, matrix: side.matrix.index };
    return drawMultiples(
      ink,
      { x: at.x, y: at.y + 26 * ink.scale, width: room },
      pageOf(side.layers, side.layer.layer),
      place === 'pinned' ? chosen : view,
      { ...options, ...(place === 'pinned' ? { pinned: true } : {}) },
    );
  };
  const first: Half = { side: own, place: 'chosen', x: 0, y: 0, width: each };
  const left = large(first);
  const second: Half =
    columns === 1
      ? { ...first, side: other, place: 'pinned', y: left.bottom + 28 }
      : { ...first, side: other, place: 'pinned', x: each + GAP };
  const right = large(second);
  let below = Math.max(left.bottom, right.bottom) + 16 * ink.scale;
  ink.text(
    0,
    below,
    shared === undefined
      ? 'Entries differ in kind: each matrix has its own scale.'
      : 'Both matrices have the same scale.',
    { maxWidth: width },
  );
  below += 20;
  if (pin?.pin.target === null) {
    const outlined = { layer: other.layer.layer, matrix: other.matrix.index };
    const layers = pageOf(own.layers, own.layer.layer);
    const half = Math.ceil(layers.length / columns);
    return Math.max(
      ...Array.from({ length: columns }, (_, k) =>
        drawMultiples(
          ink,
          { x: k * (each + GAP), y: below, width: each },
          layers.slice(k * half, (k + 1) * half),
          view,
          { ...options, outlined },
        ),
      ),
    );
  }
  const mine = choose(first, left, below);
  return Math.max(below, mine, choose(second, right, columns === 1 ? mine + 20 : below));
}

const profileOf = ({ layer, matrix }: Side) => ({
  layer: layer.layer,
  matrix,
  name: `layers.${layer.layer}`,
  note: matrix.name,
  strong: true,
});
