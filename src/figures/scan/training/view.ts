/**
 * @file How a layer formed: probes of training on one example, as a film of matrices, step sizes and kernels over the
 * loss. Ranges are fixed over the whole training, so that growth is seen as growth; missing probes leave gaps.
 */
import { number3, visible } from '../../core/format';
import { linearScale, logScale } from '../../core/scale';
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import { growLog, linearTicks, logTicks } from '../../core/ticks';
import type { Frame, LayerSurvey } from '../../../protocol/view-scan';
import { Ink, type Figure } from '../figure';
import { drawMatrix, entryAt, largest, readsText, scaleBar, type Matrix } from '../matrix';

export interface TrainingView {
  readonly layer: number;
  /** Index of the shown frame. */
  readonly at: number;
  readonly choose: 'change' | 'steps';
  readonly position: number;
  readonly source: number | undefined;
}

export interface TrainingOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  readonly frames: readonly Frame[];
  readonly tokens: readonly string[];
  readonly losses: readonly (readonly [number, number])[];
}

const surveyOf = (frame: Frame, layer: number): LayerSurvey | undefined =>
  frame.surveys.find((survey) => survey.layer === layer);

/** Layers that every frame shows something of. */
export const layersOf = (frames: readonly Frame[]): { layer: number; mixer: string }[] =>
  (frames.at(-1)?.surveys ?? [])
    .filter(({ probes }) => probes['hidden_attention_mean'] ?? probes['kernel'])
    .map(({ layer, mixer }) => ({ layer, mixer }));

/** What the film is chosen by: the matrix, or the kernels. */
const shown = (survey: LayerSurvey | undefined): Float32Array | undefined =>
  (survey?.probes['kernel'] ?? survey?.probes['hidden_attention_mean'])?.data;

/** Frames at equal change of what is shown, or at equal steps; first and last always. */
export function film(
  frames: readonly Frame[],
  layer: number,
  count: number,
  choose: 'change' | 'steps',
): number[] {
  const last = frames.length - 1;
  if (last < count) return frames.map((_, k) => k);
  const way = [0];
  for (let k = 1; k <= last; k++) {
    const [a, b] = [shown(surveyOf(frames[k - 1]!, layer)), shown(surveyOf(frames[k]!, layer))];
    let change = 0;
    if (a && b && a.length === b.length) for (let i = 0; i < a.length; i++) change += Math.abs(a[i]! - b[i]!);
    way.push(way[k - 1]! + (choose === 'steps' ? frames[k]!.step - frames[k - 1]!.step : change));
  }
  const total = way[last]! || 1;
  const picked = new Set<number>([0, last]);
  for (let n = 1; n < count - 1; n++) {
    const goal = (n * total) / (count - 1);
    let best = 0;
    for (let k = 1; k <= last; k++) if (Math.abs(way[k]! - goal) < Math.abs(way[best]! - goal)) best = k;
    picked.add(best);
  }
  // Change that comes all at once leaves places free: they go to the widest gaps of time.
  while (picked.size < count) {
    const order = [...picked].sort((a, b) => a - b);
    let widest = 1;
    for (let k = 1; k < order.length; k++)
      if (order[k]! - order[k - 1]! > order[widest]! - order[widest - 1]!) widest = k;
    picked.add(Math.floor((order[widest - 1]! + order[widest]!) / 2));
  }
  return [...picked].sort((a, b) => a - b);
}

const matrixOf = (survey: LayerSurvey): Matrix | undefined => {
  const mean = survey.probes['hidden_attention_mean'];
  return (
    mean && {
      size: mean.shape[0]!,
      data: mean.data,
      signed: false,
      causal: survey.causal ?? true,
      edges: survey.edges,
    }
  );
};

