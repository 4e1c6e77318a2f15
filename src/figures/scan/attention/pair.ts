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
  const first: Half = { side: own, place: 'chosen', x: 0, y: 0, width: each };
  const left = drawHalf(ink, first, shared, view, options, label);
  const second: Half =
    columns === 1
      ? { ...first, side: other, place: 'pinned', y: left.bottom + 28 }
      : { ...first, side: other, place: 'pinned', x: each + GAP };
  const right = drawHalf(ink, second, shared, view, options, label);
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
  if (pin?.pin.target === null) return drawOneRun(ink, own, other, below, columns, each, view, options);
  const mine = drawChoice(ink, first, left, below, view, options);
  const theirs = drawChoice(ink, second, right, columns === 1 ? mine + 20 : below, view, options);
  return Math.max(below, mine, theirs);
}

/** A large matrix and what the playhead reads in it. @param shared largest entry of both, where they are alike */
function drawHalf(
  ink: Ink,
  { side, place, ...at }: Half,
  shared: number | undefined,
  view: AttentionView,
  options: AttentionOptions,
  label: Label,
): Large {
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
}

/** The matrices of a run: beside its large one where there is room. */
function drawChoice(
  ink: Ink,
  half: Half,
  drawn: Large,
  below: number,
  view: AttentionView,
  options: AttentionOptions,
): number {
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
}

/** Both matrices are of one run: its matrices in as many columns, the pinned one outlined. */
function drawOneRun(
  ink: Ink,
  own: Side,
  other: Side,
  y: number,
  columns: number,
  each: number,
  view: AttentionView,
  options: AttentionOptions,
): number {
  const outlined = { layer: other.layer.layer, matrix: other.matrix.index };
  const layers = pageOf(own.layers, own.layer.layer);
  const half = Math.ceil(layers.length / columns);
  const bottoms = Array.from({ length: columns }, (_, k) =>
    drawMultiples(
      ink,
      { x: k * (each + GAP), y, width: each },
      layers.slice(k * half, (k + 1) * half),
      view,
      { ...options, outlined },
    ),
  );
  return Math.max(...bottoms);
}

const profileOf = ({ layer, matrix }: Side) => ({
  layer: layer.layer,
  matrix,
  name: `layers.${layer.layer}`,
  note: matrix.name,
  strong: true,
});
