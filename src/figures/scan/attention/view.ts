/**
 * @file Hidden attention beside attention: small multiples of every layer, the chosen matrix large, and what the token
 * at the playhead reads in each layer.
 */
import { number3, visible } from '../../core/format';
import { colourMap, paintMatrix } from '../../core/colormap';
import { fitText, type Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import { Ink, type Figure } from '../figure';
import {
  cellOf,
  drawMatrix,
  entryAt,
  largest,
  positionOf,
  readsText,
  scaleBar,
  strongestKeys,
} from '../matrix';
import type { Detail } from './detail';
import { chosenMatrix, type LayerMatrices, type NamedMatrix } from './data';

export interface AttentionView {
  readonly layer: number;
  readonly matrix: number | null;
  readonly position: number;
  readonly source: number | undefined;
  readonly measure: 'entries' | 'contribution';
  readonly scale: 'matrix' | 'layer';
}

export interface AttentionOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  readonly tokens: readonly { readonly label: string }[];
  /** Exact entries around the chosen cell, where the matrix is in tiles. */
  readonly detail?: Detail | undefined;
}

const GAP = 14;
/** Layers that are drawn at once: more are paged by the chosen layer. */
const PAGE = 12;

export const pageOf = (layers: readonly LayerMatrices[], chosen: number): readonly LayerMatrices[] => {
  if (layers.length <= PAGE) return layers;
  const at = Math.max(
    0,
    layers.findIndex(({ layer }) => layer === chosen),
  );
  const from = Math.max(0, Math.min(layers.length - PAGE, at - Math.floor(PAGE / 2)));
  return layers.slice(from, from + PAGE);
};

/** px left for each small matrix. */
function sideOf(width: number, columns: number): number {
  return Math.max(56, Math.min(144, Math.floor((width - (columns - 1) * GAP) / columns)));
}

export function drawAttention(
  layers: readonly LayerMatrices[],
  view: AttentionView,
  options: AttentionOptions,
): Figure {
  const { width, theme } = options;
  const ink = new Ink(theme);
  const wide = width >= 900;
  const label = (t: number): string => visible(options.tokens[t]?.label ?? '');
  const chosen = layers.find(({ layer }) => layer === view.layer) ?? layers[0]!;
  const matrix = chosenMatrix(chosen, view.matrix, view.measure);
  const right = wide ? Math.round(Math.min(470, width * 0.36)) : width;
  const left = wide ? width - right - 40 : width;
  const x0 = wide ? left + 40 : 0;
  const large = drawLarge(ink, { x: x0, width: right }, chosen, matrix, view, options, label);
  let profiles = drawProfiles(
    ink,
    { x: x0, y: large.bottom + 24, width: right },
    large,
    layers,
    view,
    options,
    label,
  );
  if (options.detail && matrix.edges)
    profiles = drawDetail(
      ink,
      { x: x0, y: profiles + 20, width: right },
      options.detail,
      view,
      options,
      label,
    );
  const top = wide ? 0 : profiles + 28;
  const bottom = drawMultiples(
    ink,
    { x: 0, y: top, width: left },
    pageOf(layers, chosen.layer),
    view,
    options,
  );
  const summary = summaryOf(matrix, chosen, view, label);
  return ink.figure(width, Math.max(profiles, bottom) + 8, summary);
}

function summaryOf(
  matrix: NamedMatrix,
  { layer, mixer }: LayerMatrices,
  view: AttentionView,
  label: (t: number) => string,
): string {
  const [first, second] = strongestKeys(matrix, view.position, 2);
  if (!first) return '';
  const next = second ? `; the next is ${second.key} with ${number3(second.value)}` : '';
  return (
    `Layer ${layer}, ${mixer}, ${matrix.name}. Position ${view.position}, token ${label(view.position)}, reads most from ` +
    `position ${first.key}, token ${label(first.key)}, ${number3(first.value)}${next}.`
  );
}

interface Large {
  readonly x: number;
  readonly side: number;
  readonly bottom: number;
}

function drawLarge(
  ink: Ink,
  place: { x: number; width: number },
  layer: LayerMatrices,
  matrix: NamedMatrix,
  view: AttentionView,
  { measureText, tokens }: AttentionOptions,
  label: (t: number) => string,
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

function drawProfiles(
  ink: Ink,
  place: { x: number; y: number; width: number },
  { x, side }: Large,
  layers: readonly LayerMatrices[],
  view: AttentionView,
  { measureText }: AttentionOptions,
  label: (t: number) => string,
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

/** The neighbourhood of the chosen cell, entry by entry. */
function drawDetail(
  ink: Ink,
  place: { x: number; y: number; width: number },
  { query, key, size, data, signed, channels }: Detail,
  view: AttentionView,
  { measureText }: AttentionOptions,
  label: (t: number) => string,
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

function drawMultiples(
  ink: Ink,
  place: { x: number; y: number; width: number },
  layers: readonly LayerMatrices[],
  view: AttentionView,
  { measureText, tokens }: AttentionOptions,
): number {
  const { theme, scale } = ink;
  const label = (t: number): string => visible(tokens[t]?.label ?? '');
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
      smallMatrix(ink, box, layer, matrix, max, view, label);
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
  label: (t: number) => string,
): void {
  const { theme, scale } = ink;
  const side = box.width;
  drawMatrix(ink, box, matrix, { max, position: view.position, source: view.source });
  const chosen = view.measure === 'contribution' || matrix.index === view.matrix;
  if (layer.layer === view.layer && chosen)
    ink.frame({ x: box.x - 4, y: box.y - 4, width: side + 8, height: side + 8 }, theme.focus, 2);
  const below = box.y + side + 14 * scale;
  const name = view.measure === 'contribution' ? '' : matrix.name;
  ink.text(box.x, below, name, { color: theme.foreground, maxWidth: side - 56 * scale });
  ink.text(box.x + side, below, `max ${number3(matrix.max)}`, { anchor: 'end' });
  ink.region({ ...box, height: side + 18 }, (px, py) => {
    const entry = entryAt(matrix, side, px, Math.min(side - 1, py));
    const words = `layers.${layer.layer} ${matrix.name}`;
    if (!entry) return { layer: layer.layer, matrix: matrix.index, text: words };
    return {
      layer: layer.layer,
      matrix: matrix.index,
      position: entry.query,
      source: entry.key,
      text: `${words} · ${readsText(label, entry.query, entry.key)} · ${number3(entry.value)}`,
    };
  });
}