export function drawTraining(view: TrainingView, options: TrainingOptions): Figure {
  const { width, theme, measureText, frames, tokens } = options;
  const ink = new Ink(theme);
  const { scale } = ink;
  const surveys = frames.map((frame) => surveyOf(frame, view.layer));
  // One range for the whole training.
  const max = Math.max(
    ...surveys.map((survey) => (survey ? largest(survey.probes['hidden_attention_mean']?.data ?? []) : 0)),
    0,
  );
  const deltaMax = Math.max(
    ...surveys.map((survey) => (survey ? largest(survey.probes['delta_mean']?.data ?? []) : 0)),
    0,
  );
  const kernelMax = Math.max(
    ...surveys.map((survey) => (survey ? largest(survey.probes['kernel']?.data ?? []) : 0)),
    0,
  );
  const last = surveys.at(-1);
  const kernels = last?.probes['kernel'] !== undefined;
  const columns = Math.max(2, Math.min(9, Math.floor((width + 22) / 150)));
  const gap = 22;
  const side = Math.floor((width - (columns - 1) * gap) / columns);
  const chosen = film(frames, view.layer, columns, view.choose);
  const words = kernels
    ? 'kernels of the first channels'
    : `mean |α|${deltaMax > 0 ? ' · Δ, mean of the channels' : ''}`;
  ink.title(
    0,
    14 * scale,
    kernels ? 'How the filters formed' : 'How the layer learned to read',
    `${words} · ${chosen.length} probes at equal ${view.choose === 'change' ? 'change' : 'steps'}`,
    measureText,
    width > 620 ? width - 240 : width,
  );
  if (!kernels && width > 620) scaleBar(ink, width - 140, 5, 92, max, false, '');
  const top = 34 * scale;
  const label = (t: number): string => visible(tokens[t] ?? '');
  const bars = deltaMax > 0 ? 44 * scale : 0;
  const height = (kernels ? 84 * scale : side) + 22 * scale + bars;
  const cell = (k: number, x: number, frameIndex: number): void => {
    const frame = frames[frameIndex]!;
    const survey = surveys[frameIndex];
    const y = top + 18 * scale;
    ink.text(x, top + 10 * scale, `step ${frame.step.toLocaleString('en')}`, {
      size: 12,
      weight: 600,
      color: theme.foreground,
    });
    if (frame.probability !== undefined)
      ink.text(
        x + side,
        top + 10 * scale,
        `p ${frame.probability < 0.005 ? '<0.01' : frame.probability.toFixed(2)}`,
        { anchor: 'end' },
      );
    const matrix = survey && matrixOf(survey);
    if (kernels)
      drawKernels(
        ink,
        { x, y, width: side, height: 84 * scale },
        survey,
        frameIndex > 0 ? surveys[frameIndex - 1] : undefined,
        kernelMax,
      );
    else if (matrix) {
      drawMatrix(ink, { x, y, width: side, height: side }, matrix, {
        max,
        position: view.position,
        source: view.source,
      });
      ink.region({ x, y, width: side, height: side }, (px, py) => {
        const entry = entryAt(matrix, side, px, py);
        return {
          frame: frameIndex,
          ...(entry ? { position: entry.query, source: entry.key } : {}),
          text: entry
            ? `step ${frame.step} · ${readsText(label, entry.query, entry.key)} · ${number3(entry.value)}`
            : `step ${frame.step}`,
        };
      });
    } else ink.text(x, y + 20, 'no probe');
    const delta = survey?.probes['delta_mean'];
    if (delta && bars > 0) {
      const base = y + (kernels ? 84 * scale : side) + bars - 8;
      const each = side / delta.data.length;
      delta.data.forEach((value, t) => {
        const tall = (value / deltaMax) * (bars - 16);
        ink.fill(x + t * each, base - tall, Math.max(0.6, each * 0.8), Math.max(0.75, tall), theme.data);
      });
      ink.hairline(x, base, x + side, base);
      let best = 0;
      delta.data.forEach((value, t) => {
        if (value > delta.data[best]!) best = t;
      });
      if (delta.data[best]! > 0.3 * deltaMax) {
        // Before the bar where there is no room behind it.
        const late = best > 0.6 * delta.data.length;
        ink.text(
          late ? x + best * each - 4 : x + (best + 1) * each + 4,
          base - (delta.data[best]! / deltaMax) * (bars - 16) + 9,
          number3(delta.data[best]!),
          { weight: 600, color: theme.foreground, halo: true, anchor: late ? 'end' : 'start' },
        );
      }
    }
    if (frameIndex === view.at)
      ink.frame({ x: x - 6, y: top - 6, width: side + 12, height: height + 10 }, theme.focus, 2);
    if (kernels || !matrix)
      ink.region({ x, y, width: side, height }, () => ({ frame: frameIndex, text: `step ${frame.step}` }));
    void k;
  };
  const slots = chosen.includes(view.at) ? chosen : nearest(chosen, view.at);
  slots.forEach((frameIndex, k) => cell(k, k * (side + gap), frameIndex));
  const bottom = drawLoss(
    ink,
    { x: 0, y: top + height + 30 * scale, width, height: 150 * scale },
    view,
    options,
    slots,
  );
  return ink.figure(width, bottom + 8, summaryOf(view, options, surveys[view.at]));
}

/** The film with the shown frame in the place of the one that is nearest to it. */
function nearest(chosen: readonly number[], at: number): number[] {
  let best = 0;
  chosen.forEach((frame, k) => {
    if (Math.abs(frame - at) < Math.abs(chosen[best]! - at)) best = k;
  });
  return chosen.map((frame, k) => (k === best ? at : frame)).sort((a, b) => a - b);
}

