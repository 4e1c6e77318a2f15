/** @file One token-mixing matrix as a picture: queries down, keys across, from the top left. */
import { colourMap, mapColour, paintMatrix } from '../core/colormap';
import { number3 } from '../core/format';
import type { Box } from '../core/scene';
import { isHighContrast } from '../core/theme';
import type { Ink } from './figure';

export interface Matrix {
  /** Cells along each axis. */
  readonly size: number;
  /** (query, key) */
  readonly data: ArrayLike<number>;
  readonly signed: boolean;
  readonly causal: boolean;
  /** Tile k covers positions edges[k] … edges[k+1] − 1; absent where a cell is a position. */
  readonly edges?: readonly number[] | undefined;
}

/** Largest size of an entry. */
export function largest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]!);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}

/** The cell of a position. */
export function cellOf({ edges }: Tiled, position: number): number {
  if (!edges) return position;
  let cell = 0;
  while (cell + 2 < edges.length && edges[cell + 1]! <= position) cell++;
  return cell;
}
type Tiled = { readonly edges?: readonly number[] | undefined };

/** The first position of a cell. */
export const positionOf = ({ edges }: Tiled, cell: number): number => edges?.[cell] ?? cell;

const painted = new WeakMap<object, Map<string, ReturnType<typeof paintMatrix>>>();

/** Draws the cells, the axes, the row that reads and the column that is read. */
export function drawMatrix(
  ink: Ink,
  box: Box,
  matrix: Matrix,
  view: { max: number; position: number; source?: number | undefined },
): void {
  const { theme } = ink;
  const { size, data, signed, causal } = matrix;
  const map = colourMap(theme, signed);
  const key = `${theme.kind} ${theme.background} ${view.max} ${signed} ${causal}`;
  // An unchanged matrix is painted once, whatever moves over it.
  const known = painted.get(data) ?? new Map<string, ReturnType<typeof paintMatrix>>();
  painted.set(data, known);
  const pixels =
    known.get(key) ??
    paintMatrix(size, size, (i, j) => (causal && j > i ? 0 : data[i * size + j]!), map, view.max);
  known.set(key, pixels);
  ink.add({ kind: 'image', ...box, pixels });
  const { x, y, width, height } = box;
  const color = isHighContrast(theme.kind) ? theme.border : theme.grid;
  if (causal) {
    ink.line([x + 0.5, y, x + 0.5, y + height - 0.5, x + width, y + height - 0.5], color);
    const step = width / size;
    const stairs: number[] = [x, y];
    if (step >= 6)
      for (let k = 0; k < size; k++)
        stairs.push(x + (k + 1) * step, y + k * step, x + (k + 1) * step, y + (k + 1) * step);
    else stairs.push(x + width, y + height);
    ink.line(stairs, color);
  } else {
    ink.frame({ x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1 }, color);
    ink.line([x, y, x + width, y + height], color);
  }
  const cell = height / size;
  const row = cellOf(matrix, view.position);
  // A causal layer has nothing beyond the diagonal that could be marked.
  const open = causal ? Math.max(3, (row + 1) * cell) : width;
  ink.frame(
    { x: x - 0.5, y: y + row * cell - 0.5, width: open + 1, height: Math.max(3, cell) + 1 },
    theme.foreground,
  );
  if (view.source !== undefined) {
    const column = cellOf(matrix, view.source);
    const top = causal ? column * cell : 0;
    ink.frame(
      { x: x + column * cell - 0.5, y: y + top, width: Math.max(3, cell) + 1, height: height - top },
      theme.foreground,
      1,
      [2, 2],
    );
  }
}

/** The entry under a point within the matrix's box of `side` px. */
export function entryAt(
  matrix: Matrix,
  side: number,
  x: number,
  y: number,
): { readonly query: number; readonly key: number; readonly value: number } | undefined {
  const { size, data, causal } = matrix;
  const i = Math.min(size - 1, Math.floor((y / side) * size));
  const j = Math.min(size - 1, Math.floor((x / side) * size));
  if (i < 0 || j < 0 || (causal && j > i)) return undefined;
  return { query: positionOf(matrix, i), key: positionOf(matrix, j), value: data[i * size + j]! };
}

/** Scale bar of a colour map, with numbers at its ends and the kind of scale below. */
export function scaleBar(
  ink: Ink,
  x: number,
  y: number,
  width: number,
  max: number,
  signed: boolean,
  note = 'square-root scale',
): void {
  const { theme } = ink;
  const map = colourMap(theme, signed);
  const steps = 48;
  const each = width / steps;
  for (let k = 0; k < steps; k++) {
    const share = signed ? ((k + 0.5) / steps) * 2 - 1 : (k + 0.5) / steps;
    ink.fill(x + k * each, y, each + 0.5, 8, mapColour(map, share, 1, 'linear'));
  }
  ink.frame({ x: x + 0.5, y: y + 0.5, width: width - 1, height: 7 }, theme.axis);
  ink.text(x - 5, y + 8, signed ? number3(-max) : '0', { anchor: 'end' });
  ink.text(x + width + 5, y + 8, signed ? `+${number3(max)}` : number3(max));
  if (note !== '') ink.text(x + width, y + 22, note, { anchor: 'end' });
}

/** Words for one entry: “⇒” at 31 reads “e” at 12. */
export const readsText = (labels: (t: number) => string, query: number, key: number): string =>
  `${labels(query)} at ${query} reads ${labels(key)} at ${key}`;

/** The keys that a query reads most, strongest first. */
export function strongestKeys(
  matrix: Matrix,
  position: number,
  count: number,
): { key: number; value: number }[] {
  const row = cellOf(matrix, position);
  const last = matrix.causal ? row : matrix.size - 1;
  return Array.from({ length: last + 1 }, (_, j) => ({
    key: positionOf(matrix, j),
    value: matrix.data[row * matrix.size + j]!,
  }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, count);
}
