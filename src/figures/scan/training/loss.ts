/** @file The loss of a training, with its probes as marks below. */
import { number3 } from '../../core/format';
import { linearScale, logScale, type Scale } from '../../core/scale';
import type { Box } from '../../core/scene';
import { growLog, linearTicks, logTicks } from '../../core/ticks';
import type { Ink, Pick } from '../figure';
import type { TrainingOptions, TrainingView } from './options';

/** @param slots indices of the frames that are shown above */
export function drawLoss(
  ink: Ink,
  place: Box,
  view: TrainingView,
  { frames, losses, measureText }: TrainingOptions,
  slots: readonly number[],
): number {
  const { scale } = ink;
  ink.title(
    place.x,
    place.y,
    'Training loss',
    'log · ticks: probes, filled: frames above',
    measureText,
    place.width,
  );
  const box = {
    x: place.x + 48 * scale,
    y: place.y + 14 * scale,
    width: place.width - 52 * scale,
    height: place.height,
  };
  const bottom = box.y + box.height;
  const right = box.x + box.width;
  const points = losses.filter(([, loss]) => loss > 0);
  const end = Math.max(frames.at(-1)?.step ?? 1, points.at(-1)?.[0] ?? 1);
  const x = linearScale([0, end], [box.x, right]);
  if (points.length > 1) drawLine(ink, box, points, x);
  else ink.text(box.x + 8, box.y + 20, 'No loss rows in this run folder.');
  ink.hairline(box.x, bottom, right, bottom);
  drawMarks(ink, box, frames, x, view.at, new Set(slots));
  for (const tick of linearTicks([0, end], 8)) {
    const at = x.map(tick.value);
    ink.text(at, bottom + 26 * scale, tick.label, { anchor: at > right - 20 ? 'end' : 'middle' });
  }
  ink.text(right, bottom + 42 * scale, 'step', { anchor: 'end' });
  ink.region({ ...box, height: box.height + 14 }, (px) => nearestFrame(frames, x, box.x + px));
  return bottom + 44 * scale;
}

/** The loss over its own logarithmic axis. */
function drawLine(ink: Ink, box: Box, points: TrainingOptions['losses'], x: Scale): void {
  const { theme, scale } = ink;
  const values = points.map(([, loss]) => loss);
  const range = growLog([Math.min(...values), Math.max(...values)]);
  const y = logScale(range, [box.y + box.height, box.y]);
  for (const { value, label } of logTicks(range, 4)) {
    ink.hairline(box.x, y.map(value), box.x + box.width, y.map(value), theme.grid);
    ink.text(box.x - 7, y.map(value) + 4 * scale, label, { anchor: 'end' });
  }
  ink.line(
    points.flatMap(([step, loss]) => [x.map(step), y.map(loss)]),
    theme.data,
    1.5,
  );
}

/** A tick per probe, a marker where it is shown above; through the chosen one a line. */
function drawMarks(
  ink: Ink,
  { y, height }: Box,
  frames: TrainingOptions['frames'],
  x: Scale,
  chosen: number,
  slots: ReadonlySet<number>,
): void {
  const { theme } = ink;
  const bottom = y + height;
  const marker = { kind: 'marker', y: bottom + 6, shape: 'triangle-up' } as const;
  frames.forEach(({ step }, k) => {
    const at = x.map(step);
    if (k === chosen) {
      ink.line([at, y, at, bottom], theme.foreground);
      ink.add({ ...marker, x: at, radius: 5, color: theme.focus });
    } else if (slots.has(k)) ink.add({ ...marker, x: at, radius: 4, color: theme.foreground });
    else ink.line([at, bottom, at, bottom + 7], theme.secondary);
  });
}

function nearestFrame(frames: TrainingOptions['frames'], x: Scale, px: number): Pick | undefined {
  const distance = (k: number): number => Math.abs(x.map(frames[k]!.step) - px);
  let best = 0;
  for (let k = 1; k < frames.length; k++) if (distance(k) < distance(best)) best = k;
  const frame = frames[best];
  if (!frame) return undefined;
  const loss = frame.loss === undefined ? '' : ` · loss ${number3(frame.loss)}`;
  return { frame: best, text: `step ${frame.step}${loss}` };
}
