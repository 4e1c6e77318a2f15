/**
 * @file The routes of a 2-D scan on their grid: where each one is at a step, when it reads the chosen token, and the
 * routes unrolled as sequences. Works for any grid.
 */
import { inverse } from '../../../analysis/routes/orders';
import { routeSystems, type Route } from '../../../analysis/routes/systems';
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import { colourMap, mapColour } from '../../core/colormap';
import { Ink, type Figure } from '../figure';

export interface OrderView {
  readonly system: string;
  readonly rows: number;
  readonly columns: number;
  readonly step: number;
  /** Chosen token: row · columns + column. */
  readonly token: number;
  readonly index: boolean;
}

export interface OrderOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
}

export const routesOf = ({ system, rows, columns }: OrderView): readonly Route[] =>
  (routeSystems[system] ?? routeSystems['ss2d']!).routes(rows, columns);

/** Steps of the longest route. */
export const stepsOf = (view: OrderView): number =>
  Math.max(...routesOf(view).map(({ order }) => order.length));

const where = (token: number, { rows, columns }: OrderView): string =>
  token < 0
    ? 'padding'
    : token >= rows * columns
      ? 'class token'
      : `row ${Math.floor(token / columns)}, column ${token % columns}`;

export function drawOrder(view: OrderView, options: OrderOptions): Figure {
  const { width, theme, measureText } = options;
  const ink = new Ink(theme);
  const { scale } = ink;
  const routes = routesOf(view);
  const { rows, columns, token } = view;
  const system = routeSystems[view.system] ?? routeSystems['ss2d']!;
  const wide = width >= 900;
  const side = wide ? Math.min(300, Math.floor(width * 0.24)) : Math.min(300, width);
  const tokens = rows * columns;
  const positions = routes.map(({ order }) => inverse(order, tokens));
  // The grid with the chosen token, shaded by when it is first reached.
  ink.title(
    0,
    14 * scale,
    'Grid',
    `${rows} × ${columns} tokens · token ${token} at ${where(token, view)}`,
    measureText,
    side + (wide ? 40 : 0),
  );
  const grid = fit(side, side, rows, columns);
  const first = Float64Array.from({ length: tokens }, (_, p) =>
    Math.min(...positions.map((at) => (at[p]! < 0 ? Infinity : at[p]!))),
  );
  const last = Math.max(1, stepsOf(view) - 1);
  const map = colourMap(theme, false);
  for (let p = 0; p < tokens; p++) {
    const cell = cellBox({ x: 0, y: 28 * scale, ...grid }, p, columns);
    const reached = first[p]! <= view.step;
    if (reached)
      ink.fill(
        cell.x,
        cell.y,
        cell.width,
        cell.height,
        mapColour(map, 0.15 + 0.85 * (first[p]! / last), 1, 'linear'),
        0.6,
      );
  }
  lines(ink, { x: 0, y: 28 * scale, ...grid }, rows, columns);
  chosen(ink, { x: 0, y: 28 * scale, ...grid }, token, view);
  pickCells(
    ink,
    { x: 0, y: 28 * scale, ...grid },
    view,
    (p) => `token ${p}, ${where(p, view)} · first read at step ${first[p]}`,
  );
  let y = 28 * scale + grid.height + 28 * scale;
  y = routeTable(ink, { x: 0, y, width: side }, routes, positions, view, options);
  ink.text(0, y + 12 * scale, `merge: ${system.merge}`, { maxWidth: side });
  y += 24 * scale;
  const x0 = wide ? side + 56 : 0;
  const top = wide ? 0 : y + 20;
  const rest = wide ? width - x0 : width;
  // Beside the routes where there is room for a column, else below them.
  const column = routes.length > 2 && routes.length <= 4 && rest - 2 * 280 > 320 ? rest - 2 * 280 - 24 : 0;
  const middle = drawRoutes(
    ink,
    { x: x0, y: top, width: column > 0 ? 2 * 280 - 24 : rest },
    routes,
    positions,
    view,
    options,
  );
  const sequences =
    column > 0 ? { x: width - column, y: top, width: column } : { x: x0, y: middle + 16, width: rest };
  const bottom = Math.max(middle, drawSequences(ink, sequences, routes, positions, view, options));
  return ink.figure(width, Math.max(y, bottom) + 8, summaryOf(routes, positions, view));
}

