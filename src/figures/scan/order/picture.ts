/** @file The picture of the example under a grid of tokens. */
import type { Pixels } from '../../core/scene';
import type { Ink } from '../figure';
import type { Picture } from '../../../protocol/view-scan';
import { cellBox, type Grid } from './grid';
import type { OrderView } from './options';

const painted = new WeakMap<Picture, Pixels>();

/** The picture in its own colours; undefined where it is switched off or has another shape than the grid. */
export function pixelsOf(picture: Picture | undefined, view: OrderView): Pixels | undefined {
  if (!picture || view.image === false || !fits(picture, view)) return undefined;
  const known = painted.get(picture);
  if (known) return known;
  const { width, height, channels, data } = picture;
  const out = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const at = (channel: number): number => data[i * channels + (channels >= 3 ? channel : 0)]!;
    out.set([at(0), at(1), at(2), 255], i * 4);
  }
  const pixels: Pixels = { width, height, data: out };
  painted.set(picture, pixels);
  return pixels;
}

/** Whether square cells cover the picture without stretching it. */
export const fits = (
  { width, height }: Pick<Picture, 'width' | 'height'>,
  { rows, columns }: Pick<OrderView, 'rows' | 'columns'>,
): boolean => Math.abs(width * rows - height * columns) < 0.02 * height * columns;

/** @param cover how much of each cell the background hides, 0 … 1 */
export function underlay(
  ink: Ink,
  grid: Grid,
  pixels: Pixels,
  { rows, columns }: OrderView,
  cover: (token: number) => number,
): void {
  const { x, y, width, height } = grid;
  ink.add({ kind: 'image', x, y, width, height, pixels });
  for (let p = 0; p < rows * columns; p++) {
    const cell = cellBox(grid, p, columns);
    const opacity = cover(p);
    if (opacity > 0) ink.fill(cell.x, cell.y, cell.width, cell.height, ink.theme.background, opacity);
  }
}
