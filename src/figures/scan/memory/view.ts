/**
 * @file How far back a layer reaches: what of this text it still holds at the playhead, by token and by distance,
 * where it was written and forgotten, and the half-lives of all its states.
 */
import { colourMap, mapColour } from '../../core/colormap';
import { contrast, mix } from '../../core/colour';
import { number3, percent, visible } from '../../core/format';
import { logScale } from '../../core/scale';
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import { ceil125, floor125, logTicks } from '../../core/ticks';
import type { LayerSurvey } from '../../../protocol/view-scan';
import { Ink, type Figure } from '../figure';
import { largest, scaleBar } from '../matrix';
import { within } from './reach';
import type { MemorySource } from './source';

export type Overlay = 'contribution' | 'write' | 'surprise';
export const overlayNames: Record<Overlay, string> = {
  contribution: 'contribution to the playhead',
  write: 'write strength',
  surprise: 'surprise',
};

export interface MemoryView {
  readonly position: number;
  readonly source: number | undefined;
  readonly overlay: Overlay;
}

export interface MemoryOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  /** Of every layer, when they are there. */
  readonly surveys: readonly LayerSurvey[];
}

/** Tokens of text that are shown around the playhead at most. */
const SHOWN = 2000;

export function drawMemory(source: MemorySource, view: MemoryView, options: MemoryOptions): Figure {
  const { width, theme } = options;
  const ink = new Ink(theme);
  const wide = width >= 900;
  const right = wide ? Math.min(420, Math.round(width * 0.34)) : width;
  const left = wide ? width - right - 48 : width;
  let y = drawText(ink, source, { x: 0, y: 0, width: left }, view, options);
  if (source.writes && source.keeping)
    y = drawEvents(ink, source, { x: 0, y: y + 20, width: left }, view, options);
  y = drawDistances(ink, source, { x: 0, y: y + 24, width: left }, view, options);
  const horizon = drawHorizons(
    ink,
    source,
    { x: wide ? left + 48 : 0, y: wide ? 0 : y + 28, width: right },
    options,
  );
  return ink.figure(width, Math.max(y, horizon) + 8, summaryOf(source, view));
}

