/**
 * @file The selective scan that the analyses look at, of one sequence: h ← exp(Δ A) h + Δ u B, y = h C. An SSD layer
 * is the same with one channel per head and equal decays of all its states.
 */

export interface Scan {
  readonly length: number;
  /** Channels, or heads where a head shares its decay. */
  readonly channels: number;
  readonly states: number;
  /** Groups of channels that share B and C. */
  readonly groups: number;
  /** (time, channel) after softplus. */
  readonly delta: ArrayLike<number>;
  /** (channel, state), negative. */
  readonly A: ArrayLike<number>;
  /** (time, group, state). */
  readonly B: ArrayLike<number>;
  readonly C: ArrayLike<number>;
}

/** What a scan forgets, without what it writes and reads. */
export type Decaying = Pick<Scan, 'length' | 'channels' | 'states' | 'delta' | 'A'>;

/** Where B and C of a channel at time t begin. */
export const mapsAt = (
  { channels, groups, states }: Pick<Scan, 'channels' | 'groups' | 'states'>,
  t: number,
  channel: number,
): number => (t * groups + Math.floor((channel * groups) / channels)) * states;

/** exp(Δ A) of a channel (time, state): what every step keeps. */
export function decays({ length, channels, states, delta, A }: Decaying, channel: number): Float64Array {
  const out = new Float64Array(length * states);
  for (let t = 0; t < length; t++) {
    const step = delta[t * channels + channel]!;
    for (let n = 0; n < states; n++) out[t * states + n] = Math.exp(step * A[channel * states + n]!);
  }
  return out;
}

/** The states of a channel over time (time, state), by the recurrence. */
export function states(scan: Scan, u: ArrayLike<number>, channel: number): Float64Array {
  const { length, channels, states: N, delta, B } = scan;
  const keep = decays(scan, channel);
  const h = new Float64Array(length * N);
  for (let t = 0; t < length; t++) {
    const write = delta[t * channels + channel]! * u[t * channels + channel]!;
    const at = mapsAt(scan, t, channel);
    for (let n = 0; n < N; n++) {
      const before = t > 0 ? h[(t - 1) * N + n]! : 0;
      h[t * N + n] = keep[t * N + n]! * before + write * B[at + n]!;
    }
  }
  return h;
}

/**
 * What a state that the scan starts from adds to its output (time, width): Cₜ · exp(A Σ_{k≤t} Δₖ) h₀. It belongs to no
 * token.
 * @param start (width, state), width / channels rows under one decay
 */
export function startedFrom(scan: Scan, start: ArrayLike<number>): Float64Array {
  const { length, channels, states: N, C } = scan;
  const width = start.length / N;
  const each = width / channels;
  const out = new Float64Array(length * width);
  for (let c = 0; c < channels; c++) {
    const keep = decays(scan, c);
    const left = new Float64Array(N).fill(1);
    for (let t = 0; t < length; t++) {
      const at = mapsAt(scan, t, c);
      for (let n = 0; n < N; n++) {
        left[n]! *= keep[t * N + n]!;
        for (let w = c * each; w < (c + 1) * each; w++)
          out[t * width + w]! += C[at + n]! * left[n]! * start[w * N + n]!;
      }
    }
  }
  return out;
}
