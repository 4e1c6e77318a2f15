/**
 * @file SpaceTime's preprocessing: fixed kernels per channel that take differences and residuals from moving averages
 * (hazyresearch/spacetime, model/ssm/preprocess at 7b7398c). Not trained.
 */
import { Random } from '../../util/random';

/** (1), (1, −1), (1, −2, 1), (1, −3, 3, −1): differences of order 0 to 3. */
const DIFFERENCES = [[1], [1, -1], [1, -2, 1], [1, -3, 3, -1]] as const;

export interface Preprocessing {
  readonly n_diff: number;
  readonly n_ma: number;
  readonly min_avg_window: number;
  readonly max_avg_window: number;
  readonly preprocess_seed: number;
}

/** Taps of the longest kernel. */
export const tapsOf = (r: Preprocessing): number => Math.max(r.n_diff, r.max_avg_window - 1);

/**
 * Kernels as taps of a causal convolution, the last tap at the current token: (channels, 1, taps), row-major. The
 * channels repeat the differences and then the averages, whose windows are drawn once.
 */
export function preprocessingTaps(channels: number, r: Preprocessing): Float32Array {
  const taps = tapsOf(r);
  const random = new Random(r.preprocess_seed, 'spacetime', 'windows');
  const windows = Array.from(
    { length: r.n_ma },
    () => r.min_avg_window + random.integer(r.max_avg_window - r.min_avg_window),
  );
  const values = new Float32Array(channels * taps);
  for (let channel = 0; channel < channels; channel++) {
    const which = channel % (r.n_diff + r.n_ma);
    const kernel = which < r.n_diff ? DIFFERENCES[which]! : residual(windows[which - r.n_diff]!);
    // Lag s is s taps before the last.
    kernel.forEach((value, lag) => (values[channel * taps + taps - 1 - lag] = value));
  }
  return values;
}

/** δ₀ − 1/w on the first w lags: what is left beside the mean of the window. */
const residual = (window: number): number[] =>
  Array.from({ length: window }, (_, lag) => Number(lag === 0) - 1 / window);
