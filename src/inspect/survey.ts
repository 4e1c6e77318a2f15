/**
 * @file Every layer at once, in sizes that a view can hold: mean and strongest matrices, contributions, half-lives and
 * kernels. Long sequences are pooled to tiles that show their largest entry; wide layers are sampled, and say so.
 */
import { decayRate, halfLife } from '../analysis/memory';
import { attentionTiles, tileEdges } from '../analysis/tiles';
import { poleHalfLife } from '../analysis/lti';
import { decayOf, sideBySide } from './decay';
import { filtersOf } from './filters';
import { exampleOf, inputOf, type Example } from './example';
import { mixingOf, scanOf, type Mixing } from './mixing';
import type { InspectRequest } from './inspect';
import { contributions, meanAbsolute, strongest } from './reductions';
import { array, join, tokensOf, type Probe, type Trace } from './spec';
import { runTrace } from './trace';

export interface LayerSurvey {
  readonly layer: number;
  readonly mixer: string;
  readonly kind?: Mixing['kind'];
  readonly causal?: boolean;
  /** Channels or heads in all. */
  readonly count?: number;
  readonly axis?: 'channel' | 'head';
  /** The arrays are pooled to tiles; tile k covers edges[k] … edges[k+1] − 1. */
  readonly edges?: readonly number[];
  /** Matrices that the means are taken over, when not all. */
  readonly sampled?: number;
  readonly probes: Readonly<Record<string, Probe>>;
}

export interface Survey extends Example {
  readonly surveys: readonly LayerSurvey[];
}

/** Pixels of a matrix along each axis at most. */
const CELLS = 128;
/** Products that a layer may cost. */
const BUDGET = 4e8;
/** Longest sequence whose matrices are formed; beyond it tiles are computed without them. */
const FORMED = 1024;

/** @throws RangeError for an example or ids that do not exist */
export async function survey(request: Omit<InspectRequest, 'layer'>): Promise<Survey> {
  const input = inputOf(request);
  const surveys: LayerSurvey[] = [];
  for (const { index, mixer, definition } of request.model.layers) {
    const names = Object.keys(definition.probes);
    // States are large and follow from the rest, as Hydra's matrix does from its scans.
    const spared = (name: string): boolean =>
      name.startsWith('state') ||
      (name.startsWith('A_bar') && definition.probes[name]!.axes.includes('time')) ||
      (name === 'matrix' && names.includes('delta_forward'));
    if (names.length === 0) {
      surveys.push({ layer: index, mixer, probes: {} });
      continue;
    }
    const { trace } = await runTrace({
      ...request,
      layer: index,
      inputs: input.values,
      length: input.length,
      logits: false,
      only: new Set(names.filter((name) => !spared(name))),
    });
    surveys.push(surveyOf(trace));
  }
  return { ...exampleOf(request, input), surveys };
}

/** One layer. @param budget products that it may cost; @param lean the mean matrix alone */
export function surveyOf(trace: Trace, budget = BUDGET, lean = false): LayerSurvey {
  const { layer, mixer, length } = trace;
  const mixing = lean ? mixingOf(trace, 0) : mixingOf(trace);
  if (!mixing) return { layer, mixer, probes: {} };
  const { kind, causal, count, axis } = mixing;
  const scan = scanOf(trace);
  const probes: Record<string, Probe> = {};
  const spread = evenly(count, Math.max(4, Math.floor(budget / (length * length * (scan?.states ?? 1)))));
  const tiles = Math.min(length, CELLS);
  const edges = tileEdges(length, tiles);
  const tiled = length > tiles;
  const axes = tiled ? ['query tile', 'key tile'] : ['query', 'key'];
  const among = `${spread.length === count ? '' : `${spread.length} of `}${count} ${axis}s`;
  if (length <= FORMED) {
    probes['hidden_attention_mean'] = array(
      [tiles, tiles],
      axes,
      pooled(meanAbsolute(mixing, length, spread), length, edges),
      `Mean over ${among} of |hidden attention|${tiled ? ', largest of each tile' : ''}.`,
    );
    if (!lean) {
      const picked = strongest(mixing, tokensOf(trace)).slice(0, kind === 'attention' ? 8 : 4);
      probes['contribution'] = array(
        [tiles, tiles],
        axes,
        pooled(contributions(mixing, length, spread), length, edges),
        `Norm over ${among} of what the key adds to the output at the query.`,
      );
      probes['hidden_attention_strongest'] = array(
        [picked.length, tiles, tiles],
        [axis, ...axes],
        join(picked.map((index) => pooled(mixing.matrix(index), length, edges))),
        'Hidden attention of the channels with the largest output.',
        { sign: kind === 'attention' ? 'positive' : 'signed', labels: { [axis]: picked } },
      );
    }
  } else if (scan) {
    probes['hidden_attention_mean'] = array(
      [tiles, tiles],
      axes,
      attentionTiles(scan, tiles, evenly(count, 64)).layerRms,
      `Root mean square of hidden attention per tile, over ${Math.min(64, count)} of ${count} ${axis}s.`,
    );
  }
  const decay = decayOf(trace);
  if (decay) {
    const { counted: scans } = decay;
    const lives = scans.map((own) => halfLife(decayRate(own)));
    const two = scans.length > 1;
    probes['half_life'] = array(
      [count, two ? scans.length : scans[0]!.states],
      [axis, two ? 'direction' : 'state'],
      two ? sideBySide(lives) : lives[0]!,
      `Half of a state is left after so many tokens, at the mean step size${two ? ', left to right and right to left' : ''}.`,
      { unit: 'tokens' },
    );
  }
  const filters = filtersOf(trace);
  if (filters?.poles) {
    const each = Array.from({ length: filters.count }, (_, k) => poleHalfLife(filters.poles!(k)));
    probes['half_life'] = array(
      [filters.count, each[0]!.length],
      [filters.axis, 'state'],
      join(each),
      'Half of a mode is left after so many tokens.',
      { unit: 'tokens' },
    );
  }
  return {
    layer,
    mixer,
    kind,
    causal,
    count,
    axis,
    ...(tiled ? { edges: [...edges] } : {}),
    ...(spread.length < count ? { sampled: spread.length } : {}),
    probes,
  };
}

/** `most` of 0 … count − 1 at equal distances. */
function evenly(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / step) }, (_, k) => k * step);
}

/** The entry of largest size of every tile, with its sign. */
export function pooled(matrix: Float64Array, length: number, edges: Int32Array): Float64Array {
  const tiles = edges.length - 1;
  if (tiles === length) return matrix;
  const out = new Float64Array(tiles * tiles);
  for (let I = 0; I < tiles; I++)
    for (let i = edges[I]!; i < edges[I + 1]!; i++)
      for (let J = 0; J < tiles; J++)
        for (let j = edges[J]!; j < edges[J + 1]!; j++) {
          const entry = matrix[i * length + j]!;
          if (Math.abs(entry) > Math.abs(out[I * tiles + J]!)) out[I * tiles + J] = entry;
        }
  return out;
}
