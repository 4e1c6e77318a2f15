/** @file A chosen matrix, large, with its tokens along both edges and the entry at the cursor. */
import { colourMap, paintMatrix } from '../../core/colormap';
import { number3 } from '../../core/format';
import { fitText, type Box } from '../../core/scene';
import { ceil125 } from '../../core/ticks';
import { isHighContrast } from '../../core/theme';
import type { Ink, Place } from '../figure';
import { cellOf, drawMatrix, readsText, scaleBar, strongestKeys } from '../matrix';
import { columnOf, cutOf, cutOfDetail, rowOf, type Cut } from './cut';
import type { AttentionOptions, AttentionView, Label } from './options';
import type { Side } from './pinned';

export interface Large {
  readonly x: number;
  readonly side: number;
  readonly bottom: number;
}

/** How a large matrix stands on the page. */
export interface LargeOptions extends AttentionOptions {
  /** Largest entry of the scale. */
  readonly max: number;
  /** Positions of the sequence. */
  readonly length: number;
  /** One of two, each with its name; the second is the pinned one. */
  readonly compared?: 'chosen' | 'pinned' | undefined;
  /** px of its side at most. */
  readonly most?: number;
}

const GUTTER = 22;
const MOST = 440;

export const lengthOf = ({ matrix }: Side): number => matrix.edges?.at(-1) ?? matrix.size;

export function drawLarge(
  ink: Ink,
  place: Place,
  side: Side,
  view: AttentionView,
  options: LargeOptions,
  label: Label,
): Large {
  const { scale } = ink;
  const { layer, matrix } = side;
  const { measureText, compared, max, length, most = MOST } = options;
  const exact = view.window && matrix.edges ? side.detail : undefined;
  const cut = exact ? cutOfDetail(exact) : cutOf(matrix, view.window, length);
  const room = Math.min(place.width - GUTTER - 2, most);
  // Whole pixels a cell where there are few.
  const extent = cut.count <= room ? Math.floor(room / cut.count) * cut.count : room;
  const x = place.x + GUTTER;
  let y = place.y + 14 * scale;
  if (compared) {
    ink.title(place.x, y, side.name, compared === 'pinned' ? 'pinned' : '', measureText, place.width);
    y += 19 * scale;
  }
  const title = `layers.${layer.layer} ${layer.mixer} · ${matrix.name}`;
  ink.title(place.x, y, title, noteOf(cut, exact?.channels), measureText, place.width);
  y += 36 * scale;
  const box = { x, y, width: extent, height: extent };
  const causal = matrix.causal;
  if (cut.whole) drawMatrix(ink, box, cut.whole, { max, position: view.position, source: view.source });
  else drawCut(ink, box, cut, max, causal, view);
  edgeLabels(ink, box, cut, view, options, label);
  ink.viewport({ ...box, query: cut.query(0), key: cut.key(0), size: cut.query(cut.count) - cut.query(0) });
  ink.region(box, (px, py) => {
    const [i, j] = [Math.floor((py / extent) * cut.count), Math.floor((px / extent) * cut.count)];
    const value = cut.value(i, j);
    if (value === undefined) return undefined;
    return {
      layer: layer.layer,
      matrix: matrix.index,
      ...(compared === 'pinned' ? { pinned: true } : {}),
      position: cut.query(i),
      source: cut.key(j),
      text: `${readsText(label, cut.query(i), cut.key(j))} · ${number3(value)}`,
    };
  });
  return { x, side: extent, bottom: readout(ink, box, cut, { side, view, max, label }) };
}

const noteOf = (cut: Cut, channels: number | undefined): string => {
  if (cut.whole) return 'row reads, column is read';
  const span = (from: number, to: number): string => `${from} – ${to - 1}`;
  const part = `${span(cut.query(0), cut.query(cut.count))} read ${span(cut.key(0), cut.key(cut.count))}`;
  return channels === undefined ? part : `${part}, exact${channels > 1 ? `, ${channels} channels` : ''}`;
};

