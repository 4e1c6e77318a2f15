/**
 * @file The routes of a 2-D scan on their grid: where each one is at a step, when it reads the chosen token, and the
 * routes unrolled as sequences. Works for any grid.
 */
import { inverse } from '../../../analysis/routes/orders';
import { routeSystems } from '../../../analysis/routes/systems';
import { colourMap, mapColour } from '../../core/colormap';
import { Ink, type Figure } from '../figure';
import { cellBox, chosen, fit, lines, pickCells } from './grid';
import { routesOf, stepsOf, where, type OrderOptions, type OrderView, type Shown } from './options';
import { pixelsOf, underlay } from './picture';
import { drawRoutes, routeTable } from './routes';
import { drawSequences } from './sequences';

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
  const pixels = pixelsOf(options.picture, view);
  const shown: Shown = { view, routes, positions, measureText, pixels };
  const box = { x: 0, y: 28 * scale, ...fit(side, side, rows, columns) };
  // The grid with the chosen token, shaded by when it is first reached.
  ink.title(
    0,
    14 * scale,
    pixels ? 'Image' : 'Grid',
    `${rows} × ${columns} tokens · token ${token} at ${where(token, view)}`,
    measureText,
    side + (wide ? 40 : 0),
  );
  const first = Float64Array.from({ length: tokens }, (_, p) =>
    Math.min(...positions.map((at) => (at[p]! < 0 ? Infinity : at[p]!))),
  );
  const last = Math.max(1, stepsOf(view) - 1);
  const map = colourMap(theme, false);
  // What no route has come to yet is faint.
  if (pixels) underlay(ink, box, pixels, view, (p) => (first[p]! <= view.step ? 0 : 0.65));
  else
    for (let p = 0; p < tokens; p++) {
      const cell = cellBox(box, p, columns);
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
  lines(ink, box, rows, columns);
  chosen(ink, box, token, view);
  pickCells(ink, box, view, (p) => `token ${p}, ${where(p, view)} · first read at step ${first[p]}`);
  let y = 28 * scale + box.height + 28 * scale;
  y = routeTable(ink, { x: 0, y, width: side }, shown);
  ink.text(0, y + 12 * scale, `merge: ${system.merge}`, { maxWidth: side });
  y += 24 * scale;
  const x0 = wide ? side + 56 : 0;
  const top = wide ? 0 : y + 20;
  const rest = wide ? width - x0 : width;
  // Beside the routes where there is room for a column, else below them.
  const column = routes.length > 2 && routes.length <= 4 && rest - 2 * 280 > 320 ? rest - 2 * 280 - 24 : 0;
  const middle = drawRoutes(ink, { x: x0, y: top, width: column > 0 ? 2 * 280 - 24 : rest }, shown);
  const sequences =
    column > 0 ? { x: width - column, y: top, width: column } : { x: x0, y: middle + 16, width: rest };
  const bottom = Math.max(middle, drawSequences(ink, sequences, shown));
  return ink.figure(width, Math.max(y, bottom) + 8, summaryOf(shown));
}

function summaryOf({ routes, positions, view }: Shown): string {
  const [route] = routes;
  const now = route!.order[Math.min(view.step, route!.order.length - 1)]!;
  const times = positions.map((at) => (at[view.token]! < 0 ? 'never' : String(at[view.token])));
  return (
    `Step ${view.step} of ${stepsOf(view) - 1}. ${routes[0]!.name} reads ${now < 0 ? 'padding' : `token ${now}`}, ${where(now, view)}. ` +
    `Token ${view.token} is read at steps ${times.join(', ')}.`
  );
}
