/**
 * @file The token-mixing matrices of a layer, whatever kind it is: hidden attention of a scan, the quasiseparable
 * matrix of a bidirectional one, any other matrix mixer, the Toeplitz matrix of a filter bank, or attention weights.
 */
import { hydraBlock, hydraMixing } from '../analysis/blocks/hydra';
import { mamba2Block, type Mamba2Options } from '../analysis/blocks/mamba2';
import { mambaBlock } from '../analysis/blocks/mamba';
import type { Block } from '../analysis/blocks/types';
import { score } from '../analysis/blocks/h3';
import { trapezoidal } from '../analysis/blocks/mamba3';
import { hiddenAttention } from '../analysis/hidden-attention';
import { startedFrom, type Scan } from '../analysis/scan';
import { rowScales } from '../layers/mamba/mamba2-parts';
import { filtersOf, type Filters } from './filters';
import { realOf, type Probe, type Trace } from './spec';

export interface Mixing {
  readonly kind: 'scan' | 'quasiseparable' | 'matrix' | 'filter' | 'product' | 'attention';
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
  /** The part of it that belongs to no token, as a learned state before the first leaves it (time, channel). */
  readonly start?: Float64Array | undefined;
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
export function blockOf(trace: Trace): Block | undefined {
  const { mixer, input, seen, own, resolved, probes } = trace;
  if (mixer === 'mamba') return mambaBlock(input, seen, own);
  if (mixer === 'mamba2') {
    return mamba2Block(input, seen, scaledRows(own, resolved), resolved as unknown as Mamba2Options);
  }
  if (mixer === 'hydra' && probes['delta_forward']) {
    return hydraBlock(input, seen, own, Number(resolved['ngroups']), realOf(trace));
  }
  return undefined;
}

/** The parameters with in_proj as it acts where its parts have factors. */
function scaledRows(own: Trace['own'], resolved: Trace['resolved']): Trace['own'] {
  const scales = rowScales(resolved as unknown as Parameters<typeof rowScales>[0]);
  if (!scales) return own;
  const scaled = { ...own };
  for (const name of ['in_proj.weight', 'in_proj.bias']) {
    const values = own[name];
    if (!values) continue;
    const width = values.length / scales.length;
    scaled[name] = Float32Array.from(values, (value, i) => value * scales[Math.floor(i / width)]!);
  }
  return scaled;
}

/** Whether there is a block, without computing its projections. */
export const hasBlock = ({ mixer, probes }: Trace): boolean =>
  mixer === 'mamba' || mixer === 'mamba2' || (mixer === 'hydra' && probes['delta_forward'] !== undefined);

/** Bytes of matrices that are kept for who asks again. */
const REMEMBERED = 64e6;

/** @param remembered bytes of matrices to keep; none for who asks for each of them once */
export function mixingOf(trace: Trace, remembered = REMEMBERED): Mixing | undefined {
  const mixing = unpaddedOf(trace, remembered);
  const real = realOf(trace);
  // Scans step over padding by themselves, and nothing that is causal comes to it before the last token.
  if (!real || !mixing || mixing.causal || !/filter|matrix/.test(mixing.kind)) return mixing;
  const { u, channels } = mixing;
  return {
    ...mixing,
    matrix: (index) => mixing.matrix(index).map((value, i) => (real[i % trace.length] ? value : 0)),
    u: u && Float32Array.from(u, (value, i) => (real[Math.floor(i / channels)] ? value : 0)),
  };
}

function unpaddedOf(trace: Trace, remembered: number): Mixing | undefined {
  const { length, seen, probes, mixer } = trace;
  const most = remembered / (8 * length * length);
  const known = new Map<number, Float64Array>();
  const once =
    (make: (index: number) => Float64Array) =>
    (index: number): Float64Array => {
      const found = known.get(index) ?? make(index);
      if (known.size < most) known.set(index, found);
      return found;
    };
  const around = { u: seen['x'], y: seen['y'], gate: seen['gate'] };
  if (mixer === 'hydra' && probes['delta_forward']) {
    const { scan, channels, start, matrixOf } = hydraMixing(
      seen,
      trace.own,
      Number(trace.resolved['ngroups']),
    );
    return {
      kind: 'quasiseparable',
      axis: 'head',
      count: scan.channels,
      channels,
      causal: false,
      matrix: matrixOf,
      // The diagonal of the matrix holds what D adds.
      D: new Float64Array(channels),
      start,
      ...around,
    };
  }
  const scan = seen['lambda'] ? undefined : scanOf(trace);
  if (scan) {
    const channels = probes['x']!.shape.at(-1)!;
    const initial = trace.own['init_states'];
    return {
      kind: 'scan',
      axis: scan.channels === channels ? 'channel' : 'head',
      count: scan.channels,
      channels,
      causal: true,
      matrix: once((index) => hiddenAttention(scan, index)),
      D: seen['D'] ?? new Float64Array(channels),
      start: initial && startedFrom(scan, initial),
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
      causal: trace.model.layers[trace.layer]!.definition.causal(trace.resolved),
      matrix: once((index) =>
        Float64Array.from(attention.data.subarray(index * square, (index + 1) * square)),
      ),
      D: new Float64Array(heads),
      u: undefined,
      y: undefined,
      gate: undefined,
    };
  }
  const matrix = probes['matrix'];
  if (matrix?.axes.join() === 'head,query,key') return mixerOf(trace, matrix);
  const filters = filtersOf(trace);
  // A learned transform in the place of the Fourier transform makes no Toeplitz matrix.
  if (!filters || trace.resolved['block_fft'] === true) return scanWithMemory(trace, once);
  if (seen['k_shifted'] && seen['q'] && seen['v']) return productOf(trace, filters, once);
  const { count, width } = filters;
  // Several kernels read the same input, or several channels share a kernel (SpaceTime).
  const shared = seen['x'] ? 1 : seen['input']!.length / length / count;
  return {
    kind: 'filter',
    axis: filters.axis,
    count,
    channels: count * shared,
    causal: !filters.ahead,
    matrix: once((index) => filters.matrix(index, length)),
    D: filters.D,
    u: seen['x'] ? repeated(seen['x'], width, count) : seen['input'],
    y: seen['y'],
    gate: undefined,
  };
}

/** A matrix mixer: the layer tells its matrix, with the residual or the diagonal of its own on it. */
function mixerOf({ length, seen, probes, resolved }: Trace, { shape, data }: Probe): Mixing {
  const square = length * length;
  const channels = probes['x']!.shape.at(-1)!;
  return {
    kind: resolved['matrix_mixer_type'] === 'quasiseparable' ? 'quasiseparable' : 'matrix',
    axis: 'head',
    count: shape[0]!,
    channels,
    causal: false,
    matrix: (index) => Float64Array.from(data.subarray(index * square, (index + 1) * square)),
    D: new Float64Array(channels),
    u: seen['x'],
    y: seen['y'],
    gate: seen['gate'],
  };
}

type Once = (make: (index: number) => Float64Array) => (index: number) => Float64Array;

/** H3: score q · k~ times the Toeplitz matrix of the diagonal model, acting on the values. */
function productOf({ length, seen }: Trace, filters: Filters, once: Once): Mixing {
  const { count } = filters;
  const channels = seen['v']!.length / length;
  const headDim = channels / count;
  const tensors = { length, heads: count, headDim, q: seen['q']!, k: seen['k']!, v: seen['v']! };
  const y = seen['y']!;
  return {
    kind: 'product',
    axis: 'head',
    count,
    channels,
    causal: true,
    matrix: once((head) => {
      const scores = score(tensors, seen['k_shifted']!, head);
      const kernel = filters.matrix(head, length);
      for (let t = 0; t < length; t++) kernel[t * length + t]! += filters.D[head]!;
      return scores.map((value, i) => value * kernel[i]!);
    }),
    u: seen['v'],
    D: new Float64Array(channels),
    // The output is value-major, the values are head-major.
    y: Float32Array.from({ length: y.length }, (_, i) => {
      const [t, c] = [Math.floor(i / channels), i % channels];
      return y[t * channels + (c % headDim) * count + Math.floor(c / headDim)]!;
    }),
    gate: undefined,
  };
}

/** Mamba-3 with one input per head: a scan that also keeps a share of the token before. */
function scanWithMemory({ length, seen, probes }: Trace, once: Once): Mixing | undefined {
  const [B, C, lambda, delta, A] = ['B_rotated', 'C_rotated', 'lambda', 'delta', 'A'].map(
    (name) => seen[name],
  );
  if (!B || !C || !lambda || !delta || !A || probes['B_rotated']!.shape[1] !== 1) return undefined;
  const heads = delta.length / length;
  const channels = seen['x']!.length / length;
  const skip = seen['D'] ?? new Float32Array(heads);
  return {
    kind: 'scan',
    axis: 'head',
    count: heads,
    channels,
    causal: true,
    matrix: once((head) =>
      trapezoidal({ length, heads, states: B.length / length / heads, delta, A, lambda, B, C }, head),
    ),
    u: seen['x'],
    D: Float64Array.from({ length: channels }, (_, c) => skip[Math.floor((c * heads) / channels)]!),
    y: seen['y'],
    gate: seen['gate'],
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
