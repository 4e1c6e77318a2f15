/** @file From the survey of all layers to the matrices of the attention view. */
import type { LayerSurvey, Survey } from '../../../protocol/view-scan';
import { largest, type Matrix } from '../matrix';

export interface NamedMatrix extends Matrix {
  /** Channel or head; null for the mean over all. */
  readonly index: number | null;
  readonly name: string;
  readonly max: number;
}

export interface LayerMatrices {
  readonly layer: number;
  readonly mixer: string;
  readonly note: string;
  readonly kind: NonNullable<LayerSurvey['kind']>;
  readonly mean: NamedMatrix;
  /** What every key adds to the output, or the mean where that is all there is. */
  readonly contribution: NamedMatrix;
  readonly strongest: readonly NamedMatrix[];
  /** Channels or heads in all. */
  readonly count: number;
  readonly axis: 'channel' | 'head';
  /** One of them, or the mean, as it was asked for alone: not in tiles. */
  readonly exact?: NamedMatrix;
}

const square = (survey: LayerSurvey, data: Float32Array, signed: boolean): Matrix => ({
  size: Math.round(Math.sqrt(data.length)),
  data,
  signed,
  causal: survey.causal ?? true,
  edges: survey.edges,
});

/** Layers that mix tokens; others are left out. */
export function matricesOf({ surveys }: Pick<Survey, 'surveys'>): LayerMatrices[] {
  return surveys.flatMap((survey) => {
    const { layer, mixer, kind, count = 0, axis = 'channel', sampled, probes } = survey;
    const mean = probes['hidden_attention_mean'];
    if (!kind || !mean) return [];
    const contribution = probes['contribution'] ?? mean;
    const some = probes['hidden_attention_strongest'];
    const among = sampled === undefined ? String(count) : `${sampled} of ${count}`;
    const named = (matrix: Matrix, index: number | null, name: string): NamedMatrix => ({
      ...matrix,
      index,
      name,
      max: largest(matrix.data),
    });
    const side = mean.data.length;
    const tiled = survey.edges ? `, ${survey.edges.length - 1} tiles` : '';
    const words = {
      scan: 'hidden attention',
      quasiseparable: 'quasiseparable, both directions',
      matrix: 'matrix mixer',
      filter: 'Toeplitz matrix of the kernel',
      product: 'score × Toeplitz matrix of the kernel',
      attention: 'softmax weights',
    }[kind];
    return [
      {
        layer,
        mixer,
        kind,
        count,
        axis,
        note: `${words}, ${count} ${axis}s${tiled}`,
        mean: named(square(survey, mean.data, false), null, `mean of ${among}`),
        contribution: named(
          square(survey, contribution.data, false),
          null,
          kind === 'attention' ? `mean of ${among}` : '× input and gate',
        ),
        strongest: (some?.labels?.[axis] ?? []).map((index, k) =>
          named(
            square(survey, some!.data.subarray(k * side, (k + 1) * side), some!.sign === 'signed'),
            Number(index),
            `${axis} ${index}`,
          ),
        ),
      },
    ];
  });
}

/** The layer's matrix that is chosen: a channel or head, or the mean. */
export function chosenMatrix(
  layer: LayerMatrices,
  index: number | null,
  measure: 'entries' | 'contribution',
): NamedMatrix {
  if (measure === 'contribution') return layer.contribution;
  if (layer.exact?.index === index) return layer.exact;
  return layer.strongest.find((matrix) => matrix.index === index) ?? layer.mean;
}