function summaryOf(source: MemorySource, { position }: MemoryView): string {
  const parts = source.contribution(position);
  const { layer, tokens } = source;
  const before = Float64Array.from({ length: position + 1 }, (_, j) => parts[j] ?? 0);
  return (
    `Layer ${layer}. At position ${position} of ${source.length - 1}, token ${visible(tokens[position]?.label ?? '')}, half of the ` +
    `contribution comes from the last ${within(before, 0.5) + 1} tokens and 90 % from the last ${within(before, 0.9) + 1}.`
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function overlayValues(source: MemorySource, { overlay, position }: MemoryView): ArrayLike<number> {
  if (overlay === 'write') return source.writes ?? new Float64Array(source.length);
  if (overlay === 'surprise') return source.surprise ?? new Float32Array(source.length);
  return source.contribution(position);
}

/** The text with the overlay behind it. */
function drawText(
  ink: Ink,
  source: MemorySource,
  place: Place,
  view: MemoryView,
  { measureText }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  const { tokens } = source;
  const { overlay, position } = view;
  const label = visible(tokens[position]?.label ?? '');
  const titles: Record<Overlay, [string, string]> = {
    contribution: [
      `What the output still holds when it reads ${label}`,
      `at ${position} · norm of the contribution per token`,
    ],
    write: ['How strongly each token is written', '‖Δ x‖ · ‖B‖'],
    surprise: ['How surprising each token is', '−log p, nats'],
  };
  ink.title(place.x, 14 * scale, ...titles[overlay], measureText, place.width);
  const values = overlayValues(source, view);
  // The current token would flatten the rest: the scale is the largest but one.
  const others = Float64Array.from({ length: values.length }, (_, t) =>
    overlay === 'contribution' && t === position ? 0 : (values[t] ?? 0),
  );
  const max = largest(others) || largest(values);
  const map = colourMap(theme, false);
  const limits = source.writes ?? new Float64Array(source.length);
  const high = Float64Array.from(limits).sort()[Math.floor(0.95 * (limits.length - 1))] ?? Infinity;
  const size = 13 * scale;
  const lineHeight = 28 * scale;
  const from = Math.max(0, Math.min(position - SHOWN + 200, source.length - SHOWN));
  const to = Math.min(source.length, from + SHOWN);
  let x = place.x;
  let y = 28 * scale;
  const numbers = tokens[0]?.id === undefined;
  for (let t = from; t < to; t++) {
    const text = visible(tokens[t]?.label ?? '') || '∅';
    const box = numbers ? 9 * scale : Math.max(12.8 * scale, measureText(text, size, 400, 'mono') + 5);
    if (x + box > place.x + place.width) {
      x = place.x;
      y += lineHeight;
    }
    const unread = overlay === 'contribution' && source.causal && t > position;
    const fill = unread ? theme.background : mapColour(map, values[t] ?? 0, max);
    const height = 22 * scale;
    if (fill !== theme.background) ink.fill(x, y, box, height, fill);
    if (!numbers) {
      const dark = contrast('#000000', fill) > contrast('#ffffff', fill);
      ink.text(x + box / 2, y + 15.5 * scale, text, {
        size: 13,
        family: 'mono',
        anchor: 'middle',
        weight: t === position ? 700 : 400,
        color: unread
          ? mix(theme.foreground, theme.background, 0.42)
          : fill === theme.background
            ? theme.foreground
            : dark
              ? '#000000'
              : '#ffffff',
      });
    }
    if (limits[t]! > high) ink.fill(x + 1, y + height + 1, box - 2, 2, theme.foreground);
    if (t === position)
      ink.frame({ x: x + 0.5, y: y - 0.5, width: box - 1, height: height + 1 }, theme.foreground, 2);
    else if (t === view.source)
      ink.frame({ x: x + 0.5, y: y - 0.5, width: box - 1, height: height + 1 }, theme.foreground, 1, [2, 2]);
    const at = t;
    ink.region({ x, y, width: box, height: lineHeight }, () => ({
      position: at,
      text: `${at} “${text}” · ${unread ? 'not read yet' : number3(values[at] ?? 0)}`,
    }));
    x += box;
  }
  y += lineHeight + 8 * scale;
  scaleBar(ink, place.x + 16 * scale, y, 92, max, false, '');
  const note = overlay === 'contribution' && source.causal ? ' · faint: not read yet' : '';
  const cut = to - from < source.length ? ` · ${to - from} of ${source.length} tokens` : '';
  const narrow = place.width < 560;
  ink.text(
    narrow ? place.x : place.x + 190 * scale,
    narrow ? y + 26 * scale : y + 8,
    `square-root scale${source.writes ? ' · underlined: writes above the 95th percentile' : ''}${note}${cut}`,
    { maxWidth: place.width - (narrow ? 0 : 190 * scale) },
  );
  return y + (narrow ? 30 * scale : 12);
}

/** Written and forgotten along time. */
function drawEvents(
  ink: Ink,
  source: MemorySource,
  place: Place,
  { position }: MemoryView,
  { measureText }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  ink.title(
    place.x,
    place.y,
    'Written and forgotten',
    'up: write strength · down: share of the state that is dropped',
    measureText,
    place.width,
  );
  const strength = source.writes ?? new Float64Array(source.length);
  const { kept, forget } = source.keeping!;
  const gutter = 74 * scale;
  const x0 = place.x + gutter;
  const width = place.width - gutter;
  const each = width / source.length;
  const middle = place.y + 50 * scale;
  const up = 36 * scale;
  const down = 28 * scale;
  const most = largest(strength);
  // More tokens than pixels: each pixel shows its largest.
  const bars = Math.min(source.length, Math.floor(width));
  const per = source.length / bars;
  for (let k = 0; k < bars; k++) {
    let write = 0;
    let drop = 0;
    for (let t = Math.floor(k * per); t < Math.max(Math.floor(k * per) + 1, Math.floor((k + 1) * per)); t++) {
      write = Math.max(write, strength[t]!);
      drop = Math.max(drop, 1 - kept[t]!);
    }
    const x = x0 + (k * width) / bars;
    const bar = Math.max(0.7, (width / bars) * 0.76);
    if (most > 0)
      ink.fill(x, middle - (write / most) * up, bar, Math.max(0.5, (write / most) * up), theme.data);
    ink.fill(x, middle, bar, Math.max(0.5, drop * down), theme.data, 0.55);
  }
  ink.hairline(x0, middle, x0 + width, middle);
  forget.forEach((share, t) => {
    if (share < 0.5) return;
    const x = x0 + (t + 0.5) * each;
    ink.text(x, middle + down + 12 * scale, '×', { anchor: 'middle', color: theme.foreground, weight: 700 });
  });
  const now = x0 + (position + 0.5) * each;
  ink.line([now, middle - up - 4, now, middle + down + 2], theme.foreground);
  ink.text(x0 - 6, middle - up + 8 * scale, number3(most), { anchor: 'end' });
  ink.text(x0 - 6, middle + 4 * scale, '0', { anchor: 'end' });
  ink.text(x0 - 6, middle + down, '100 %', { anchor: 'end' });
  if (forget.some((share) => share >= 0.5))
    ink.text(x0 + width, middle + down + 14 * scale, '× most channels forget', { anchor: 'end' });
  ink.region({ x: x0, y: middle - up, width, height: up + down + 10 }, (px) => {
    const t = Math.max(0, Math.min(source.length - 1, Math.floor(px / each)));
    return {
      position: t,
      text: `${t} “${visible(source.tokens[t]?.label ?? '')}” · write ${number3(strength[t]!)} · keeps ${percent(kept[t]!, 1)}`,
    };
  });
  return middle + down + 18 * scale;
}

/** Contribution by distance of the chosen layer, and of the others where the survey has it for each token. */
function drawDistances(
  ink: Ink,
  source: MemorySource,
  place: Place,
  view: MemoryView,
  { measureText, surveys }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  ink.title(
    place.x,
    place.y,
    'Contribution by distance',
    'tokens before the playhead · line: running share',
    measureText,
    place.width,
  );
  const { layer } = source;
  const own = source.contribution(view.position);
  const rows: { layer: number; values: ArrayLike<number> }[] = [{ layer, values: own }];
  for (const survey of surveys) {
    const matrix = survey.probes['contribution'];
    if (survey.layer === layer || survey.edges || !matrix || survey.causal === false) continue;
    const length = matrix.shape[0]!;
    if (length !== source.length) continue;
    rows.push({
      layer: survey.layer,
      values: matrix.data.subarray(view.position * length, view.position * length + view.position + 1),
    });
  }
  rows.sort((a, b) => a.layer - b.layer);
  const around = Math.max(0, Math.min(rows.length - 6, rows.findIndex((row) => row.layer === layer) - 2));
  const gutter = 74 * scale;
  const x0 = place.x + gutter;
  const width = place.width - gutter;
  const count = view.position + 1;
  const each = width / count;
  let y = place.y + 12;
  const height = 64 * scale;
  for (const row of rows.slice(around, around + 6)) {
    const most = largest(row.values);
    let total = 0;
    for (let j = 0; j < count; j++) total += row.values[j]!;
    const bars = Math.min(count, Math.floor(width));
    const per = count / bars;
    for (let k = 0; k < (most > 0 ? bars : 0); k++) {
      let value = 0;
      for (let j = Math.floor(k * per); j < Math.max(Math.floor(k * per) + 1, Math.floor((k + 1) * per)); j++)
        value = Math.max(value, row.values[j]!);
      const tall = (value / most) * (height - 6);
      ink.fill(
        x0 + (k * width) / bars,
        y + height - tall,
        Math.max(0.7, (width / bars) * 0.76),
        Math.max(0.5, tall),
        theme.data,
      );
    }
    ink.hairline(x0, y + height, x0 + width, y + height);
    // Running share, from the playhead back.
    const line: number[] = [];
    let sum = 0;
    for (let d = 0; d < count; d++) {
      sum += row.values[count - 1 - d]!;
      line.push(x0 + width - (d + 0.5) * each, y + height - (total > 0 ? sum / total : 0) * (height - 6));
    }
    if (count > 1) ink.line(line, theme.foreground, 1);
    for (const share of [0.5, 0.9]) {
      const d = within(row.values, share);
      const x = x0 + width - (d + 0.5) * each;
      const at = y + height - share * (height - 6);
      ink.add({
        kind: 'marker',
        x,
        y: at,
        shape: 'circle',
        radius: 3,
        color: theme.foreground,
        ring: theme.background,
      });
      const words = `${share * 100} % within ${d + 1}`;
      const before = x - x0 > measureText(words, 11 * scale, 600) + 16;
      ink.text(before ? x - 7 : x + 7, at - 4, words, {
        anchor: before ? 'end' : 'start',
        weight: 600,
        color: theme.foreground,
        halo: true,
      });
    }
    ink.text(x0 - 6, y + 14 * scale, `layers.${row.layer}`, {
      anchor: 'end',
      weight: row.layer === layer ? 700 : 400,
      color: theme.foreground,
    });
    ink.text(x0 - 6, y + 28 * scale, `max ${number3(most)}`, { anchor: 'end', maxWidth: gutter - 8 });
    ink.region({ x: x0, y, width, height }, (px) => {
      const j = Math.max(0, Math.min(count - 1, Math.floor(px / each)));
      return {
        layer: row.layer,
        source: j,
        text: `${count - 1 - j} back: ${j} “${visible(source.tokens[j]?.label ?? '')}” · ${number3(row.values[j]!)}`,
      };
    });
    y += height + 22 * scale;
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const d = Math.round((count - 1) * (1 - share));
    if (count < 5 && share !== 0 && share !== 1) continue;
    ink.text(x0 + width - (d + 0.5) * each, y - 4 * scale, d === 0 ? '0' : `−${d}`, {
      anchor: share === 0 ? 'start' : share === 1 ? 'end' : 'middle',
    });
  }
  return y + 4;
}

/** Half-lives: one row per state, one tick per channel. */
function drawHorizons(
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
    ink.text(place.x, place.y + 40 * scale, 'Half-lives of all layers are being computed.', {});
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
    const alike = isAlike(life.data, count, N);
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
        ink.text(x0 - 6, at + tall / 2 + 4 * scale, String(n + 1), { anchor: 'end' });
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
        text: `${probes['half_life']!.axes[0]} ${best}${alike ? '' : `, n ${n + 1}`} · half-life ${number3(life.data[best * N + n]!)} tokens`,
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