function summaryOf(routes: readonly Route[], positions: readonly Int32Array[], view: OrderView): string {
  const [route] = routes;
  const now = route!.order[Math.min(view.step, route!.order.length - 1)]!;
  const times = positions.map((at) => (at[view.token]! < 0 ? 'never' : String(at[view.token])));
  return (
    `Step ${view.step} of ${stepsOf(view) - 1}. ${routes[0]!.name} reads ${now < 0 ? 'padding' : `token ${now}`}, ${where(now, view)}. ` +
    `Token ${view.token} is read at steps ${times.join(', ')}.`
  );
}

interface Grid {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly cell: number;
}

/** Square cells, as large as both sides allow. */
function fit(
  width: number,
  height: number,
  rows: number,
  columns: number,
): { width: number; height: number; cell: number } {
  const cell = Math.max(4, Math.floor(Math.min(width / columns, height / rows, 64)));
  return { cell, width: cell * columns, height: cell * rows };
}

const cellBox = ({ x, y, cell }: Grid, p: number, columns: number) => ({
  x: x + (p % columns) * cell,
  y: y + Math.floor(p / columns) * cell,
  width: cell,
  height: cell,
});

const centre = (grid: Grid, p: number, columns: number): [number, number] => {
  const box = cellBox(grid, p, columns);
  return [box.x + box.width / 2, box.y + box.height / 2];
};

function lines(ink: Ink, grid: Grid, rows: number, columns: number): void {
  const { theme } = ink;
  if (grid.cell >= 8) {
    for (let i = 1; i < rows; i++)
      ink.hairline(grid.x, grid.y + i * grid.cell, grid.x + grid.width, grid.y + i * grid.cell, theme.grid);
    for (let j = 1; j < columns; j++)
      ink.hairline(grid.x + j * grid.cell, grid.y, grid.x + j * grid.cell, grid.y + grid.height, theme.grid);
  }
  ink.frame({ x: grid.x + 0.5, y: grid.y + 0.5, width: grid.width - 1, height: grid.height - 1 }, theme.axis);
}

function chosen(ink: Ink, grid: Grid, token: number, { rows, columns }: OrderView): void {
  if (token < 0 || token >= rows * columns) return;
  const box = cellBox(grid, token, columns);
  ink.frame({ x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2 }, ink.theme.focus, 2);
}

function pickCells(ink: Ink, grid: Grid, { rows, columns }: OrderView, words: (p: number) => string): void {
  ink.region(grid, (x, y) => {
    const [i, j] = [Math.floor(y / grid.cell), Math.floor(x / grid.cell)];
    if (i < 0 || j < 0 || i >= rows || j >= columns) return undefined;
    const p = i * columns + j;
    return { cell: p, text: words(p) };
  });
}

function routeTable(
  ink: Ink,
  place: { x: number; y: number; width: number },
  routes: readonly Route[],
  positions: readonly Int32Array[],
  view: OrderView,
  { measureText }: OrderOptions,
): number {
  const { theme, scale } = ink;
  ink.title(place.x, place.y, 'Routes', `token ${view.token} is read at`, measureText, place.width);
  let { y } = place;
  routes.forEach((route, k) => {
    y += 22 * scale;
    const at = positions[k]![view.token]!;
    ink.text(place.x, y, `${k} · ${route.name}`, {
      size: 12,
      color: theme.foreground,
      maxWidth: place.width - 80,
    });
    ink.text(place.x + place.width, y, at < 0 ? 'never' : `step ${at}`, {
      size: 12,
      anchor: 'end',
      color: theme.foreground,
    });
    ink.hairline(place.x, y + 6, place.x + place.width, y + 6, theme.grid);
  });
  return y + 12;
}