function summaryOf(view: TrainingView, { frames }: TrainingOptions, survey: LayerSurvey | undefined): string {
  const frame = frames[view.at];
  if (!frame) return '';
  const answer =
    frame.probability === undefined ? '' : ` Probability of the answer ${number3(frame.probability)}.`;
  const loss = frame.loss === undefined ? '' : ` Loss ${number3(frame.loss)}.`;
  const most = survey?.probes['hidden_attention_mean']
    ? ` Largest mean weight ${number3(largest(survey.probes['hidden_attention_mean'].data))}.`
    : '';
  return `Probe ${view.at + 1} of ${frames.length}, step ${frame.step}, layer ${view.layer}.${loss}${answer}${most}`;
}

function drawKernels(
  ink: Ink,
  box: { x: number; y: number; width: number; height: number },
  survey: LayerSurvey | undefined,
  before: LayerSurvey | undefined,
  max: number,
): void {
  const { theme } = ink;
  const y = linearScale([-max || -1, max || 1], [box.y + box.height, box.y]);
  ink.hairline(box.x, y.map(0), box.x + box.width, y.map(0));
  const lines = (source: LayerSurvey | undefined, color: string, width: number): void => {
    const kernel = source?.probes['kernel'];
    if (!kernel) return;
    const [count, points] = kernel.shape as [number, number];
    const x = linearScale([0, Math.max(1, points - 1)], [box.x, box.x + box.width]);
    for (let k = 0; k < count; k++)
      ink.line(
        Array.from({ length: points }, (_, t) => [x.map(t), y.map(kernel.data[k * points + t]!)]).flat(),
        color,
        k === 0 ? width : width * 0.6,
      );
  };
  // The frame before stays as a ghost.
  lines(before, theme.grid, 1.25);
  lines(survey, theme.data, 1.75);
}

function drawLoss(
  ink: Ink,
  place: { x: number; y: number; width: number; height: number },
  view: TrainingView,
  { frames, losses, measureText }: TrainingOptions,
  slots: readonly number[],
): number {
  const { theme, scale } = ink;
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
  const points = losses.filter(([, loss]) => loss > 0);
  const end = Math.max(frames.at(-1)?.step ?? 1, points.at(-1)?.[0] ?? 1);
  const x = linearScale([0, end], [box.x, box.x + box.width]);
  if (points.length > 1) {
    const range = growLog([
      Math.min(...points.map(([, loss]) => loss)),
      Math.max(...points.map(([, loss]) => loss)),
    ]);
    const y = logScale(range, [box.y + box.height, box.y]);
    for (const tick of logTicks(range, 4)) {
      ink.hairline(box.x, y.map(tick.value), box.x + box.width, y.map(tick.value), theme.grid);
      ink.text(box.x - 7, y.map(tick.value) + 4 * scale, tick.label, { anchor: 'end' });
    }
    ink.line(
      points.flatMap(([step, loss]) => [x.map(step), y.map(loss)]),
      theme.data,
      1.5,
    );
  } else ink.text(box.x + 8, box.y + 20, 'No loss rows in this run folder.');
  ink.hairline(box.x, box.y + box.height, box.x + box.width, box.y + box.height);
  const marks = new Set(slots);
  frames.forEach((frame, k) => {
    const at = x.map(frame.step);
    if (k === view.at) {
      ink.line([at, box.y, at, box.y + box.height], theme.foreground);
      ink.add({
        kind: 'marker',
        x: at,
        y: box.y + box.height + 6,
        shape: 'triangle-up',
        radius: 5,
        color: theme.focus,
      });
    } else if (marks.has(k))
      ink.add({
        kind: 'marker',
        x: at,
        y: box.y + box.height + 6,
        shape: 'triangle-up',
        radius: 4,
        color: theme.foreground,
      });
    else ink.line([at, box.y + box.height, at, box.y + box.height + 7], theme.secondary);
  });
  for (const tick of linearTicks([0, end], 8)) {
    const at = x.map(tick.value);
    ink.text(at, box.y + box.height + 26 * scale, tick.label, {
      anchor: at > box.x + box.width - 20 ? 'end' : 'middle',
    });
  }
  ink.text(box.x + box.width, box.y + box.height + 42 * scale, 'step', { anchor: 'end' });
  ink.region({ x: box.x, y: box.y, width: box.width, height: box.height + 14 }, (px) => {
    let best = 0;
    frames.forEach((frame, k) => {
      if (Math.abs(x.map(frame.step) - box.x - px) < Math.abs(x.map(frames[best]!.step) - box.x - px))
        best = k;
    });
    const frame = frames[best];
    return (
      frame && {
        frame: best,
        text: `step ${frame.step}${frame.loss === undefined ? '' : ` · loss ${number3(frame.loss)}`}`,
      }
    );
  });
  return box.y + box.height + 44 * scale;
}
