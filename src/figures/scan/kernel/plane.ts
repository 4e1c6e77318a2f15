/**
 * @file The modes of one channel as points: continuous eigenvalues, poles on the unit circle, and the readable form of
 * both.
 */
import { number3 } from '../../core/format';
import { linearScale, logScale } from '../../core/scale';
import { growLinear, linearTicks, logTicks, type Range } from '../../core/ticks';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';
import { modesOf, type Filter } from './data';
import { axes, dot, hollow, type KernelOptions, type KernelView } from './plot';

/** What is drawn: the filter now and at first, and the size of each mode's dot. */
interface Modes {
  readonly now: Filter;
  readonly initial: Filter | undefined;
  readonly count: number;
  readonly chosen: number | null;
  /** px */
  radius(mode: number): number;
}

export function drawPlane(
  ink: Ink,
  place: Box,
  now: Filter,
  initial: Filter | undefined,
  view: KernelView,
  options: KernelOptions,
): number {
  const { scale } = ink;
  const half = Math.floor(place.width * 0.52);
  const { a, r } = now.poles!;
  const most = Math.max(...modesOf(now).map(({ size }) => size), 1e-30);
  const modes: Modes = {
    now,
    initial,
    count: a.length / 2,
    chosen: view.mode,
    radius: (n) => 2 + 4 * Math.sqrt(Math.hypot(r[2 * n]!, r[2 * n + 1]!) / most),
  };
  if (now.A) drawEigenvalues(ink, { ...place, width: half }, now.A, modes, options);
  const right = { ...place, x: place.x + half, width: place.width - half };
  drawUnwrapped(ink, right, drawCircle(ink, right, modes, options), modes, options);
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

function drawEigenvalues(
  ink: Ink,
  place: Box,
  A: Float32Array,
  modes: Modes,
  { measureText }: KernelOptions,
): void {
  const { theme, scale } = ink;
  const { initial, count, chosen, radius } = modes;
  ink.title(place.x, place.y + 14 * scale, 'Eigenvalues λ', 'continuous', measureText, place.width);
  const box = {
    x: place.x + 40 * scale,
    y: place.y + 28 * scale,
    width: place.width - 48 * scale,
    height: place.height,
  };
  const all = [A, ...(initial?.A ? [initial.A] : [])];
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
    const at = { x: x.map(A[2 * n]!), y: y.map(Math.abs(A[2 * n + 1]!)) };
    if (initial?.A) {
      const old = { x: x.map(initial.A[2 * n]!), y: y.map(Math.abs(initial.A[2 * n + 1]!)) };
      ink.line([old.x, old.y, at.x, at.y], theme.axis);
      hollow(ink, old);
    }
  }
  for (let n = 0; n < count; n++) {
    const at = { x: x.map(A[2 * n]!), y: y.map(Math.abs(A[2 * n + 1]!)) };
    dot(ink, at, radius(n), n === chosen);
    ink.region({ x: at.x - 7, y: at.y - 7, width: 14, height: 14 }, () => ({
      mode: n,
      text: `n ${n} · λ = ${number3(A[2 * n]!)} ${A[2 * n + 1]! < 0 ? '−' : '+'} ${number3(Math.abs(A[2 * n + 1]!))}i`,
    }));
  }
}

/** @returns where the next drawing begins */
function drawCircle(
  ink: Ink,
  place: Box,
  { now, count, chosen }: Modes,
  { measureText }: KernelOptions,
): number {
  const { theme, scale } = ink;
  const cx = place.x + place.width / 2;
  const r = 50 * scale;
  const cy = place.y + 40 * scale + r;
  ink.title(place.x + 12, place.y + 14 * scale, 'Poles exp(Δλ)', 'discrete', measureText, place.width - 12);
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
        radius: n === chosen ? 4 : 2.5,
        color: n === chosen ? theme.focus : theme.data,
      });
  return cy + r + 34 * scale;
}

/** Angle against half-life: usual poles crowd at 1 on the circle. */
function drawUnwrapped(
  ink: Ink,
  place: Box,
  top: number,
  modes: Modes,
  { measureText }: KernelOptions,
): void {
  const { scale } = ink;
  const { now, initial, chosen, radius } = modes;
  ink.title(place.x + 12, top, 'Unwrapped', 'half-life · tokens · log', measureText, place.width - 12);
  const box = {
    x: place.x + 48 * scale,
    y: top + 14 * scale,
    width: place.width - 56 * scale,
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
        hollow(ink, at);
      } else {
        dot(ink, at, radius(mode.n), mode.n === chosen);
        ink.region({ x: at.x - 7, y: at.y - 7, width: 14, height: 14 }, () => ({
          mode: mode.n,
          text: `n ${mode.n} · half-life ${number3(mode.halfLife)} · period ${number3(mode.period)}`,
        }));
      }
    }
  }
}