function drawRoutes(
  ink: Ink,
  place: { x: number; y: number; width: number },
  routes: readonly Route[],
  positions: readonly Int32Array[],
  view: OrderView,
  { measureText }: OrderOptions,
): number {
  const { scale } = ink;
  const { rows, columns } = view;
  const perRow = routes.length <= 2 ? routes.length : routes.length <= 4 ? 2 : place.width > 700 ? 4 : 2;
  const gap = 32;
  const side = Math.max(
    80,
    Math.min(routes.length > 4 ? 170 : 262, Math.floor((place.width - (perRow - 1) * gap) / perRow)),
  );
  const size = fit(side, side, rows, columns);
  let bottom = place.y;
  routes.forEach((route, k) => {
    const x = place.x + (k % perRow) * (side + gap);
    const y = place.y + Math.floor(k / perRow) * (size.height + 62 * scale);
    const at = positions[k]![view.token]!;
    ink.title(
      x,
      y + 14 * scale,
      `${k} · ${route.name}`,
      side > 200 ? (at < 0 ? 'not read' : `token ${view.token} at ${at}`) : '',
      measureText,
      side,
    );
    const grid = { x, y: y + 26 * scale, ...size };
    drawRoute(ink, grid, route, view);
    pickCells(ink, grid, view, (p) => {
      const t = positions[k]![p]!;
      return `token ${p}, ${where(p, view)} · ${t < 0 ? 'not on this route' : `step ${t} of route ${k}`}`;
    });
    const now = route.order[Math.min(view.step, route.order.length - 1)]!;
    const padding = route.order.reduce((sum, p) => sum + (p < 0 ? 1 : 0), 0);
    const note = padding > 0 ? ` · ${padding} padded` : '';
    ink.text(
      x,
      grid.y + size.height + 15 * scale,
      `step ${Math.min(view.step, route.order.length - 1)}: ${now < 0 ? 'padding' : `token ${now}, ${where(now, view)}`}${note}`,
      { maxWidth: side },
    );
    bottom = Math.max(bottom, grid.y + size.height + 22 * scale);
    void columns;
  });
  return bottom;
}

function drawRoute(ink: Ink, grid: Grid, { order }: Route, view: OrderView): void {
  const { theme, scale } = ink;
  const { rows, columns } = view;
  const tokens = rows * columns;
  const step = Math.min(view.step, order.length - 1);
  for (let t = 0; t <= step; t++) {
    const p = order[t]!;
    if (p < 0 || p >= tokens) continue;
    const box = cellBox(grid, p, columns);
    ink.fill(box.x, box.y, box.width, box.height, theme.data, 0.16);
  }
  lines(ink, grid, rows, columns);
  if (view.index && grid.cell >= 20) {
    order.forEach((p, t) => {
      if (p < 0 || p >= tokens) return;
      const box = cellBox(grid, p, columns);
      ink.text(box.x + box.width / 2, box.y + box.height / 2 + 4 * scale, String(t), {
        anchor: 'middle',
        size: 10,
        color: theme.foreground,
      });
    });
  } else {
    const inside = (t: number): boolean => order[t]! >= 0 && order[t]! < tokens;
    for (let t = 1; t < order.length; t++) {
      if (!inside(t) || !inside(t - 1)) continue;
      const [x0, y0] = centre(grid, order[t - 1]!, columns);
      const [x1, y1] = centre(grid, order[t]!, columns);
      const jump = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) > grid.cell * 1.5;
      const done = t <= step;
      if (done)
        ink.line(
          [x0, y0, x1, y1],
          jump ? theme.axis : theme.foreground,
          jump ? 0.75 : 1.25,
          jump ? [2, 3] : undefined,
        );
      else if (!jump) ink.line([x0, y0, x1, y1], theme.axis, 1, [1, 3]);
    }
    const start = [...order].findIndex((p) => p >= 0 && p < tokens);
    if (start >= 0) {
      const [x, y] = centre(grid, order[start]!, columns);
      ink.add({
        kind: 'marker',
        x,
        y,
        shape: 'circle',
        radius: Math.min(5, grid.cell / 3),
        color: theme.foreground,
      });
      ink.add({
        kind: 'marker',
        x,
        y,
        shape: 'circle',
        radius: Math.min(3.5, grid.cell / 4),
        color: theme.background,
      });
    }
  }
  chosen(ink, grid, view.token, view);
  const now = order[step]!;
  if (now >= 0 && now < tokens) arrow(ink, grid, order, step, columns);
}

