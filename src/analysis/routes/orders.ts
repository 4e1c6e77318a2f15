/**
 * @file Orders in which a grid of H × W tokens is read. Token p = row · W + column; order[t] is the token at position t,
 * −1 a padded position (bottom or right) that takes part in the recurrence.
 */

export type Order = Int32Array;

const from = (cells: readonly (readonly [row: number, column: number])[], W: number): Order =>
  Int32Array.from(cells, ([i, j]) => i * W + j);

const indices = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

export const raster = (H: number, W: number): Order => Int32Array.from({ length: H * W }, (_, t) => t);

export const column = (H: number, W: number): Order =>
  Int32Array.from({ length: H * W }, (_, t) => (t % H) * W + Math.floor(t / H));

export const reversedOrder = (order: Order): Order => order.slice().reverse();

/** Rows from the top, every other one from the right. */
export const rowSnake = (H: number, W: number): Order =>
  from(
    indices(H).flatMap((i) => indices(W).map((j) => [i, i % 2 === 0 ? j : W - 1 - j] as const)),
    W,
  );

/** Columns from the left, every other one from the bottom. */
export const columnSnake = (H: number, W: number): Order =>
  from(
    indices(W).flatMap((j) => indices(H).map((i) => [j % 2 === 0 ? i : H - 1 - i, j] as const)),
    W,
  );

/** Cells with i + j = k for k = 0, 1, …; even k with the row falling, odd k with it rising. */
export function antiDiagonals(H: number, W: number): Order {
  const cells = indices(H + W - 1).flatMap((k) => {
    const rows = indices(H).filter((i) => k - i >= 0 && k - i < W);
    return (k % 2 === 0 ? rows.reverse() : rows).map((i) => [i, k - i] as const);
  });
  return from(cells, W);
}

/** Clockwise inwards from the top left. */
export function spiral(H: number, W: number): Order {
  const cells: [number, number][] = [];
  let [top, bottom, left, right] = [0, H - 1, 0, W - 1];
  while (top <= bottom && left <= right) {
    for (let j = left; j <= right; j++) cells.push([top, j]);
    for (let i = top + 1; i <= bottom; i++) cells.push([i, right]);
    if (top < bottom) for (let j = right - 1; j >= left; j--) cells.push([bottom, j]);
    if (left < right) for (let i = bottom - 1; i > top; i--) cells.push([i, left]);
    [top, bottom, left, right] = [top + 1, bottom - 1, left + 1, right - 1];
  }
  return from(cells, W);
}

export const mirrored = (order: Order, W: number): Order =>
  order.map((p) => (p < 0 ? p : Math.floor(p / W) * W + (W - 1 - (p % W))));

export const flipped = (order: Order, H: number, W: number): Order =>
  order.map((p) => (p < 0 ? p : (H - 1 - Math.floor(p / W)) * W + (p % W)));

/** Windows of w × w in raster (or column) order, tokens likewise inside; the grid is padded to whole windows. */
export function windows(H: number, W: number, w: number, columnFirst = false): Order {
  const [down, across] = [Math.ceil(H / w), Math.ceil(W / w)];
  const pairs = (rows: number, columns: number): (readonly [number, number])[] =>
    columnFirst
      ? indices(columns).flatMap((j) => indices(rows).map((i) => [i, j] as const))
      : indices(rows).flatMap((i) => indices(columns).map((j) => [i, j] as const));
  const order = pairs(down, across).flatMap(([I, J]) =>
    pairs(w, w).map(([i, j]) => {
      const [row, col] = [I * w + i, J * w + j];
      return row < H && col < W ? row * W + col : -1;
    }),
  );
  return Int32Array.from(order);
}

/** Every step-th cell from (row, column) on, in raster or column order; each sequence is padded to equal length. */
export function atrous(
  H: number,
  W: number,
  step: number,
  row: number,
  col: number,
  columnFirst: boolean,
): Order {
  const [down, across] = [Math.ceil(H / step), Math.ceil(W / step)];
  return Int32Array.from({ length: down * across }, (_, t) => {
    const i = (columnFirst ? t % down : Math.floor(t / across)) * step + row;
    const j = (columnFirst ? Math.floor(t / down) : t % across) * step + col;
    return i < H && j < W ? i * W + j : -1;
  });
}

/** inverse[p] = position of token p; tokens that the order does not hold are −1. */
export function inverse(order: Order, tokens: number): Int32Array {
  const out = new Int32Array(tokens).fill(-1);
  order.forEach((p, t) => {
    if (p >= 0) out[p] = t;
  });
  return out;
}

/** The step that led into each position: 0 start, 1 right, 2 left, 3 up, 4 down. */
export function directions(order: Order, W: number): Int32Array {
  return Int32Array.from(order, (p, t) => {
    if (t === 0) return 0;
    const before = order[t - 1]!;
    const rows = Math.floor(p / W) - Math.floor(before / W);
    if (rows !== 0) return rows < 0 ? 3 : 4;
    return p > before ? 1 : 2;
  });
}
