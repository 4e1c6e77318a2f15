/** @file The kernels of a time-invariant layer, from its probes. */
import { toeplitz, type Poles } from '../analysis/lti';
import { times, at as entry } from '../analysis/linear/complex';
import type { Probe } from './spec';

/** What the filters are read from: the probes of a layer, by name. */
export type Seen = Readonly<Record<string, Probe>>;

export interface Filters {
  /** What kernels belong to. */
  readonly axis: 'channel' | 'head';
  /** Outputs: kernels that do not look ahead × channels. */
  readonly count: number;
  /** Channels of the input. */
  readonly width: number;
  /** Kernels K (kernel, channel, lag), the ones that look ahead last. */
  readonly kernels: number;
  readonly ahead: boolean;
  readonly length: number;
  /** K[0 …] of one output. */
  kernel(index: number): Float32Array;
  /** K at −1, −2, … of one output, for a layer that looks ahead. */
  behind(index: number): Float32Array | undefined;
  /** Modes in discrete time, for diagonal layers. */
  readonly poles: ((index: number) => Poles) | undefined;
  /** The mixing matrix (query, key) without D. */
  matrix(index: number, length: number): Float64Array;
  /** (output) */
  readonly D: ArrayLike<number>;
}

/** Undefined for layers that are no filter banks. @param bidirectional whether the last half of the kernels looks ahead */
export function filtersOf(seen: Seen, bidirectional: boolean): Filters | undefined {
  const probe = seen['kernel'];
  const axis = probe?.axes[1];
  if (!probe || probe.axes.length !== 3 || (axis !== 'channel' && axis !== 'head') || probe.axes[2] !== 'lag')
    return undefined;
  const [kernels, width, length] = probe.shape as [number, number, number];
  const own = bidirectional ? kernels / 2 : kernels;
  const count = own * width;
  const taps = (k: number): Float32Array => probe.data.subarray(k * length, (k + 1) * length);
  const behind = (index: number): Float32Array | undefined =>
    bidirectional ? taps(count + index) : undefined;
  return {
    axis,
    count,
    width,
    kernels,
    ahead: bidirectional,
    length,
    kernel: taps,
    behind,
    poles: polesOf(seen, width),
    matrix(index, size) {
      const matrix = toeplitz(taps(index), 0, size);
      const back = behind(index);
      if (back)
        for (let i = 0; i < size; i++)
          for (let j = i + 1; j < size; j++) matrix[i * size + j] = back[j - i - 1] ?? 0;
      return matrix;
    },
    D: seen['D']?.data ?? new Float32Array(count),
  };
}

/** Residues C b and poles of every output, where the layer shows them. */
function polesOf(seen: Seen, width: number): Filters['poles'] {
  const [a, b, C] = [seen['A_bar'], seen['B_bar'], seen['C']];
  if (!a || !b || !C || a.axes.at(-1) !== 'complex') return undefined;
  const states = a.shape.at(-2)!;
  return (index) => {
    const channel = index % width;
    const own = (probe: Probe, k: number): Float32Array =>
      probe.data.subarray(k * 2 * states, (k + 1) * 2 * states);
    const [read, write] = [own(C, index), own(b, channel)];
    const r = new Float64Array(2 * states);
    for (let n = 0; n < states; n++) r.set(times(entry(read, n), entry(write, n)), 2 * n);
    return { a: own(a, channel), r };
  };
}
