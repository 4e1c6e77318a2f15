/** @file The cells of a large matrix that are on the page: all, those of a window, or exact entries of a long scan. */
import { cellOf, positionOf, type Matrix } from '../matrix';
import type { Detail } from './detail';
import type { Window } from './window';

export interface Cut {
  /** Cells along each side. */
  readonly count: number;
  readonly signed: boolean;
  /** The whole matrix, which can be drawn as such. */
  readonly whole?: Matrix;
  /** First query of a row and first key of a column; of `count` the one behind the last. */
  query(row: number): number;
  key(column: number): number;
  /** Undefined where a causal layer cannot read. */
  value(row: number, column: number): number | undefined;
}

/** @param length positions of the sequence */
export function cutOf(matrix: Matrix, window: Window | undefined, length: number): Cut {
  const { size, data, signed, causal, edges } = matrix;
  const last = (cell: number): number => (cell >= size ? length : positionOf(matrix, cell));
  // Tiles are kept whole.
  const count = window ? Math.max(1, Math.min(size, Math.round((window.size * size) / length))) : size;
  const start = (position: number): number =>
    Math.max(0, Math.min(size - count, edges ? cellOf(matrix, position) : Math.round(position)));
  const [row, column] = window ? [start(window.query), start(window.key)] : [0, 0];
  return {
    count,
    signed,
    ...(count === size ? { whole: matrix } : {}),
    query: (i) => last(row + i),
    key: (j) => last(column + j),
    value: (i, j) => (causal && column + j > row + i ? undefined : data[(row + i) * size + column + j]),
  };
}

export const cutOfDetail = ({ query, key, size, data, signed }: Detail): Cut => ({
  count: size,
  signed,
  query: (i) => query + i,
  key: (j) => key + j,
  value: (i, j) => (key + j > query + i ? undefined : data[i * size + j]),
});

/** The row that a query lies in; undefined outside. */
export function rowOf({ count, query }: Cut, position: number): number | undefined {
  for (let i = 0; i < count; i++) if (query(i) <= position && position < query(i + 1)) return i;
  return undefined;
}

/** The column that a key lies in; undefined outside. */
export const columnOf = (cut: Cut, position: number): number | undefined =>
  rowOf({ ...cut, query: cut.key }, position);