/** A part of the matrix: cells, the edge of what a causal layer can read, the row that reads, the column read. */
function drawCut(ink: Ink, box: Box, cut: Cut, max: number, causal: boolean, view: AttentionView): void {
  const { theme } = ink;
  const { count } = cut;
  const each = box.width / count;
  const map = colourMap(theme, cut.signed);
  ink.add({
    kind: 'image',
    ...box,
    pixels: paintMatrix(count, count, (i, j) => cut.value(i, j) ?? 0, map, max),
  });
  const color = isHighContrast(theme.kind) ? theme.border : theme.grid;
  ink.frame({ x: box.x + 0.5, y: box.y + 0.5, width: box.width - 1, height: box.height - 1 }, color);
  if (causal) {
    const stairs: number[] = [];
    for (let i = 0; i < count; i++) {
      let open = 0;
      while (open < count && cut.value(i, open) !== undefined) open++;
      const at = box.x + open * each;
      stairs.push(at, box.y + i * each, at, box.y + (i + 1) * each);
    }
    ink.line(stairs, color);
  }
  const row = rowOf(cut, view.position);
  if (row !== undefined) {
    let open = 0;
    while (open < count && cut.value(row, open) !== undefined) open++;
    ink.frame(
      { x: box.x - 0.5, y: box.y + row * each - 0.5, width: open * each + 1, height: each + 1 },
      theme.foreground,
    );
  }
  const column = view.source === undefined ? undefined : columnOf(cut, view.source);
  if (column !== undefined)
    ink.frame(
      { x: box.x + column * each - 0.5, y: box.y, width: each + 1, height: box.height },
      theme.foreground,
      1,
      [2, 2],
    );
}

/** Tokens, or positions where tokens have no names or no room, on both edges. */
function edgeLabels(
  ink: Ink,
  { x, y, width }: Box,
  cut: Cut,
  view: AttentionView,
  { measureText, tokens }: AttentionOptions,
  label: Label,
): void {
  const { theme, scale } = ink;
  const { count } = cut;
  const each = width / count;
  const single = cut.query(count) - cut.query(0) === count;
  const fits = Math.max(1, Math.ceil((11 * scale) / each));
  const numbers = tokens[0] === undefined || !single || fits > 1;
  // Positions are told in steps that read well.
  const every = numbers ? ceil125(fits) : fits;
  const row = rowOf(cut, view.position);
  const column = view.source === undefined ? undefined : columnOf(cut, view.source);
  const text = (t: number): string =>
    fitText(
      numbers ? String(t) : label(t),
      numbers ? 40 : Math.max(each * every, 12),
      10.5 * scale,
      measureText,
    );
  for (let k = 0; k < count; k++) {
    const shown = (chosen: number | undefined, at: number, step: number): boolean =>
      k === chosen || (at % step === 0 && (chosen === undefined || Math.abs(k - chosen) >= step));
    if (shown(row, single && numbers ? cut.query(k) : k, every)) {
      const strong = k === row;
      ink.text(x - 5, y + (k + 0.5) * each + 4 * scale, text(cut.query(k)), {
        anchor: 'end',
        family: 'mono',
        size: 10.5,
        weight: strong ? 700 : 400,
        color: strong ? theme.foreground : theme.secondary,
        maxWidth: GUTTER,
      });
    }
    if (shown(column, single && numbers ? cut.key(k) : k, numbers ? ceil125(every * 3) : every)) {
      const strong = k === column;
      ink.text(x + (k + 0.5) * each, y - 5, text(cut.key(k)), {
        anchor: 'middle',
        family: 'mono',
        size: 10.5,
        weight: strong ? 700 : 400,
        color: strong ? theme.foreground : theme.secondary,
      });
    }
  }
}

/** The entry at the cursor and the scale: in the free triangle of a causal matrix, below the others. Returns the bottom. */
function readout(
  ink: Ink,
  { x, y, width }: Box,
  cut: Cut,
  {
    side: { layer, matrix },
    view,
    max,
    label,
  }: { readonly side: Side; readonly view: AttentionView; readonly max: number; readonly label: Label },
): number {
  const { theme } = ink;
  const key = view.source ?? strongestKeys(matrix, view.position, 1)[0]?.key ?? 0;
  const [i, j] = [rowOf(cut, view.position), columnOf(cut, key)];
  const at = cellOf(matrix, view.position) * matrix.size + cellOf(matrix, key);
  const inside = i === undefined || j === undefined ? undefined : cut.value(i, j);
  const readable = !matrix.causal || key <= view.position;
  const lines = [
    readsText(label, view.position, key),
    readable ? `${matrix.name} ${number3(inside ?? matrix.data[at]!)}` : 'comes later: cannot be read',
    ...(matrix.index === null || !readable ? [] : [`${layer.mean.name} ${number3(layer.mean.data[at]!)}`]),
  ];
  const free = matrix.causal && cut.whole !== undefined && width > 220;
  let line = free ? y + 16 * ink.scale : y + width + 20 * ink.scale;
  for (const [k, words] of lines.entries()) {
    ink.text(free ? x + width : x, line, words, {
      anchor: free ? 'end' : 'start',
      size: 12,
      color: k < 2 ? theme.foreground : theme.secondary,
      halo: true,
      maxWidth: free ? width : width - 140,
    });
    line += 17 * ink.scale;
  }
  const bar = free
    ? { x: x + width - 92 - 34, y: line - 2 }
    : { x: x + width - 130, y: y + width + 12 * ink.scale };
  scaleBar(ink, bar.x, bar.y, 92, max, matrix.signed, 'square-root scale');
  return free ? y + width : line + 2;
}
