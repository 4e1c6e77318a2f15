/** @file What the memory view reads: a layer with a recurrence, or any layer whose contributions the survey holds. */
import type { Inspection, LayerSurvey } from '../../../protocol/view-scan';
import { cellOf } from '../matrix';
import type { Recurrence } from '../recurrence';
import { contributions, keeping, writes } from './reach';

/** Where one scan was written and where it forgot. */
export interface Strip {
  /** Which way a scan of a bidirectional layer reads: → or ←; empty for the only one. */
  readonly arrow: '' | '→' | '←';
  /** Norm of what every token adds to the state. */
  readonly writes: ArrayLike<number>;
  /** What every token keeps, mean over channels and states. */
  readonly kept: ArrayLike<number>;
  /** Share of channels that keep less than a tenth. */
  readonly forget: ArrayLike<number>;
}

export interface MemorySource {
  readonly layer: number;
  readonly tokens: Inspection['tokens'];
  readonly length: number;
  readonly causal: boolean;
  /** Channels of the layer, where they can be chosen. */
  readonly channels?: number;
  /** What every token adds to the output at t; up to t for causal layers. */
  contribution(t: number): ArrayLike<number>;
  /** Norm of what every token adds to the states, where there are any. */
  readonly writes: ArrayLike<number> | undefined;
  /** Writing and forgetting of each scan of the layer. */
  readonly strips: readonly Strip[];
  readonly surprise: ArrayLike<number> | undefined;
}

const stripOf = (scan: Recurrence): Strip => ({
  arrow: scan.other ? (scan.stride > 0 ? '→' : '←') : '',
  writes: writes(scan),
  ...keeping(scan),
});

/** What a token adds to both states together. */
const joined = ([first, second]: readonly Strip[]): ArrayLike<number> | undefined =>
  first && second
    ? Float64Array.from(first.writes, (value, t) => Math.hypot(value, second.writes[t]!))
    : first?.writes;

export const fromScan = (scan: Recurrence): MemorySource => ({
  layer: scan.inspection.layer,
  tokens: scan.inspection.tokens,
  length: scan.length,
  causal: true,
  channels: scan.channels,
  contribution: (t) => contributions(scan, t),
  writes: writes(scan),
  strips: [stripOf(scan)],
  surprise: scan.inspection.surprise,
});

/**
 * From the survey: filters, attention, and layers of both directions, whose scans tell what they write and forget.
 */
export function fromSurvey(
  inspection: Inspection,
  surveys: readonly LayerSurvey[],
  scan?: Recurrence,
): MemorySource | undefined {
  const survey = surveys.find(({ layer }) => layer === inspection.layer);
  const matrix = survey?.probes['contribution'];
  if (!survey || !matrix) return undefined;
  const size = matrix.shape[0]!;
  const { length } = inspection.tokens;
  const causal = survey.causal ?? true;
  const strips = scan?.other ? [stripOf(scan), stripOf(scan.other)] : [];
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
    writes: joined(strips),
    strips,
    surprise: inspection.surprise,
  };
}
