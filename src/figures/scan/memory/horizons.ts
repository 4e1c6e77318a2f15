/** @file The half-lives of all states. */
import type { LayerSurvey, Probe } from '../../../protocol/view-scan';
import { number3, percent } from '../../core/format';
import { logScale, type Scale } from '../../core/scale';
import { ceil125, floor125, logTicks } from '../../core/ticks';
import type { Ink, Pick, Place } from '../figure';
import type { MemoryOptions } from './options';
import type { MemorySource } from './source';

const arrows = ['→', '←'];

/** Layers that are drawn at once. */
const LAYERS = 4;
/** Rows of a layer that are drawn at most. */
const ROWS = 32;

/** A layer with half-lives. */
interface Horizon {
  readonly layer: number;
  readonly mixer: string;
  /** (channel or head, state or direction), tokens */
  readonly life: Probe;
}

/** Half-lives: one row per state, or per direction, one tick per channel. */
export function drawHorizons(
  ink: Ink,
  source: MemorySource,
  place: Place,
  { measureText, surveys }: MemoryOptions,
): number {
  const { scale } = ink;
  ink.title(
    place.x,
    place.y + 14 * scale,
    'Memory horizon',
    'half-life at the mean step size, tokens · log',
    measureText,
    place.width,
  );
  const layers = surveys.flatMap(horizonOf);
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
  const x1 = place.x + place.width - 4;
  const axis = axisOf(layers, source.length, [place.x + 26 * scale, x1]);
  const chosen = layers.findIndex(({ layer }) => layer === source.layer);
  const from = Math.max(0, Math.min(layers.length - LAYERS, chosen - 1));
  let y = place.y + 34 * scale;
  for (const horizon of layers.slice(from, from + LAYERS))
    y = drawLayer(ink, source, horizon, axis, { x: place.x, y });
  const { axes, shape } = layers[0]!.life;
  ink.text(x1, y - 4, `one tick per ${axes[0]} (${shape[0]}), thick: median`, { anchor: 'end' });
  return y + 4;
}

function horizonOf({ layer, mixer, probes }: LayerSurvey): Horizon[] {
  const life = probes['half_life'];
  return life ? [{ layer, mixer, life }] : [];
}

/** One axis for all layers. @param length of the text, which is in sight always */
function axisOf(layers: readonly Horizon[], length: number, range: readonly [number, number]): Scale {
  let low = Infinity;
  let high = 0;
  for (const { life } of layers)
    for (const value of life.data) {
      if (value > 0 && value < low) low = value;
      if (value > high && value < Infinity) high = value;
    }
  return logScale([floor125(Math.max(1e-3, low)), ceil125(Math.min(1e7, Math.max(high, length * 2)))], range);
}

/** The rows of a layer and where they lie. */
interface Rows {
  readonly life: Probe;
  /** Channels or heads. */
  readonly count: number;
  readonly states: number;
  readonly twoWay: boolean;
  /** Heads whose states decay alike are one row. */
  readonly alike: boolean;
  /** Rows that are drawn, evenly chosen from all. */
  readonly shown: number;
  readonly top: number;
  readonly height: number;
  /** px of a row. */
  readonly each: number;
  /** State or direction of a row. */
  stateOf(row: number): number;
}

function rowsOf(life: Probe, top: number, scale: number): Rows {
  const [count, states] = life.shape as [number, number];
  const twoWay = life.axes[1] === 'direction';
  const alike = !twoWay && isAlike(life.data, count, states);
  const all = alike ? 1 : states;
  const shown = Math.min(all, ROWS);
  const each = Math.max(4, Math.min(10, Math.round(150 / shown))) * scale;
  return {
    life,
    count,
    states,
    twoWay,
    alike,
    shown,
    top,
    height: alike ? 20 * scale : shown * each,
    each,
    stateOf: (row) => Math.round((row * (all - 1)) / Math.max(1, shown - 1)),
  };
}

