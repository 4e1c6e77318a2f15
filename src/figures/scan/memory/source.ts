/** @file What the memory view reads: a layer with a recurrence, or any layer whose contributions the survey holds. */
import type { Inspection, LayerSurvey } from '../../../protocol/view-scan';
import { cellOf } from '../matrix';
import type { Recurrence } from '../recurrence';
import { contributions, keeping, writes } from './reach';

export interface MemorySource {
  readonly layer: number;
  readonly tokens: Inspection['tokens'];
  readonly length: number;
  readonly causal: boolean;
  /** Channels of the layer, where they can be chosen. */
  readonly channels?: number;
  /** What every token adds to the output at t; up to t for causal layers. */
  contribution(t: number): ArrayLike<number>;
  /** Norm of what every token adds to the state, where there is one. */
  readonly writes: ArrayLike<number> | undefined;
  /** What every token keeps, and the share of channels that forget. */
  readonly keeping: { readonly kept: Float64Array; readonly forget: Float64Array } | undefined;
  readonly surprise: ArrayLike<number> | undefined;
}

export const fromScan = (scan: Recurrence): MemorySource => ({
  layer: scan.inspection.layer,
  tokens: scan.inspection.tokens,
  length: scan.length,
  causal: true,
  channels: scan.channels,
  contribution: (t) => contributions(scan, t),
  writes: writes(scan),
  keeping: keeping(scan),
  surprise: scan.inspection.surprise,
});

/** From the survey alone: filters, attention, layers of both directions. */
export function fromSurvey(
  inspection: Inspection,
  surveys: readonly LayerSurvey[],
): MemorySource | undefined {
  const survey = surveys.find(({ layer }) => layer === inspection.layer);
  const matrix = survey?.probes['contribution'];
  if (!survey || !matrix) return undefined;
  const size = matrix.shape[0]!;
  const { length } = inspection.tokens;
  const causal = survey.causal ?? true;
  return {
    layer: inspection.layer,
    tokens: inspection.tokens,
    length,
    causal,
    contribution(t) {
      const row = cellOf(survey, t);
      return Float32Array.from(
        { length: causal ? t + 1 : length },
        (_, j) => matrix.data[row * size + cellOf(survey, j)]!,
      );
    },
    writes: undefined,
    keeping: undefined,
    surprise: inspection.surprise,
  };
}
