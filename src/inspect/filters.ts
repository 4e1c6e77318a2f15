/** @file The kernels of a time-invariant layer, from its probes. */
import { discretePole, toeplitz, type Poles } from '../analysis/lti';
import { times, at as entry, type Complex } from '../analysis/linear/complex';
import type { Probe, Trace } from './spec';

/** What the filters are read from. */
export type Seen = Pick<Trace, 'mixer' | 'resolved' | 'probes'>;

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

/** Undefined for layers that are no filter banks. */
export function filtersOf(seen: Seen): Filters | undefined {
  const { probes, resolved } = seen;
  const probe = probes['kernel'];
  const axis = probe?.axes[1];
  if (!probe || probe.axes.length !== 3 || (axis !== 'channel' && axis !== 'head') || probe.axes[2] !== 'lag')
    return undefined;
  // The last half of the kernels looks ahead.
  const bidirectional = resolved['bidirectional'] === true;
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
    D: probes['D']?.data ?? new Float64Array(count),
  };
}

/** Residues and poles of every output, where the layer shows them. */
function polesOf({ mixer, resolved, probes }: Seen, width: number): Filters['poles'] {
  const [A, delta, b, C] = ['A', 'delta', 'B_bar', 'C'].map((name) => probes[name]);
  if (!A || !delta || !b || !C || A.axes.at(-1) !== 'complex') return undefined;
  const states = A.shape.at(-2)!;
  const disc = resolved['disc'] === 'bilinear' ? 'bilinear' : 'zoh';
  // A mode of DSS is alone, those of the others stand for pairs: K = Re Σ C b aᵗ instead of 2 Re Σ C b aᵗ.
  const share = mixer === 'dss' ? 0.5 : 1;
  const own = (probe: Probe, k: number): Float32Array =>
    probe.data.subarray(k * 2 * states, (k + 1) * 2 * states);
  return (index) => {
    const channel = index % width;
    const [read, write, rates] = [own(C, index), own(b, channel), own(A, channel)];
    const r = new Float64Array(2 * states);
    // Poles near one have no bits left for their half-lives in float32: they are computed again.
    const a = new Float64Array(2 * states);
    for (let n = 0; n < states; n++) {
      const [re, im] = times(entry(read, n), entry(write, n));
      r.set([share * re, share * im] satisfies Complex, 2 * n);
      a.set(discretePole(entry(rates, n), delta.data[channel]!, disc), 2 * n);
    }
    return { a, r };
  };
}