function isAlike(data: ArrayLike<number>, count: number, states: number): boolean {
  for (let c = 0; c < count; c++)
    for (let n = 1; n < states; n++) if (data[c * states + n] !== data[c * states]) return false;
  return true;
}

/** @returns where the next layer begins */
function drawLayer(
  ink: Ink,
  source: MemorySource,
  horizon: Horizon,
  axis: Scale,
  { x, y }: { readonly x: number; readonly y: number },
): number {
  const { theme, scale } = ink;
  const { layer, mixer, life } = horizon;
  const [x0, x1] = axis.range;
  const above = (limit: number): string =>
    percent(life.data.reduce((sum, value) => sum + (value > limit ? 1 : 0), 0) / life.data.length, 0);
  ink.text(x, y, `layers.${layer} · ${mixer}`, {
    weight: layer === source.layer ? 700 : 600,
    color: theme.foreground,
  });
  ink.text(x1, y, `${above(1)} above 1, ${above(100)} above 100`, { anchor: 'end' });
  const rows = rowsOf(life, y + 8, scale);
  const { top, height } = rows;
  for (const tick of logTicks(axis.domain, 6))
    ink.line([axis.map(tick.value), top, axis.map(tick.value), top + height], theme.grid);
  for (let row = 0; row < rows.shown; row++) drawRow(ink, rows, row, axis);
  drawLength(ink, source.length, axis, rows);
  ink.region({ x: x0, y: top, width: x1 - x0, height }, (px, py) =>
    pickOf(source, layer, rows, axis.invert(x0 + px), py),
  );
  const labels = top + height + 16 * scale;
  for (const tick of logTicks(axis.domain, 5))
    ink.text(axis.map(tick.value), labels, tick.label, {
      anchor: axis.map(tick.value) > x1 - 16 ? 'end' : 'middle',
    });
  return labels + 26 * scale;
}

/** A tick per channel, the median in foreground; first and last row are numbered. */
function drawRow(ink: Ink, rows: Rows, row: number, axis: Scale): void {
  const { theme, scale } = ink;
  const { life, count, states, twoWay, alike, shown, height, each } = rows;
  const n = rows.stateOf(row);
  const at = rows.top + row * each;
  const tall = alike ? height - 2 : each - 1.5;
  const values = Float64Array.from({ length: count }, (_, c) => life.data[c * states + n]!).sort();
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
  if ((row === 0 || row === shown - 1) && !alike)
    ink.text(axis.range[0] - 6, at + tall / 2 + 4 * scale, twoWay ? arrows[n]! : String(n + 1), {
      anchor: 'end',
    });
}

/** Where this text ends, dashed. */
function drawLength(ink: Ink, length: number, axis: Scale, { top, height }: Rows): void {
  const at = axis.map(length);
  ink.line([at, top - 3, at, top + height + 3], ink.theme.foreground, 1, [2, 2]);
  const beside = at + 90 * ink.scale < axis.range[1];
  ink.text(at + (beside ? 4 : -4), top + height - 2, `${length} tokens here`, {
    halo: true,
    anchor: beside ? 'start' : 'end',
  });
}

/** The channel whose half-life in the row under the pointer is nearest. @param value tokens */
function pickOf(source: MemorySource, layer: number, rows: Rows, value: number, py: number): Pick {
  const { life, count, states, twoWay, alike, shown, height, each } = rows;
  const n = rows.stateOf(Math.min(shown - 1, Math.floor(py / (alike ? height : each))));
  const lifeOf = (c: number): number => life.data[c * states + n]!;
  const distance = (c: number): number => Math.abs(Math.log(lifeOf(c) / value));
  let best = 0;
  for (let c = 1; c < count; c++) if (distance(c) < distance(best)) best = c;
  const channel =
    layer === source.layer ? { channel: Math.floor((best * (source.channels ?? count)) / count) } : {};
  const state = alike ? '' : twoWay ? ` ${arrows[n]}` : `, n ${n + 1}`;
  return {
    layer,
    ...channel,
    text: `${life.axes[0]} ${best}${state} · half-life ${number3(lifeOf(best))} tokens`,
  };
}
