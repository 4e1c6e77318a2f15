/** @file When each route reads the chosen token, and how far each has come on the grid. */
import type { Route } from '../../../analysis/routes/systems';
import type { Pixels } from '../../core/scene';
import type { Ink, Place } from '../figure';
import { underlay } from './picture';
import { cellBox, centre, chosen, fit, lines, pickCells, type Grid } from './grid';
import { where, type OrderView, type Shown } from './options';

export function routeTable(ink: Ink, place: Place, { routes, positions, view, measureText }: Shown): number {
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

export function drawRoutes(
  ink: Ink,
  place: Place,
  { routes, positions, view, measureText, pixels }: Shown,
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
      side > 200 ? (at < 0 ? 'not read' : `at step ${at} · token ${view.token}`) : '',
      measureText,
      side,
    );
    const grid = { x, y: y + 26 * scale, ...size };
    drawRoute(ink, grid, route, view, pixels, positions[k]!);
    pickCells(ink, grid, view, (p) => {
      const t = positions[k]![p]!;
      return `token ${p}, ${where(p, view)} · ${t < 0 ? 'not on this route' : `step ${t} of route ${k}`}`;
    });
    const now = route.order[Math.min(view.step, route.order.length - 1)]!;
    const padding = route.order.reduce((sum, p) => sum + (p < 0 ? 1 : 0), 0);
    const note = padding > 0 ? ` · ${padding} padded` : '';
    const step = Math.min(view.step, route.order.length - 1);
    const reads = now < 0 ? 'padding' : `token ${now}`;
    const cell = now < 0 ? '' : `, ${where(now, view)}`;
    // The longest that has room; the cell itself is marked on the grid.
    const words = [`step ${step}: ${reads}${cell}${note}`, `step ${step}: ${reads}${note}`, reads];
    const fitting = words.find((text) => measureText(text, 11 * scale) <= side) ?? reads;
    ink.text(x, grid.y + size.height + 15 * scale, fitting, { maxWidth: side });
    bottom = Math.max(bottom, grid.y + size.height + 22 * scale);
  });
  return bottom;
}

function drawRoute(
  ink: Ink,
  grid: Grid,
  { order }: Route,
  view: OrderView,
  pixels: Pixels | undefined,
  positions: Int32Array,
): void {
  const { theme, scale } = ink;
  const { rows, columns } = view;
  const tokens = rows * columns;
  const step = Math.min(view.step, order.length - 1);
  // The path has to be seen on any picture, so that all of it is dimmed, what is not read yet most.
  if (pixels)
    underlay(ink, grid, pixels, view, (p) => (positions[p]! >= 0 && positions[p]! <= step ? 0.45 : 0.8));
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
