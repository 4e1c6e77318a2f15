/**
 * @file How a layer formed: probes of training on one example, as a film of matrices, step sizes and kernels over the
 * loss. Ranges are fixed over the whole training, so that growth is seen as growth; missing probes leave gaps.
 */
import type { LayerSurvey } from '../../../protocol/view-scan';
import { number3 } from '../../core/format';
import { Ink, type Figure } from '../figure';
import { largest, scaleBar } from '../matrix';
import { film, surveyOf, withShown } from './film';
import { drawFrame, filmOf, type Film } from './frame';
import { drawLoss } from './loss';
import type { TrainingOptions, TrainingView } from './options';

const GAP = 22;

export function drawTraining(view: TrainingView, options: TrainingOptions): Figure {
  const { width, theme, frames } = options;
  const ink = new Ink(theme);
  const { scale } = ink;
  const surveys = frames.map((frame) => surveyOf(frame, view.layer));
  const columns = Math.max(2, Math.min(9, Math.floor((width + GAP) / 150)));
  const side = Math.floor((width - (columns - 1) * GAP) / columns);
  const all = filmOf(surveys, side, scale);
  const chosen = film(frames, view.layer, columns, view.choose);
  drawTitle(ink, all, chosen.length, view, options);
  const slots = chosen.includes(view.at) ? chosen : withShown(chosen, view.at);
  slots.forEach((at, k) => drawFrame(ink, all, at, k * (side + GAP), view, options));
  const place = { x: 0, y: all.top + all.height + 30 * scale, width, height: 150 * scale };
  const bottom = drawLoss(ink, place, view, options, slots);
  return ink.figure(width, bottom + 8, summaryOf(view, options, surveys[view.at]));
}

/** What is seen, and the scale of the matrices where it has room. */
function drawTitle(
  ink: Ink,
  { kernels, deltaMax, max }: Film,
  count: number,
  { choose }: TrainingView,
  { width, measureText }: TrainingOptions,
): void {
  const words = kernels
    ? 'kernels of the first channels'
    : `mean |α|${deltaMax > 0 ? ' · Δ, mean of the channels' : ''}`;
  ink.title(
    0,
    14 * ink.scale,
    kernels ? 'How the filters formed' : 'How the layer learned to read',
    `${words} · ${count} probes at equal ${choose === 'change' ? 'change' : 'steps'}`,
    measureText,
    width > 620 ? width - 240 : width,
  );
  if (!kernels && width > 620) scaleBar(ink, width - 140, 5, 92, max, false, '');
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
