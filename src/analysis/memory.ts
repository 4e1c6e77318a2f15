/**
 * @file What a selective scan remembers: half-lives from A and Δ, what is kept at every token, which token the state
 * was written by, and how far back a query reads.
 */
import { hiddenAttentionRow } from './hidden-attention';
import { decays, mapsAt, states, type Decaying, type Scan } from './scan';

/** −mean over time of Δ A (channel, state), per token. */
export function decayRate({ length, channels, states: N, delta, A }: Decaying): Float64Array {
  const mean = new Float64Array(channels);
  for (let t = 0; t < length; t++)
    for (let c = 0; c < channels; c++) mean[c]! += delta[t * channels + c]! / length;
  return Float64Array.from({ length: channels * N }, (_, i) => -mean[Math.floor(i / N)]! * A[i]!);
}

/** Tokens after which half of a state is left: ln 2 / rate; ∞ for a state that never decays. */
export const halfLife = (rate: ArrayLike<number>): Float64Array =>
  Float64Array.from(rate, (value) => (value === 0 ? Infinity : Math.LN2 / value));

/** log of what is left of the slowest state that was written before the first token (channel): max Σ Δ A. */
export function totalLogDecaySlowest(scan: Decaying): Float64Array {
  const rate = decayRate(scan);
  return Float64Array.from({ length: scan.channels }, (_, c) => {
    const own = rate.subarray(c * scan.states, (c + 1) * scan.states);
    return -scan.length * own.reduce((least, value) => Math.min(least, value), Infinity);
  });
}

/** A Σ Δ up to every token of the slowest state (channel, time): log of what is left of its state before the first. */
export function cumulativeLogDecay({ length, channels, states: N, delta, A }: Decaying): Float64Array {
  const out = new Float64Array(channels * length);
  for (let c = 0; c < channels; c++) {
    let slowest = -Infinity;
    for (let n = 0; n < N; n++) slowest = Math.max(slowest, A[c * N + n]!);
    let sum = 0;
    for (let t = 0; t < length; t++) out[c * length + t] = sum += delta[t * channels + c]! * slowest;
  }
  return out;
}

/** Mean over states of exp(Δ A) (channel, time): 1 keeps all, 0 resets. */
export function retention(scan: Decaying): Float64Array {
  const { length, channels, states: N } = scan;
  const out = new Float64Array(channels * length);
  for (let c = 0; c < channels; c++) {
    const keep = decays(scan, c);
    for (let t = 0; t < length; t++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += keep[t * N + n]!;
      out[c * length + t] = sum / N;
    }
  }
  return out;
}

/** Share of channels whose retention (channel, time) is below the threshold at each token: forget events. */
export function resetFraction(kept: ArrayLike<number>, length: number, threshold: number): Float64Array {
  const channels = kept.length / length;
  return Float64Array.from({ length }, (_, t) => {
    let count = 0;
    for (let c = 0; c < channels; c++) if (kept[c * length + t]! < threshold) count++;
    return count / channels;
  });
}

/** ‖h‖₂ over the states (channel, time). @param u scan input (time, channel) */
export function stateNorm(scan: Scan, u: ArrayLike<number>): Float64Array {
  const { length, channels, states: N } = scan;
  const out = new Float64Array(channels * length);
  for (let c = 0; c < channels; c++) {
    const h = states(scan, u, c);
    for (let t = 0; t < length; t++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += h[t * N + n]! ** 2;
      out[c * length + t] = Math.sqrt(sum);
    }
  }
  return out;
}

/**
 * Norm over channels and states of the part of the state at time t that token j wrote (t, j). The parts sum to the
 * state; their norms do not.
 */
