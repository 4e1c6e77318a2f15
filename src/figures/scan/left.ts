/** @file What is left of a write: the share of it in the slowest and the fastest state, to the end. */
import { percent } from '../core/format';
import { pushApart } from '../core/labels';
import { linearScale } from '../core/scale';
import type { Mark, Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import type { Recurrence } from './recurrence';

export function drawLeft(scan: Recurrence, t: number, channel: number, width: number, theme: Theme): Scene {
  const size = 11 * (theme.fontSize / 13);
  const height = 106;
  const steps = [t, ...scan.later(t)];
  const last = steps.length - 1;
  const x = linearScale([0, Math.max(1, last)], [32, width - 78]);
  const y = linearScale([0, 1], [82, 8]);
  const order = scan.statesByDecay(channel);
  const states =
    scan.scalarDecay || order.length === 1
      ? [{ n: order[0] ?? 0, name: 'all n', dash: [] as number[] }]
      : [
          { n: order[0]!, name: 'n 1', dash: [] as number[] },
          { n: order.at(-1)!, name: `n ${order.length}`, dash: [3, 2.5] },
        ];
  const marks: Mark[] = [];
  for (const value of [0, 0.5, 1]) {
    const at = Math.round(y.map(value) - 0.5) + 0.5;
    marks.push({
      kind: 'line',
      points: [x.range[0], at, x.range[1], at],
      stroke: { color: value === 0 ? theme.axis : theme.grid, width: 1 },
    });
    marks.push({
      kind: 'text',
      x: 24,
      y: at + size * 0.36,
      text: String(value),
      size,
      color: theme.secondary,
      anchor: 'end',
    });
  }
  const ends: { y: number; text: string }[] = [];
  for (const { n, name, dash } of states) {
    const points: number[] = [];
    let product = 1;
    steps.forEach((u, k) => {
      if (k > 0) product *= scan.kept(u, channel, n);
      points.push(x.map(k), y.map(product));
    });
    marks.push({ kind: 'line', points, stroke: { color: theme.foreground, width: 1.5, dash } });
    ends.push({
      y: y.map(product),
      text: `${name}: ${product < 0.0005 ? '<0.1 %' : percent(product, product < 0.1 ? 1 : 0)}`,
    });
  }
  const places = pushApart(
    ends.map((end) => end.y),
    size * 1.3,
    8,
    84,
  );
  ends.forEach((end, index) =>
    marks.push({
      kind: 'text',
      x: x.range[1] + 7,
      y: places[index]! + size * 0.36,
      text: end.text,
      size,
      color: theme.foreground,
    }),
  );
  for (const at of new Set(last > 6 ? [0, Math.round(last / 2), last] : [0, last])) {
    marks.push({
      kind: 'text',
      x: x.map(at),
      y: 100,
      text: String(steps[at]),
      size,
      color: theme.secondary,
      anchor: 'middle',
    });
  }
  return { width, height, fonts: theme.fonts, marks };
}
