/** @file The half-lives of all states. */
import { number3, percent } from '../../core/format';
import { logScale } from '../../core/scale';
import { ceil125, floor125, logTicks } from '../../core/ticks';
import type { Ink, Place } from '../figure';
import type { MemoryOptions } from './options';
import type { MemorySource } from './source';

const arrows = ['→', '←'];

/** Half-lives: one row per state, or per direction, one tick per channel. */
export function drawHorizons(
  ink: Ink,
  source: MemorySource,
  place: Place,
  { measureText, surveys }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  ink.title(
    place.x,
    place.y + 14 * scale,
    'Memory horizon',
    'half-life at the mean step size, tokens · log',
    measureText,
    place.width,
  );
  const layers = surveys.filter(({ probes }) => probes['half_life']);
  if (layers.length === 0) {
    ink.text(
      place.x,
      place.y + 40 * scale,
      surveys.length > 0
        ? 'No layer of this model keeps a state that decays.'
        : 'Half-lives of all layers are being computed.',
      { maxWidth: place.width },
    );
    return place.y + 48 * scale;
  }
  let low = Infinity;
  let high = 0;
  for (const { probes } of layers)
    for (const value of probes['half_life']!.data) {
      if (value > 0 && value < low) low = value;
      if (value > high && value < Infinity) high = value;
    }
  const x0 = place.x + 26 * scale;
  const x1 = place.x + place.width - 4;
  const axis = logScale(
    [floor125(Math.max(1e-3, low)), ceil125(Math.min(1e7, Math.max(high, source.length * 2)))],
    [x0, x1],
  );
  let y = place.y + 34 * scale;
  const around = Math.max(
    0,
    Math.min(layers.length - 4, layers.findIndex(({ layer }) => layer === source.layer) - 1),
  );
  for (const { layer, mixer, probes } of layers.slice(around, around + 4)) {
    const life = probes['half_life']!;
    const [count, N] = life.shape as [number, number];
    // Heads whose states decay alike are one row.
    const twoWay = life.axes[1] === 'direction';
    const alike = !twoWay && isAlike(life.data, count, N);
    const rows = alike ? 1 : N;
    const shown = Math.min(rows, 32);
    const each = Math.max(4, Math.min(10, Math.round(150 / shown))) * scale;
    const above = (limit: number): number =>
      life.data.reduce((sum, value) => sum + (value > limit ? 1 : 0), 0) / life.data.length;
    ink.text(place.x, y, `layers.${layer} · ${mixer}`, {
      weight: layer === source.layer ? 700 : 600,
      color: theme.foreground,
    });
    ink.text(x1, y, `${percent(above(1), 0)} above 1, ${percent(above(100), 0)} above 100`, {
      anchor: 'end',
    });
    const top = y + 8;
    const height = alike ? 20 * scale : shown * each;
    for (const tick of logTicks([axis.domain[0], axis.domain[1]], 6))
      ink.line([axis.map(tick.value), top, axis.map(tick.value), top + height], theme.grid);
    for (let k = 0; k < shown; k++) {
      const n = Math.round((k * (rows - 1)) / Math.max(1, shown - 1));
      const at = top + k * each;
      const values = Float64Array.from({ length: count }, (_, c) => life.data[c * N + n]!).sort();
      const tall = alike ? height - 2 : each - 1.5;
      for (const value of values) {
        const x = axis.map(Math.max(axis.domain[0], Math.min(axis.domain[1], value)));
        ink.add({
          kind: 'line',
          points: [x, at + 1, x, at + tall],
          stroke: { color: theme.data, width: 1, opacity: 0.7 },
        });
      }
      const median = axis.map(Math.min(axis.domain[1], values[values.length >> 1]!));
      ink.line([median, at + 0.5, median, at + tall + 0.5], theme.foreground, 2);
      if ((k === 0 || k === shown - 1) && !alike)
        ink.text(x0 - 6, at + tall / 2 + 4 * scale, twoWay ? arrows[n]! : String(n + 1), { anchor: 'end' });
    }
    const trained = axis.map(source.length);
    ink.line([trained, top - 3, trained, top + height + 3], theme.foreground, 1, [2, 2]);
    const beside = trained + 90 * scale < x1;
    ink.text(trained + (beside ? 4 : -4), top + height - 2, `${source.length} tokens here`, {
      halo: true,
      anchor: beside ? 'start' : 'end',
    });
    ink.region({ x: x0, y: top, width: x1 - x0, height }, (px, py) => {
      const k = Math.min(shown - 1, Math.floor(py / (alike ? height : each)));
      const n = Math.round((k * (rows - 1)) / Math.max(1, shown - 1));
      const value = axis.invert(x0 + px);
      let best = 0;
      for (let c = 1; c < count; c++)
        if (
          Math.abs(Math.log(life.data[c * N + n]! / value)) <
          Math.abs(Math.log(life.data[best * N + n]! / value))
        )
          best = c;
      const channel =
        layer === source.layer ? { channel: Math.floor((best * (source.channels ?? count)) / count) } : {};
      return {
        layer,
        ...channel,
        text: `${probes['half_life']!.axes[0]} ${best}${alike ? '' : twoWay ? ` ${arrows[n]}` : `, n ${n + 1}`} · half-life ${number3(life.data[best * N + n]!)} tokens`,
      };
    });
    y = top + height + 16 * scale;
    for (const tick of logTicks([axis.domain[0], axis.domain[1]], 5))
      ink.text(axis.map(tick.value), y, tick.label, {
        anchor: axis.map(tick.value) > x1 - 16 ? 'end' : 'middle',
      });
    y += 26 * scale;
  }
  const { count } = { count: layers[0]!.probes['half_life']!.shape[0]! };
  ink.text(x1, y - 4, `one tick per ${layers[0]!.probes['half_life']!.axes[0]} (${count}), thick: median`, {
    anchor: 'end',
  });
  return y + 4;
}

function isAlike(data: ArrayLike<number>, count: number, N: number): boolean {
  for (let c = 0; c < count; c++)
    for (let n = 1; n < N; n++) if (data[c * N + n] !== data[c * N]) return false;
  return true;
}
