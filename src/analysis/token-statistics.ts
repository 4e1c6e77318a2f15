/**
 * @file Δ, gate, write and read strength per token, and how much passes from past to future. Δ → 0 ignores a token,
 * Δ → ∞ resets the state to it (Mamba, arXiv 2312.00752, section on selection).
 */
import { median } from '../util/median';
import { product } from './linear/dense';
import { singularValues, svd } from './linear/svd';
import { decays, mapsAt, type Scan } from './scan';
import { moments, norm, quantile } from './statistics';

/** ‖Δₜ ∘ uₜ‖ · ‖Bₜ‖ per token: the norm of what enters the state. For one group. @param u (time, channel) */
export function writeStrength(scan: Scan, u: ArrayLike<number>): Float64Array {
  const { length, channels, groups, states, delta, B } = scan;
  const each = channels / groups;
  return Float64Array.from({ length }, (_, t) => {
    let total = 0;
    for (let group = 0; group < groups; group++) {
      let input = 0;
      for (let c = group * each; c < (group + 1) * each; c++)
        input += (delta[t * channels + c]! * u[t * channels + c]!) ** 2;
      const at = (t * groups + group) * states;
      total += input * norm(B, at, at + states) ** 2;
    }
    return Math.sqrt(total);
  });
}

/** ‖Cₜ‖ · ‖gateₜ‖ per token. @param gate (time, channel), already silu(z) */
export function readStrength(C: ArrayLike<number>, gate: ArrayLike<number>, length: number): Float64Array {
  const states = C.length / length;
  const channels = gate.length / length;
  return Float64Array.from(
    { length },
    (_, t) => norm(C, t * states, (t + 1) * states) * norm(gate, t * channels, (t + 1) * channels),
  );
}

/**
 * Share of channels with Δ above `factor` times the channel's median.
 * @param delta (rows, channel)
 * @param counted the rows that the median is of; all unless given
 */
export function openFraction(
  delta: ArrayLike<number>,
  channels: number,
  factor: number,
  counted = delta,
): Float64Array {
  const rows = counted.length / channels;
  const medians = Array.from({ length: channels }, (_, c) =>
    median(Array.from({ length: rows }, (_row, t) => counted[t * channels + c]!)),
  );
  return shareOf(delta, channels, (value, c) => value > factor * (medians[c] ?? NaN));
}

/** Share of channels whose gate is smaller than the threshold. @param gate (rows, channel) */
export const closedFraction = (gate: ArrayLike<number>, channels: number, threshold: number): Float64Array =>
  shareOf(gate, channels, (value) => Math.abs(value) < threshold);

function shareOf(
  values: ArrayLike<number>,
  channels: number,
  is: (value: number, channel: number) => boolean,
): Float64Array {
  return Float64Array.from({ length: values.length / channels }, (_, t) => {
    let count = 0;
    for (let c = 0; c < channels; c++) if (is(values[t * channels + c]!, c)) count++;
    return count / channels;
  });
}

/** Quantiles of log₁₀ Δ over time and channel. */
export function log10Quantiles(delta: ArrayLike<number>, shares: readonly number[]): Float64Array {
  const sorted = Float64Array.from(delta, Math.log10).sort();
  return Float64Array.from(shares, (share) => quantile(sorted, share));
}

/**
 * a / (a + c): a = mean variance over time of ln Δ, c = variance over channels of the time mean of ln Δ. 0 acts like
 * a time-invariant layer, 1 is decided by the token alone. @param delta (batch, time, channel)
 */
export function selectivityIndex(
  delta: ArrayLike<number>,
  batch: number,
  length: number,
  channels: number,
): number {
  let overTime = 0;
  let overChannels = 0;
  for (let b = 0; b < batch; b++) {
    const means: number[] = [];
    for (let c = 0; c < channels; c++) {
      const logs = Float64Array.from({ length }, (_, t) => Math.log(delta[(b * length + t) * channels + c]!));
      const { mean, variance } = moments(logs);
      means.push(mean);
      overTime += variance / (batch * channels);
    }
    overChannels += moments(means).variance / batch;
  }
  const total = overTime + overChannels;
  return total > 0 ? overTime / total : 0;
}

/**
 * Singular values of alpha[t:, :t] of one channel for t = 1 … length − 1 (t − 1, state), descending, zero-filled: how
 * many numbers pass from past to future at t. From the factors of the block, which has rank ≤ N.
 */
export function pastFutureSingularValues(scan: Scan, channel: number): Float64Array {
  const { length, channels, states: N, delta, B, C } = scan;
  const keep = decays(scan, channel);
  const out = new Float64Array((length - 1) * N);
  for (let t = 1; t < length; t++) {
    const future = new Float64Array((length - t) * N);
    const left = new Float64Array(N).fill(1);
    for (let i = t; i < length; i++) {
      const at = mapsAt(scan, i, channel);
      for (let n = 0; n < N; n++) {
        left[n]! *= keep[i * N + n]!;
        future[(i - t) * N + n] = C[at + n]! * left[n]!;
      }
    }
    const past = new Float64Array(t * N);
    left.fill(1);
    for (let j = t - 1; j >= 0; j--) {
      const at = mapsAt(scan, j, channel);
      for (let n = 0; n < N; n++) {
        past[j * N + n] = left[n]! * delta[j * channels + channel]! * B[at + n]!;
        left[n]! *= keep[j * N + n]!;
      }
    }
    // future · pastᵀ = U (S Vᵀ pastᵀ): the middle has the same singular values and at most N rows.
    const { s, V } = svd(future, length - t, N);
    const rank = s.length;
    const middle = product(past, V, t, N, rank).map((value, i) => value * s[i % rank]!);
    singularValues(middle, t, rank).forEach((value, n) => (out[(t - 1) * N + n] = value));
  }
  return out;
}
