/** @file The filters of a layer from its analysis: kernel, modes, response, before and after training. */
import { frequencyResponse, gain, poleHalfLife, polePeriod, type Poles } from '../../../analysis/lti';
import type { Probe } from '../../../protocol/view-scan';

export type Arrays = Readonly<Record<string, Probe>>;

export interface Filter {
  /** K[0 … length − 1]. */
  readonly kernel: Float32Array;
  /** K at −1, −2, …, for a layer that looks ahead. */
  readonly ahead: Float32Array | undefined;
  readonly poles: Poles | undefined;
  /** Continuous eigenvalues (mode, 2). */
  readonly A: Float32Array | undefined;
  readonly dt: number | undefined;
}

/** Channels of the layer's analysis. */
export const channelsOf = (arrays: Arrays): number => arrays['kernel']?.shape[1] ?? 0;

/** @param suffix '' for the layer as it is, `_initial` for its start */
export function filterOf(arrays: Arrays, channel: number, suffix: '' | '_initial' = ''): Filter | undefined {
  const probe = arrays[`kernel${suffix}`];
  if (!probe) return undefined;
  const [kernels, channels, length] = probe.shape as [number, number, number];
  const at = (k: number): Float32Array =>
    probe.data.subarray((k * channels + channel) * length, (k * channels + channel + 1) * length);
  const both = arrays['kernel']!.labels?.['kernel']?.includes('ahead') ?? false;
  const part = (name: string): Float32Array | undefined => {
    const array = arrays[`${name}${suffix}`];
    if (!array) return undefined;
    const size = array.data.length / array.shape[0]!;
    return array.data.subarray(channel * size, (channel + 1) * size);
  };
  const a = part('eig_discrete');
  const r = part('residues');
  return {
    kernel: at(0),
    ahead: both ? at(kernels - 1) : undefined,
    poles: a && r ? { a, r } : undefined,
    A: part('eig_continuous'),
    dt: part('step_size')?.[0],
  };
}

/** |K̂| at equally spaced frequencies in 0 … ½ cycles per token: exact from poles, else of the kernel that is there. */
export function gainOf({ kernel, poles }: Filter, points: number): Float64Array {
  if (poles) {
    const omega = Float64Array.from({ length: points }, (_, k) => (Math.PI * k) / Math.max(1, points - 1));
    const response = frequencyResponse(poles, omega);
    return Float64Array.from({ length: points }, (_, k) =>
      Math.hypot(response[2 * k]!, response[2 * k + 1]!),
    );
  }
  return gain(kernel, points);
}

export interface Mode {
  readonly n: number;
  readonly period: number;
  readonly halfLife: number;
  readonly size: number;
  /** Degrees. */
  readonly angle: number;
}

/** Largest residues first. */
export function modesOf({ poles }: Filter): Mode[] {
  if (!poles) return [];
  const period = polePeriod(poles);
  const halfLife = poleHalfLife(poles);
  return Array.from({ length: period.length }, (_, n) => ({
    n,
    period: period[n]!,
    halfLife: halfLife[n]!,
    size: Math.hypot(poles.r[2 * n]!, poles.r[2 * n + 1]!),
    angle: (Math.atan2(poles.r[2 * n + 1]!, poles.r[2 * n]!) * 180) / Math.PI,
  })).sort((x, y) => y.size - x.size);
}

/** Where |K| is largest, and K there. */
export function peakOf(kernel: ArrayLike<number>): { readonly lag: number; readonly value: number } {
  let lag = 0;
  for (let t = 1; t < kernel.length; t++) if (Math.abs(kernel[t]!) > Math.abs(kernel[lag]!)) lag = t;
  return { lag, value: kernel[lag] ?? 0 };
}
