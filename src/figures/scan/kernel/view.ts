/**
 * @file A time-invariant layer as a bank of filters: kernel in time and frequency, eigenvalues in the complex plane,
 * modes in numbers, before and after training. Trained is solid, initial is dashed.
 */
import { modeKernel } from '../../../analysis/lti';
import { number3 } from '../../core/format';
import { linearScale, logScale, type Scale } from '../../core/scale';
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import { growLinear, linearTicks, logTicks, type Range } from '../../core/ticks';
import { Ink, type Figure } from '../figure';
import { largest } from '../matrix';
import { channelsOf, filterOf, gainOf, modesOf, peakOf, type Arrays, type Filter, type Mode } from './data';

export interface KernelView {
  readonly channel: number;
  readonly mode: number | null;
  readonly compare: 'initial' | 'none';
}

export interface KernelOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  readonly arrays: Arrays;
  readonly layer: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const POINTS = 257;

export function drawKernel(view: KernelView, options: KernelOptions): Figure {
  const { width, theme, arrays, measureText } = options;
  const ink = new Ink(theme);
  const { scale } = ink;
  const channels = channelsOf(arrays);
  const channel = Math.min(view.channel, channels - 1);
  const now = filterOf(arrays, channel)!;
  const initial = view.compare === 'initial' ? filterOf(arrays, channel, '_initial') : undefined;
  const wide = width >= 900;
  const modal = now.poles !== undefined;
  const right = wide && modal ? Math.min(470, Math.round(width * 0.36)) : wide ? 0 : width;
  const left = wide ? width - right - (right > 0 ? 40 : 0) : width;
  let y = drawTime(ink, { x: 0, y: 0, width: left, height: 220 }, now, initial, view, options, channel);
  y = drawFrequency(ink, { x: 0, y: y + 20, width: left, height: 140 }, now, initial, options);
  y = drawAll(ink, { x: 0, y: y + 24, width: left, height: 0 }, channel, view, options);
  if (modal) {
    const x = wide ? left + 40 : 0;
    const top = wide ? 0 : y + 24;
    const plane = drawPlane(ink, { x, y: top, width: right, height: 300 }, now, initial, view, options);
    const bottom = drawModes(ink, { x, y: plane + 24, width: right, height: 0 }, modesOf(now), view, options);
    y = Math.max(y, bottom);
  } else if (initial === undefined && view.compare === 'initial' && !arrays['kernel_initial']) {
    ink.text(0, y + 18 * scale, 'The kernel is the parameter itself: there are no eigenvalues.', {});
    y += 24 * scale;
  }
  void measureText;
  return ink.figure(width, y + 10, summaryOf(now, channel, channels));
}

function summaryOf(now: Filter, channel: number, channels: number): string {
  const { lag, value } = peakOf(now.kernel);
  const parts = [`Channel ${channel} of ${channels}: largest value ${number3(value)} at delay ${lag}.`];
  const modes = modesOf(now);
  if (modes.length > 0) {
    const fastest = Math.min(...modes.map(({ period }) => period));
    const longest = Math.max(...modes.map(({ halfLife }) => halfLife));
    const unstable = modes.filter(({ halfLife }) => halfLife < 0).length;
    parts.push(
      `Fastest mode has a period of ${number3(fastest)} tokens; longest half-life ${number3(longest)} tokens; ` +
        `${unstable === 0 ? 'no unstable mode' : `${unstable} unstable modes`}.`,
    );
  }
  return parts.join(' ');
}

function axes(
  ink: Ink,
  box: Box,
  x: Scale,
  y: Scale,
  ticks: { x: readonly { value: number; label: string }[]; y: readonly { value: number; label: string }[] },
): void {
  const { theme, scale } = ink;
  for (const tick of ticks.y) {
    const at = y.map(tick.value);
    ink.hairline(box.x, at, box.x + box.width, at, tick.value === 0 ? theme.axis : theme.grid);
    ink.text(box.x - 7, at + 4 * scale, tick.label, { anchor: 'end' });
  }
  ink.hairline(box.x, box.y + box.height, box.x + box.width, box.y + box.height);
  for (const tick of ticks.x) {
    const at = x.map(tick.value);
    const end = at > box.x + box.width - 14;
    ink.text(end ? box.x + box.width : at, box.y + box.height + 15 * scale, tick.label, {
      anchor: end ? 'end' : 'middle',
    });
  }
}