export function contributionNorm(scan: Scan, u: ArrayLike<number>): Float64Array {
  const { length, channels, states: N, delta, B } = scan;
  const squares = new Float64Array(length * length);
  const part = new Float64Array(N);
  for (let c = 0; c < channels; c++) {
    const keep = decays(scan, c);
    for (let j = 0; j < length; j++) {
      const write = delta[j * channels + c]! * u[j * channels + c]!;
      const at = mapsAt(scan, j, c);
      for (let n = 0; n < N; n++) part[n] = write * B[at + n]!;
      for (let t = j; t < length; t++) {
        let sum = 0;
        for (let n = 0; n < N; n++) {
          if (t > j) part[n]! *= keep[t * N + n]!;
          sum += part[n]! ** 2;
        }
        squares[t * length + j]! += sum;
      }
    }
  }
  return squares.map(Math.sqrt);
}

/**
 * ⟨c, h⟩ / ‖h‖² of the part c of the state h at time t that token j wrote (t, j): shares that sum to one where the state
 * began empty. Over all channels and states; 0 where the state is zero.
 * @param u scan input (time, width), width / channels of them under one decay
 * @param start the state before the first token (width, state); empty unless given
 */
export function contributionShare(scan: Scan, u: ArrayLike<number>, start?: ArrayLike<number>): Float64Array {
  const { length, channels, states: N, delta, B } = scan;
  const width = u.length / length;
  const each = width / channels;
  const out = new Float64Array(length * length);
  const sizes = new Float64Array(length);
  for (let c = 0; c < channels; c++) {
    const keep = decays(scan, c);
    const h = Float64Array.from({ length: each * N }, (_, i) => start?.[c * each * N + i] ?? 0);
    const left = new Float64Array(length * N);
    for (let t = 0; t < length; t++) {
      const step = delta[t * channels + c]!;
      const at = mapsAt(scan, t, c);
      for (let j = 0; j < t; j++) for (let n = 0; n < N; n++) left[j * N + n]! *= keep[t * N + n]!;
      left.fill(1, t * N, (t + 1) * N);
      for (let p = 0; p < each; p++) {
        const write = step * u[t * width + c * each + p]!;
        for (let n = 0; n < N; n++) {
          const value = keep[t * N + n]! * h[p * N + n]! + write * B[at + n]!;
          h[p * N + n] = value;
          sizes[t]! += value * value;
        }
      }
      for (let j = 0; j <= t; j++) {
        const from = mapsAt(scan, j, c);
        let sum = 0;
        for (let n = 0; n < N; n++) {
          let along = 0;
          for (let p = 0; p < each; p++) along += u[j * width + c * each + p]! * h[p * N + n]!;
          sum += along * left[j * N + n]! * B[from + n]!;
        }
        out[t * length + j]! += sum * delta[j * channels + c]!;
      }
    }
  }
  return out.map((value, i) => {
    const size = sizes[Math.floor(i / length)]!;
    return size > 0 ? value / size : 0;
  });
}

/** Σⱼ |rowⱼ| (i − j) / Σⱼ |rowⱼ|: how far back the query at i reads on average; 0 for an empty row. */
export function meanDistance(row: ArrayLike<number>, i: number): number {
  let total = 0;
  let weighted = 0;
  for (let j = 0; j <= i; j++) {
    const size = Math.abs(row[j]!);
    total += size;
    weighted += size * (i - j);
  }
  return total > 0 ? weighted / total : 0;
}

/** Smallest distance within which the keys hold at least `mass` of the row's |weight|. */
export function radius(row: ArrayLike<number>, i: number, mass: number): number {
  let total = 0;
  for (let j = 0; j <= i; j++) total += Math.abs(row[j]!);
  let sum = 0;
  for (let d = 0; d <= i; d++) {
    sum += Math.abs(row[i - d]!);
    if (sum >= mass * total) return d;
  }
  return i;
}

/** Mean distance per channel and query (channel, query), from |alpha| without D. */
export function meanDistances(scan: Scan): Float64Array {
  const { length, channels } = scan;
  const out = new Float64Array(channels * length);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < length; i++) out[c * length + i] = meanDistance(hiddenAttentionRow(scan, c, i), i);
  return out;
}

/** Radius of the last query per channel. */
export const lastRadii = (scan: Scan, mass: number): Int32Array =>
  Int32Array.from({ length: scan.channels }, (_, c) =>
    radius(hiddenAttentionRow(scan, c, scan.length - 1), scan.length - 1, mass),
  );
