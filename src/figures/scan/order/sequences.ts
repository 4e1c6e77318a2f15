/** @file The routes unrolled as sequences. */
import { colourMap, mapColour } from '../../core/colormap';
import { integerTicks } from '../../core/ticks';
import type { Ink, Place } from '../figure';
import { stepsOf, where, type Shown } from './options';

export function drawSequences(
  ink: Ink,
  place: Place,
  { routes, positions, view, measureText }: Shown,
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
  for (const { value: t, label } of integerTicks(steps - 1, 6))
    ink.text(x0 + (t + 0.5) * each, y + 4, label, { anchor: t === 0 && each < 12 ? 'start' : 'middle' });
  return y + 14;
}