const spread = (values: readonly ArrayLike<number>[]): Range => {
  let low = 0;
  let high = 0;
  for (const some of values)
    for (let i = 0; i < some.length; i++) {
      low = Math.min(low, some[i]!);
      high = Math.max(high, some[i]!);
    }
  return growLinear([low, high]);
};

/** K over lags −L … L where it looks ahead. */
function trackOf({ kernel, ahead }: Filter): { readonly from: number; readonly values: Float32Array } {
  if (!ahead) return { from: 0, values: kernel };
  const values = new Float32Array(ahead.length + kernel.length);
  ahead.forEach((value, d) => (values[ahead.length - 1 - d] = value));
  values.set(kernel, ahead.length);
  return { from: -ahead.length, values };
}

function drawTime(
  ink: Ink,
  place: Box,
  now: Filter,
  initial: Filter | undefined,
  view: KernelView,
  { measureText }: KernelOptions,
  channel: number,
): number {
  const { theme, scale } = ink;
  const { from, values } = trackOf(now);
  const before = initial && trackOf(initial);
  ink.title(
    place.x,
    place.y + 14 * scale,
    'Kernel in time',
    `K[t] of channel ${channel}, response to a unit impulse`,
    measureText,
    place.width,
  );
  const box = {
    x: place.x + 48 * scale,
    y: place.y + 28 * scale,
    width: place.width - 48 * scale - 4,
    height: place.height,
  };
  const range = spread([values, ...(before ? [before.values] : [])]);
  const x = linearScale([from, Math.max(from + 1, from + values.length - 1)], [box.x, box.x + box.width]);
  const y = linearScale(range, [box.y + box.height, box.y]);
  axes(ink, box, x, y, {
    x: linearTicks([from, from + values.length - 1], place.width < 500 ? 4 : 8),
    y: linearTicks(range, 5),
  });
  ink.text(
    box.x + box.width,
    box.y + box.height + 30 * scale,
    from < 0 ? 'delay t, tokens; left of 0 looks ahead' : 'delay t, tokens',
    { anchor: 'end' },
  );
  const points = (track: { from: number; values: Float32Array }): number[] =>
    Array.from(track.values).flatMap((value, k) => [x.map(track.from + k), y.map(value)]);
  if (before) ink.line(points(before), theme.secondary, 1.25, [3, 2.5]);
  ink.line(points({ from, values }), theme.data, 2);
  if (view.mode !== null && now.poles && view.mode < now.poles.a.length / 2) {
    const own = modeKernel(now.poles, view.mode, now.kernel.length);
    ink.line(
      Array.from(own).flatMap((value, t) => [x.map(t), y.map(Math.max(range[0], Math.min(range[1], value)))]),
      theme.foreground,
      1,
    );
  }
  const peak = peakOf(values);
  const lag = peak.lag + from;
  const px = x.map(lag);
  ink.line([px, box.y, px, box.y + box.height], theme.foreground);
  ink.add({
    kind: 'marker',
    x: px,
    y: y.map(peak.value),
    shape: 'circle',
    radius: 3.5,
    color: theme.foreground,
    ring: theme.background,
  });
  const words = `largest at t = ${lag}, K = ${number3(peak.value)}`;
  const beside = px + measureText(words, 12 * scale, 600) + 24 < box.x + box.width;
  ink.text(beside ? px + 14 : px - 14, box.y + 16 * scale, words, {
    size: 12,
    weight: 600,
    color: theme.foreground,
    anchor: beside ? 'start' : 'end',
    halo: true,
  });
  legend(
    ink,
    { x: place.x + place.width - 4, y: place.y + 14 * scale },
    initial !== undefined,
    place.width > 560,
  );
  ink.region(box, (at) => {
    const t = Math.max(from, Math.min(from + values.length - 1, Math.round(x.invert(box.x + at))));
    const old = before?.values[t - before.from];
    return {
      text: `t = ${t} · K ${number3(values[t - from]!)}${old === undefined ? '' : ` · initial ${number3(old)}`}`,
    };
  });
  return box.y + box.height + 30 * scale;
}

