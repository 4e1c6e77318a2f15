/** @file One probe of a training: its matrix or kernels, the step sizes below, step and probability above. */
import type { Frame, LayerSurvey } from '../../../protocol/view-scan';
import { number3, visible } from '../../core/format';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';
import { drawMatrix, entryAt, largest, readsText, type Matrix } from '../matrix';
import { drawKernels } from './kernels';
import type { TrainingOptions, TrainingView } from './options';

/** What is equal in all frames: ranges over the whole training, and px. */
export interface Film {
  readonly surveys: readonly (LayerSurvey | undefined)[];
  /** Whether the layer is a bank of filters. */
  readonly kernels: boolean;
  /** Largest entry of a matrix. */
  readonly max: number;
  readonly deltaMax: number;
  readonly kernelMax: number;
  /** Top of the words above a frame. */
  readonly top: number;
  readonly side: number;
  /** Of the picture and of the step sizes below it. */
  readonly picture: number;
  readonly bars: number;
  /** From the words to the step sizes. */
  readonly height: number;
}

/** Ranges and sizes. @param side px of a frame */
export function filmOf(surveys: Film['surveys'], side: number, scale: number): Film {
  const most = (name: string): number =>
    Math.max(...surveys.map((survey) => largest(survey?.probes[name]?.data ?? [])), 0);
  const deltaMax = most('delta_mean');
  const kernels = surveys.at(-1)?.probes['kernel'] !== undefined;
  const picture = kernels ? 84 * scale : side;
  const bars = deltaMax > 0 ? 44 * scale : 0;
  return {
    surveys,
    kernels,
    max: most('hidden_attention_mean'),
    deltaMax,
    kernelMax: most('kernel'),
    top: 34 * scale,
    side,
    picture,
    bars,
    height: picture + 22 * scale + bars,
  };
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

/** @param at index of the frame */
export function drawFrame(
  ink: Ink,
  film: Film,
  at: number,
  x: number,
  view: TrainingView,
  { frames, tokens }: TrainingOptions,
): void {
  const { theme, scale } = ink;
  const { surveys, kernels, top, side, picture, height } = film;
  const frame = frames[at]!;
  const survey = surveys[at];
  const box = { x, y: top + 18 * scale, width: side, height: picture };
  drawHead(ink, frame, x, top + 10 * scale, side);
  const matrix = survey && matrixOf(survey);
  if (kernels) drawKernels(ink, box, survey, surveys[at - 1], film.kernelMax);
  else if (matrix) drawReading(ink, box, matrix, film.max, at, frame, view, tokens);
  else ink.text(x, box.y + 20, 'no probe');
  const delta = survey?.probes['delta_mean'];
  if (delta && film.bars > 0) drawDelta(ink, film, delta.data, x, box.y + picture + film.bars - 8);
  if (at === view.at)
    ink.frame({ x: x - 6, y: top - 6, width: side + 12, height: height + 10 }, theme.focus, 2);
  if (kernels || !matrix) ink.region({ ...box, height }, () => ({ frame: at, text: `step ${frame.step}` }));
}

/** Step and probability of the answer. */
function drawHead(ink: Ink, { step, probability }: Frame, x: number, y: number, side: number): void {
  ink.text(x, y, `step ${step.toLocaleString('en')}`, {
    size: 12,
    weight: 600,
    color: ink.theme.foreground,
  });
  if (probability !== undefined)
    ink.text(x + side, y, `p ${probability < 0.005 ? '<0.01' : probability.toFixed(2)}`, { anchor: 'end' });
}

/** The matrix, whose entries can be pointed at. */
function drawReading(
  ink: Ink,
  box: Box,
  matrix: Matrix,
  max: number,
  at: number,
  { step }: Frame,
  { position, source }: TrainingView,
  tokens: readonly string[],
): void {
  const label = (t: number): string => visible(tokens[t] ?? '');
  drawMatrix(ink, box, matrix, { max, position, source });
  ink.region(box, (px, py) => {
    const entry = entryAt(matrix, box.width, px, py);
    if (!entry) return { frame: at, text: `step ${step}` };
    const { query, key, value } = entry;
    const text = `step ${step} · ${readsText(label, query, key)} · ${number3(value)}`;
    return { frame: at, position: query, source: key, text };
  });
}

/** Step sizes as bars, the largest with its number where it stands out. @param base y of their ground */
function drawDelta(
  ink: Ink,
  { side, bars, deltaMax }: Film,
  values: ArrayLike<number>,
  x: number,
  base: number,
): void {
  const { theme } = ink;
  const each = side / values.length;
  const tall = (value: number): number => (value / deltaMax) * (bars - 16);
  let best = 0;
  for (let t = 0; t < values.length; t++) {
    const value = values[t]!;
    const height = Math.max(0.75, tall(value));
    ink.fill(x + t * each, base - tall(value), Math.max(0.6, each * 0.8), height, theme.data);
    if (value > values[best]!) best = t;
  }
  ink.hairline(x, base, x + side, base);
  const most = values[best]!;
  if (most <= 0.3 * deltaMax) return;
  // Before the bar where there is no room behind it.
  const late = best > 0.6 * values.length;
  ink.text(late ? x + best * each - 4 : x + (best + 1) * each + 4, base - tall(most) + 9, number3(most), {
    weight: 600,
    color: theme.foreground,
    halo: true,
    anchor: late ? 'end' : 'start',
  });
}
