/** @file Hydra from its matrix: every entry of the quasiseparable matrix of every head, then a product. */
import { affine, perSequence, silu, softplus, type Shape3, type Values } from './slow';

interface Sizes {
  d_inner: number;
  d_state: number;
  headdim: number;
  nheads: number;
  ngroups: number;
}

/** Depthwise taps around each position. */
export function around(rows: number[][], W: Float64Array, b: Float64Array | undefined): number[][] {
  const channels = rows[0]!.length;
  const taps = W.length / channels;
  const half = (taps - 1) / 2;
  return rows.map((_, t) =>
    Array.from({ length: channels }, (_unused, c) => {
      let y = b?.[c] ?? 0;
      for (let k = 0; k < taps; k++) y += W[c * taps + k]! * (rows[t + k - half]?.[c] ?? 0);
      return y;
    }),
  );
}

/**
 * What the scan in one direction hands from tokens j to later outputs i ≠ j, and from its initial state.
 * @returns y[t][channel]
 */
export function oneSided(
  steps: { x: number[]; delta: number[]; B: number[]; C: number[] }[],
  A: number[],
  r: { headdim: number; nheads: number; ngroups: number; d_state: number },
  initial?: Float64Array,
): number[][] {
  const { headdim: P, nheads: H, ngroups: G, d_state: N } = r;
  const dot = (a: number[], b: ArrayLike<number>, group: number, offset: number): number => {
    let sum = 0;
    for (let n = 0; n < N; n++) sum += a[group * N + n]! * b[offset + n]!;
    return sum;
  };
  return steps.map((_, i) =>
    Array.from({ length: H * P }, (_unused, channel) => {
      const h = Math.floor(channel / P);
      const group = Math.floor(h / (H / G));
      const last = i - 1;
      if (last < 0) return 0;
      let y = 0;
      for (let j = 0; j <= last; j++) {
        let gone = 0;
        for (let s = j + 1; s <= last; s++) gone += steps[s]!.delta[h]!;
        const weight =
          dot(steps[last]!.C, steps[j]!.B, group, group * N) * steps[j]!.delta[h]! * Math.exp(A[h]! * gone);
        y += weight * steps[j]!.x[channel]!;
      }
      if (initial) {
        let gone = 0;
        for (let s = 0; s <= last; s++) gone += steps[s]!.delta[h]!;
        y += Math.exp(A[h]! * gone) * dot(steps[last]!.C, initial, group, channel * N);
      }
      return y;
    }),
  );
}

export function rmsNormed(y: number[], weight: Float64Array): number[] {
  const square = y.reduce((sum, one) => sum + one * one, 0) / y.length;
  return y.map((value, c) => (value / Math.sqrt(square + 1e-5)) * weight[c]!);
}

export function slowHydra(x: Float64Array, shape: Shape3, p: Values, r: Sizes): Float64Array {
  const { d_inner: E, d_state: N, nheads: H, ngroups: G } = r;
  const map = G * N;
  const A = Array.from(p['A_log']!, (a) => -Math.exp(a));
  return perSequence(x, shape, (rows) => {
    const wide = rows.map((row) => affine(row, p['in_proj.weight']!, p['in_proj.bias']));
    const convolved = around(
      wide.map((row) => row.slice(E, 2 * E + 4 * map)),
      p['conv1d.weight']!,
      p['conv1d.bias'],
    ).map((row) => row.map(silu));
    const step = (t: number, direction: 0 | 1) => {
      const row = convolved[t]!;
      const from = E + direction * 2 * map;
      const raw = wide[t]!.slice(2 * E + 4 * map + direction * H, 2 * E + 4 * map + (direction + 1) * H);
      return {
        x: row.slice(0, E),
        B: row.slice(from, from + map),
        C: row.slice(from + map, from + 2 * map),
        delta: raw.map((value, h) => softplus(value + p['dt_bias']![h]!)),
      };
    };
    const forth = oneSided(
      rows.map((_, t) => step(t, 0)),
      A,
      r,
      p['init_states'],
    );
    const back = oneSided(rows.map((_, t) => step(t, 1)).reverse(), A, r, p['init_states']).reverse();
    return rows.map((_, t) => {
      const own = affine(convolved[t]!.slice(0, E), p['fc_D.weight']!, p['D']);
      const y = forth[t]!.map(
        (value, c) => value + back[t]![c]! + own[Math.floor(c / r.headdim)]! * convolved[t]![c]!,
      );
      const gated = rmsNormed(y, p['norm.weight']!).map((value, c) => value * silu(wide[t]![c]!));
      return affine(gated, p['out_proj.weight']!, p['out_proj.bias']);
    });
  });
}