function legend(ink: Ink, end: { x: number; y: number }, both: boolean, room: boolean): void {
  if (!both || !room) return;
  const { theme, scale } = ink;
  const y = end.y - 4;
  ink.text(end.x, end.y, 'initial', { anchor: 'end', color: theme.foreground });
  ink.line([end.x - 66 * scale, y, end.x - 40 * scale, y], theme.secondary, 1.25, [3, 2.5]);
  ink.text(end.x - 80 * scale, end.y, 'trained', { anchor: 'end', color: theme.foreground });
  ink.line([end.x - 148 * scale, y, end.x - 124 * scale, y], theme.data, 2);
}

function drawFrequency(
  ink: Ink,
  place: Box,
  now: Filter,
  initial: Filter | undefined,
  { measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const own = gainOf(now, POINTS);
  const old = initial && gainOf(initial, POINTS);
  const most = Math.max(largest(own), old ? largest(old) : 0) || 1;
  ink.title(
    place.x,
    place.y + 14 * scale,
    'Kernel in frequency',
    `|K̂(ω)|, gain · log${now.poles ? '' : ', of the taps that are there'}`,
    measureText,
    place.width,
  );
  const box = {
    x: place.x + 48 * scale,
    y: place.y + 28 * scale,
    width: place.width - 48 * scale - 4,
    height: place.height,
  };
  const floor = most * 1e-3;
  const range: Range = [floor, most * 1.2];
  const x = linearScale([0, 0.5], [box.x, box.x + box.width]);
  const y = logScale(range, [box.y + box.height, box.y]);
  axes(ink, box, x, y, {
    x: [0, 0.125, 0.25, 0.375, 0.5].map((value, k) => ({
      value,
      label: ['0', '1/8', '1/4', '3/8', '1/2'][k]!,
    })),
    y: logTicks(range, 4),
  });
  ink.text(box.x + box.width, box.y + box.height + 30 * scale, 'frequency ω, cycles per token', {
    anchor: 'end',
  });
  const points = (values: Float64Array): number[] =>
    Array.from(values).flatMap((value, k) => [
      x.map((0.5 * k) / (POINTS - 1)),
      y.map(Math.max(floor, value)),
    ]);
  if (old) ink.line(points(old), theme.secondary, 1.25, [3, 2.5]);
  ink.line(points(own), theme.data, 2);
  const modes = modesOf(now);
  const fastest = modes.reduce<Mode | undefined>(
    (best, mode) => (!best || mode.period < best.period ? mode : best),
    undefined,
  );
  if (fastest && fastest.period < Infinity && fastest.period >= 2) {
    const at = x.map(1 / fastest.period);
    ink.line([at, box.y, at, box.y + box.height], theme.foreground);
    const words = `fastest mode, period ${number3(fastest.period)} tokens`;
    const beside = at + measureText(words, 12 * scale, 600) + 16 < box.x + box.width;
    ink.text(beside ? at + 8 : at - 8, box.y + 14 * scale, words, {
      size: 12,
      weight: 600,
      color: theme.foreground,
      anchor: beside ? 'start' : 'end',
      halo: true,
    });
  }
  ink.region(box, (px) => {
    const k = Math.max(0, Math.min(POINTS - 1, Math.round((px / box.width) * (POINTS - 1))));
    const w = (0.5 * k) / (POINTS - 1);
    return {
      text: `${number3(w)} cycles per token${w > 0 ? `, period ${number3(1 / w)}` : ''} · gain ${number3(own[k]!)}`,
    };
  });
  return box.y + box.height + 30 * scale;
}

/** Small kernels of all channels: a page of them around the chosen one. */
function drawAll(
  ink: Ink,
  place: Box,
  channel: number,
  view: KernelView,
  { arrays, measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const channels = channelsOf(arrays);
  const gap = 26;
  const columns = place.width < 420 ? 2 : place.width < 640 ? 3 : 4;
  const most = columns * 4;
  const from = Math.max(0, Math.min(channels - most, Math.floor(channel / columns) * columns - columns));
  const shown = Math.min(most, channels - from);
  const note =
    shown < channels
      ? `${from} – ${from + shown - 1} of ${channels}, own scale each · click to select`
      : 'own scale each · click to select';
  ink.title(place.x, place.y + 14 * scale, 'All channels', note, measureText, place.width);
  const width = Math.floor((place.width - (columns - 1) * gap) / columns);
  const height = 56 * scale;
  for (let k = 0; k < shown; k++) {
    const own = from + k;
    const box = {
      x: place.x + (k % columns) * (width + gap),
      y: place.y + 30 * scale + Math.floor(k / columns) * (height + 36 * scale),
      width,
      height,
    };
    const now = trackOf(filterOf(arrays, own)!);
    const initial = view.compare === 'initial' ? filterOf(arrays, own, '_initial') : undefined;
    const old = initial && trackOf(initial);
    const reach = Math.max(largest(now.values), old ? largest(old.values) : 0) || 1;
    const x = linearScale([0, Math.max(1, now.values.length - 1)], [box.x, box.x + width]);
    const y = linearScale([-reach, reach], [box.y + height, box.y]);
    ink.hairline(box.x, y.map(0), box.x + width, y.map(0));
    const points = (values: Float32Array): number[] =>
      Array.from(values).flatMap((value, t) => [x.map(t), y.map(value)]);
    if (old) ink.line(points(old.values), theme.secondary, 1, [3, 2.5]);
    ink.line(points(now.values), theme.data, 1.5);
    const peak = peakOf(now.values);
    ink.text(box.x, box.y + height + 14 * scale, `channel ${own}`, {
      color: theme.foreground,
      weight: own === channel ? 700 : 400,
    });
    ink.text(
      box.x + width,
      box.y + height + 14 * scale,
      `peak ${peak.lag + now.from} · ±${number3(Math.abs(peak.value))}`,
      { anchor: 'end', maxWidth: width * 0.6 },
    );
    if (own === channel)
      ink.frame(
        { x: box.x - 7, y: box.y - 7, width: width + 14, height: height + 28 * scale },
        theme.focus,
        2,
      );
    ink.region({ ...box, height: height + 20 }, () => ({ channel: own, mode: -1, text: `channel ${own}` }));
  }
  return place.y + 30 * scale + Math.ceil(shown / columns) * (height + 36 * scale);
}

/** Continuous eigenvalues, poles on the unit circle, and the readable form of both. */
function drawPlane(
  ink: Ink,
  place: Box,
  now: Filter,
  initial: Filter | undefined,
  view: KernelView,
  { measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const half = Math.floor(place.width * 0.52);
  const modes = modesOf(now);
  const most = Math.max(...modes.map(({ size }) => size), 1e-30);
  const radius = (n: number, poles = now.poles!): number =>
    2 + 4 * Math.sqrt(Math.hypot(poles.r[2 * n]!, poles.r[2 * n + 1]!) / most);
  const count = now.poles!.a.length / 2;
  if (now.A) {
    ink.title(place.x, place.y + 14 * scale, 'Eigenvalues λ', 'continuous time', measureText, half);
    const box = {
      x: place.x + 40 * scale,
      y: place.y + 28 * scale,
      width: half - 48 * scale,
      height: place.height,
    };
    const all = [now.A, ...(initial?.A ? [initial.A] : [])];
    const re = (values: Float32Array): number[] =>
      Array.from({ length: values.length / 2 }, (_, n) => values[2 * n]!);
    const im = (values: Float32Array): number[] =>
      Array.from({ length: values.length / 2 }, (_, n) => Math.abs(values[2 * n + 1]!));
    const xs = growLinear([Math.min(...all.flatMap(re)), Math.max(...all.flatMap(re), 0)], 3);
    const ys = growLinear([0, Math.max(...all.flatMap(im), 1)], 4);
    const x = linearScale([xs[0], Math.max(xs[1], -xs[0] * 0.15)], [box.x, box.x + box.width]);
    const y = linearScale(ys, [box.y + box.height, box.y]);
    axes(ink, box, x, y, { x: linearTicks([xs[0], 0], 3), y: linearTicks(ys, 4) });
    const zero = x.map(0);
    ink.fill(zero, box.y, box.x + box.width - zero, box.height, theme.foreground, 0.07);
    ink.line([zero, box.y, zero, box.y + box.height], theme.foreground);
    if (box.x + box.width - zero > 44) ink.text(zero + 4, box.y + 12 * scale, 'unstable', { size: 10 });
    ink.text(box.x + 4, box.y + 12 * scale, 'Im λ', { size: 10 });
    ink.text(box.x + box.width, box.y + box.height + 29 * scale, 'Re λ', { anchor: 'end', size: 10 });
    for (let n = 0; n < count; n++) {
      const at = { x: x.map(now.A[2 * n]!), y: y.map(Math.abs(now.A[2 * n + 1]!)) };
      if (initial?.A) {
        const old = { x: x.map(initial.A[2 * n]!), y: y.map(Math.abs(initial.A[2 * n + 1]!)) };
        ink.line([old.x, old.y, at.x, at.y], theme.axis);
        ink.add({ kind: 'marker', ...old, shape: 'circle', radius: 3, color: theme.secondary });
        ink.add({ kind: 'marker', ...old, shape: 'circle', radius: 2, color: theme.background });
      }
    }
    for (let n = 0; n < count; n++) {
      const at = { x: x.map(now.A[2 * n]!), y: y.map(Math.abs(now.A[2 * n + 1]!)) };
      ink.add({
        kind: 'marker',
        ...at,
        shape: 'circle',
        radius: radius(n),
        color: theme.data,
        ring: n === view.mode ? theme.focus : theme.background,
      });
      ink.region({ x: at.x - 7, y: at.y - 7, width: 14, height: 14 }, () => ({
        mode: n,
        text: `n ${n} · λ = ${number3(now.A![2 * n]!)} ${now.A![2 * n + 1]! < 0 ? '−' : '+'} ${number3(Math.abs(now.A![2 * n + 1]!))}i`,
      }));
    }
  }
  // Unit circle.
  const cx = place.x + half + (place.width - half) / 2;
  const r = 50 * scale;
  const cy = place.y + 40 * scale + r;
  ink.title(
    place.x + half + 12,
    place.y + 14 * scale,
    'Poles exp(Δλ)',
    'discrete',
    measureText,
    place.width - half - 12,
  );
  ink.add({ kind: 'marker', x: cx, y: cy, shape: 'circle', radius: r + 1, color: theme.foreground });
  ink.add({ kind: 'marker', x: cx, y: cy, shape: 'circle', radius: r, color: theme.background });
  ink.line([cx - r, cy, cx + r, cy], theme.grid);
  ink.line([cx, cy - r, cx, cy + r], theme.grid);
  ink.text(cx - r - 5, cy + 4, '−1', { anchor: 'end' });
  ink.text(cx + r + 5, cy + 4, '1');
  const { a } = now.poles!;
  for (let n = 0; n < count; n++)
    for (const sign of [1, -1])
      ink.add({
        kind: 'marker',
        x: cx + r * a[2 * n]!,
        y: cy - sign * r * a[2 * n + 1]!,
        shape: 'circle',
        radius: n === view.mode ? 4 : 2.5,
        color: n === view.mode ? theme.focus : theme.data,
      });
  // Angle against half-life: usual poles crowd at 1 on the circle.
  const top = cy + r + 34 * scale;
  ink.title(
    place.x + half + 12,
    top,
    'Unwrapped',
    'half-life, tokens · log',
    measureText,
    place.width - half - 12,
  );
  const box = {
    x: place.x + half + 48 * scale,
    y: top + 14 * scale,
    width: place.width - half - 56 * scale,
    height: place.y + 28 * scale + place.height - top - 14 * scale,
  };
  const dots = [now, ...(initial?.poles ? [initial] : [])].map((filter) =>
    modesOf(filter).map((mode) => ({
      ...mode,
      turn: mode.period === Infinity ? 0 : (2 * Math.PI) / mode.period,
    })),
  );
  const lives = dots
    .flat()
    .map(({ halfLife }) => halfLife)
    .filter((value) => value > 0 && value < Infinity);
  const low = lives.length > 0 ? Math.min(...lives) : 1;
  const high = lives.length > 0 ? Math.max(...lives) : 10;
  const x = linearScale(
    [0, Math.max(...dots.flat().map(({ turn }) => turn), 1e-3) * 1.05],
    [box.x, box.x + box.width],
  );
  const yRange: Range = [low / 1.5, high * 1.5];
  const y = logScale(yRange, [box.y + box.height, box.y]);
  axes(ink, box, x, y, { x: linearTicks([0, x.domain[1]], 2), y: logTicks(yRange, 3) });
  ink.text(box.x + box.width, box.y + box.height + 29 * scale, 'angle, rad per token', {
    anchor: 'end',
    size: 10,
  });
  for (const [index, group] of [...dots.entries()].reverse()) {
    for (const mode of group) {
      if (!(mode.halfLife > 0 && mode.halfLife < Infinity)) continue;
      const at = { x: x.map(mode.turn), y: y.map(mode.halfLife) };
      if (index === 1) {
        ink.add({ kind: 'marker', ...at, shape: 'circle', radius: 3, color: theme.secondary });
        ink.add({ kind: 'marker', ...at, shape: 'circle', radius: 2, color: theme.background });
      } else {
        ink.add({
          kind: 'marker',
          ...at,
          shape: 'circle',
          radius: radius(mode.n),
          color: theme.data,
          ring: mode.n === view.mode ? theme.focus : theme.background,
        });
        ink.region({ x: at.x - 7, y: at.y - 7, width: 14, height: 14 }, () => ({
          mode: mode.n,
          text: `n ${mode.n} · half-life ${number3(mode.halfLife)} · period ${number3(mode.period)}`,
        }));
      }
    }
  }
  const bottom = place.y + 28 * scale + place.height + 46 * scale;
  const steps =
    now.dt === undefined
      ? ''
      : ` · Δ ${initial?.dt === undefined ? '' : `${number3(initial.dt)} → `}${number3(now.dt)}`;
  ink.text(place.x, bottom, `dot area: |C b|${initial ? ' · hollow: initial' : ''}${steps}`, {
    maxWidth: place.width,
  });
  return bottom;
}

function drawModes(
  ink: Ink,
  place: Box,
  modes: readonly Mode[],
  view: KernelView,
  { measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const shown = modes.slice(0, 8);
  ink.title(
    place.x,
    place.y,
    'Modes',
    `${shown.length} of ${modes.length}, largest |C b| first`,
    measureText,
    place.width,
  );
  const ends = [0.08, 0.36, 0.64, 0.82, 1].map((share) => place.x + share * place.width);
  const row = 24 * scale;
  let y = place.y + 24 * scale;
  ['n', 'period', 'half-life', '|C b|', '∠'].forEach((head, k) =>
    ink.text(ends[k]!, y, head, { anchor: 'end', size: 12 }),
  );
  for (const mode of shown) {
    ink.hairline(place.x, y + 7 * scale, place.x + place.width, y + 7 * scale, theme.grid);
    y += row;
    const values = [
      String(mode.n),
      mode.period === Infinity ? '–' : number3(mode.period),
      number3(mode.halfLife),
      number3(mode.size),
      `${Math.round(mode.angle).toString().replace('-', '−')}°`,
    ];
    values.forEach((value, k) =>
      ink.text(ends[k]!, y, value, {
        anchor: 'end',
        size: 12,
        color: k === 0 ? theme.secondary : theme.foreground,
        weight: mode.n === view.mode ? 700 : 400,
      }),
    );
    ink.region({ x: place.x, y: y - row + 7, width: place.width, height: row }, () => ({
      mode: mode.n,
      text: `mode ${mode.n}`,
    }));
  }
  return y + 8;
}
