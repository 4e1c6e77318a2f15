/** @file The grid of tokens: its cells, its lines, the chosen cell, what is under the pointer. */
import type { Ink } from '../figure';
import type { OrderView } from './options';

export interface Grid {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly cell: number;
}

/** Square cells, as large as both sides allow. */
export function fit(
  width: number,
  height: number,
  rows: number,
  columns: number,
): { width: number; height: number; cell: number } {
  const cell = Math.max(4, Math.floor(Math.min(width / columns, height / rows, 64)));
  return { cell, width: cell * columns, height: cell * rows };
}

export const cellBox = ({ x, y, cell }: Grid, p: number, columns: number) => ({
  x: x + (p % columns) * cell,
  y: y + Math.floor(p / columns) * cell,
  width: cell,
  height: cell,
});

export const centre = (grid: Grid, p: number, columns: number): [number, number] => {
  const box = cellBox(grid, p, columns);
  return [box.x + box.width / 2, box.y + box.height / 2];
};

export function lines(ink: Ink, grid: Grid, rows: number, columns: number): void {
  const { theme } = ink;
  if (grid.cell >= 8) {
    for (let i = 1; i < rows; i++)
      ink.hairline(grid.x, grid.y + i * grid.cell, grid.x + grid.width, grid.y + i * grid.cell, theme.grid);
    for (let j = 1; j < columns; j++)
      ink.hairline(grid.x + j * grid.cell, grid.y, grid.x + j * grid.cell, grid.y + grid.height, theme.grid);
  }
  ink.frame({ x: grid.x + 0.5, y: grid.y + 0.5, width: grid.width - 1, height: grid.height - 1 }, theme.axis);
}

export function chosen(ink: Ink, grid: Grid, token: number, { rows, columns }: OrderView): void {
  if (token < 0 || token >= rows * columns) return;
  const box = cellBox(grid, token, columns);
  ink.frame({ x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2 }, ink.theme.focus, 2);
}

export function pickCells(
  ink: Ink,
  grid: Grid,
  { rows, columns }: OrderView,
  words: (p: number) => string,
): void {
  ink.region(grid, (x, y) => {
    const [i, j] = [Math.floor(y / grid.cell), Math.floor(x / grid.cell)];
    if (i < 0 || j < 0 || i >= rows || j >= columns) return undefined;
    const p = i * columns + j;
    return { cell: p, text: words(p) };
  });
}