/** The playhead: a filled cell with an arrow in the direction of travel. */
function arrow(ink: Ink, grid: Grid, order: Int32Array, step: number, columns: number): void {
  const { theme } = ink;
  const now = order[step]!;
  const [x, y] = centre(grid, now, columns);
  const from = order[step - 1] ?? -1;
  const to = order[step + 1] ?? -1;
  const [a, b] = to >= 0 && to < grid.width * grid.height ? [now, to] : [from, now];
  let [dx, dy] = [1, 0];
  if (a >= 0 && b >= 0) {
    dx = Math.sign((b % columns) - (a % columns));
    dy = Math.sign(Math.floor(b / columns) - Math.floor(a / columns));
    // A jump back to the next line still travels along the line.
    if (dx !== 0 && dy !== 0 && from >= 0)
      [dx, dy] = [
        Math.sign((now % columns) - (from % columns)),
        Math.sign(Math.floor(now / columns) - Math.floor(from / columns)),
      ];
  }
  const r = Math.max(3, Math.min(9, grid.cell * 0.4));
  ink.fill(x - r, y - r, 2 * r, 2 * r, theme.foreground);
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [(dx / length) * r * 0.65, (dy / length) * r * 0.65];
  ink.add({
    kind: 'area',
    points: [x + ux, y + uy, x - ux - uy, y - uy + ux, x - ux + uy, y - uy - ux],
    fill: theme.background,
  });
}

function drawSequences(
  ink: Ink,
  place: { x: number; y: number; width: number },
  routes: readonly Route[],
  positions: readonly Int32Array[],
  view: OrderView,
  { measureText }: OrderOptions,
): number {
  const { theme, scale } = ink;
  const steps = stepsOf(view);
  ink.title(
    place.x,
    place.y + 14 * scale,
    'The same as sequences',
    `${steps} steps`,
    measureText,
    place.width,
  );
  const x0 = place.x + 22 * scale;
  const width = place.width - 22 * scale - 4;
  let y = place.y + 28 * scale;
  const each = width / steps;
  const map = colourMap(theme, false);
  routes.forEach(({ order }, k) => {
    const tokens = view.rows * view.columns;
    const cells = Math.min(order.length, Math.floor(width));
    // Ink by raster index: neighbours on the grid look alike.
    for (let c = 0; c < cells; c++) {
      const t = Math.floor((c * order.length) / cells);
      const p = order[t]!;
      const wide = (order.length * each) / cells;
      if (p < 0) ink.fill(x0 + c * wide, y + 6, Math.max(0.6, wide), 2, theme.axis);
      else
        ink.fill(
          x0 + c * wide,
          y,
          Math.max(0.6, wide + 0.2),
          14,
          mapColour(map, Math.min(1, p / Math.max(1, tokens - 1)), 1, 'linear'),
        );
    }
    ink.frame({ x: x0 + 0.5, y: y + 0.5, width: order.length * each - 1, height: 13 }, theme.axis);
    const at = positions[k]![view.token]!;
    if (at >= 0)
      ink.frame(
        { x: x0 + at * each - 1, y: y - 2, width: Math.max(4, each) + 2, height: 18 },
        theme.focus,
        2,
      );
    const now = x0 + (Math.min(view.step, order.length - 1) + 0.5) * each;
    ink.line([now, y - 3, now, y + 17], theme.foreground, 1.5);
    ink.text(x0 - 6, y + 11 * scale, String(k), { anchor: 'end' });
    ink.region({ x: x0, y: y - 4, width: order.length * each, height: 22 }, (px) => {
      const t = Math.max(0, Math.min(order.length - 1, Math.floor(px / each)));
      const p = order[t]!;
      return {
        frame: t,
        ...(p >= 0 && p < tokens ? { cell: p } : {}),
        text: `route ${k}, step ${t}: ${p < 0 ? 'padding' : `token ${p}, ${where(p, view)}`}`,
      };
    });
    y += 30 * scale;
  });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const t = Math.round((steps - 1) * share);
    ink.text(x0 + (t + 0.5) * each, y + 4, String(t), {
      anchor: share === 1 ? 'end' : share === 0 ? 'start' : 'middle',
    });
  }
  return y + 14;
}
