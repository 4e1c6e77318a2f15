/**
 * @file The token-mixing matrices of a layer, whatever kind it is: hidden attention of a scan, the quasiseparable
 * matrix of a bidirectional one, the Toeplitz matrix of a filter bank, or attention weights.
 */
import { hydraBlock } from '../analysis/blocks/hydra';
import { mamba2Block } from '../analysis/blocks/mamba2';
import { mambaBlock } from '../analysis/blocks/mamba';
import type { Block } from '../analysis/blocks/types';
import { hiddenAttention } from '../analysis/hidden-attention';
import type { Scan } from '../analysis/scan';
import { filtersOf } from './filters';
import type { Trace } from './spec';

export interface Mixing {
  readonly kind: 'scan' | 'quasiseparable' | 'filter' | 'attention';
  /** Name of the axis that the matrices are counted by. */
  readonly axis: 'channel' | 'head';
  readonly count: number;
  /** Channels that share a matrix. */
  readonly channels: number;
  readonly causal: boolean;
  /** (query, key) of one channel or head, without D but with the diagonal of a quasiseparable one. */
  matrix(index: number): Float64Array;
  /** What the matrices multiply (time, channel), where the layer shows it. */
  readonly u: ArrayLike<number> | undefined;
  /** Skip weights (channel), zero where the matrix holds them. */
  readonly D: ArrayLike<number>;
  /** Output of the mixing, with the skip (time, channel). */
  readonly y: ArrayLike<number> | undefined;
  /** Gate (time, channel) that multiplies it. */
  readonly gate: ArrayLike<number> | undefined;
}

/** The scan of a layer whose Δ, B and C depend on the token. */
export function scanOf({ seen, probes, length }: Trace): Scan | undefined {
  const { delta, A, B, C } = seen;
  if (!delta || !A || !B || !C || !probes['x']) return undefined;
  const channels = delta.length / length;
  const shape = probes['B']!.shape;
  const states = shape.at(-1)!;
  const groups = shape.length === 3 ? shape[1]! : 1;
  if (B.length !== length * groups * states || C.length !== B.length) return undefined;
  if (A.length !== channels && A.length !== channels * states) return undefined;
  return {
    length,
    channels,
    states,
    groups,
    delta,
    A:
      A.length === channels
        ? Float64Array.from({ length: channels * states }, (_, i) => A[Math.floor(i / states)]!)
        : A,
    B,
    C,
  };
}

/** The block around the scan, for the layers whose surroundings are known. */
export function blockOf({ mixer, input, seen, own, resolved, probes }: Trace): Block | undefined {
  if (mixer === 'mamba') return mambaBlock(input, seen, own);
  const groups = Number(resolved['ngroups'] ?? 1);
  if (mixer === 'mamba2')
    return mamba2Block(input, seen, own, {
      ngroups: groups,
      norm_before_gate: resolved['norm_before_gate'] === true,
    });
  if (mixer === 'hydra' && probes['delta_forward']) return hydraBlock(input, seen, own, groups);
  return undefined;
}

export function mixingOf(trace: Trace): Mixing | undefined {
  const { length, seen, probes, mixer } = trace;
  const known = new Map<number, Float64Array>();
  const once =
    (make: (index: number) => Float64Array) =>
    (index: number): Float64Array => {
      const found = known.get(index) ?? make(index);
      known.set(index, found);
      return found;
    };
  const around = { u: seen['x'], y: seen['y'], gate: seen['gate'] };
  if (mixer === 'hydra' && probes['delta_forward']) {
    const block = hydraBlock(trace.input, seen, trace.own, Number(trace.resolved['ngroups'] ?? 1));
    return {
      kind: 'quasiseparable',
      axis: 'head',
      count: block.scan.channels,
      channels: block.channels,
      causal: false,
      matrix: block.matrixOf,
      D: block.D,
      ...around,
    };
  }
  const scan = scanOf(trace);
  if (scan) {
    const channels = probes['x']!.shape.at(-1)!;
    return {
      kind: 'scan',
      axis: scan.channels === channels ? 'channel' : 'head',
      count: scan.channels,
      channels,
      causal: true,
      matrix: once((index) => hiddenAttention(scan, index)),
      D: seen['D'] ?? new Float64Array(channels),
      ...around,
    };
  }
  const attention = probes['attention'];
  if (attention?.axes.join() === 'head,query,key') {
    const square = length * length;
    const heads = attention.shape[0]!;
    return {
      kind: 'attention',
      axis: 'head',
      count: heads,
      channels: heads,
      causal: trace.resolved['causal'] !== false,
      matrix: once((index) =>
        Float64Array.from(attention.data.subarray(index * square, (index + 1) * square)),
      ),
      D: new Float64Array(heads),
      u: undefined,
      y: undefined,
      gate: undefined,
    };
  }
  const filters = filtersOf(probes, trace.resolved['bidirectional'] === true);
  if (!filters) return undefined;
  const { count, width } = filters;
  return {
    kind: 'filter',
    axis: 'channel',
    count,
    channels: count,
    causal: !filters.ahead,
    matrix: once((index) => filters.matrix(index, length)),
    D: filters.D,
    // Several kernels read the same input.
    u: seen['x'] && repeated(seen['x'], width, count),
    y: seen['y'],
    gate: undefined,
  };
}

/** x (time, width) as (time, count), column by column again and again. */
function repeated(x: ArrayLike<number>, width: number, count: number): ArrayLike<number> {
  if (width === count) return x;
  return Float32Array.from(
    { length: (x.length / width) * count },
    (_, i) => x[Math.floor(i / count) * width + (i % width)]!,
  );
}

/** The matrix's own number of a channel. */
export const ownOf = ({ count, channels }: Mixing, channel: number): number =>
  Math.floor((channel * count) / channels);
