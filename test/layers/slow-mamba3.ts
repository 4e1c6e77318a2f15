/** @file Mamba-3 token by token, from the recurrence of the paper. */
import { affine, perSequence, sigmoid, silu, softplus, type Shape3, type Values } from './slow';
import { rmsNormed } from './slow-hydra';

interface Sizes {
  d_inner: number;
  d_state: number;
  headdim: number;
  nheads: number;
  ngroups: number;
  rank: number;
  is_mimo: boolean;
  num_rope_angles: number;
  A_floor: number;
}

export function slowMamba3(x: Float64Array, shape: Shape3, p: Values, r: Sizes): Float64Array {
  const { d_inner: E, d_state: N, headdim: P, nheads: H, ngroups: G, rank: R, num_rope_angles: S } = r;
  const maps = R * G * N;
  const weight = (name: string, h: number, k: number, i: number): number =>
    r.is_mimo ? p[name]![(h * R + k) * P + i]! : 1;
  return perSequence(x, shape, (rows) => {
    const state = new Float64Array(H * P * N);
    const angles = new Float64Array(H * S);
    let before: { x: number[]; B: number[][][] } | undefined;
    return rows.map((row) => {
      const wide = affine(row, p['in_proj.weight']!);
      let at = 0;
      const take = (width: number): number[] => wide.slice(at, (at += width));
      const z = take(E);
      const input = take(E);
      const [rawB, rawC] = [take(maps), take(maps)];
      const [dt, a, trap, theta] = [take(H), take(H), take(H), take(S)];
      const delta = dt.map((value, h) => softplus(value + p['dt_bias']![h]!));
      for (let h = 0; h < H; h++) {
        for (let i = 0; i < S; i++) angles[h * S + i]! += Math.PI * Math.tanh(theta[i]!) * delta[h]!;
      }
      /** [head][rank] → rotated row of the state. */
      const rotated = (raw: number[], letter: 'B' | 'C'): number[][][] =>
        Array.from({ length: H }, (_, h) =>
          Array.from({ length: R }, (_unused, k) => {
            const group = Math.floor(h / (H / G));
            const from = (k * G + group) * N;
            const normed = rmsNormed(raw.slice(from, from + N), p[`${letter}_norm.weight`]!);
            const map = normed.map((value, n) => value + p[`${letter}_bias`]![(h * R + k) * N + n]!);
            const turned = map.slice();
            for (let i = 0; i < S; i++) {
              const [one, two] = r.is_mimo ? [i, i + N / 2] : [2 * i, 2 * i + 1];
              const [c, s] = [Math.cos(angles[h * S + i]!), Math.sin(angles[h * S + i]!)];
              turned[one] = c * map[one]! - s * map[two]!;
              turned[two] = s * map[one]! + c * map[two]!;
            }
            return turned;
          }),
        );
      const [B, C] = [rotated(rawB, 'B'), rotated(rawC, 'C')];
      const out = new Array<number>(E).fill(0);
      for (let h = 0; h < H; h++) {
        const rate = a[h]! >= 0 ? 1 + a[h]! : 1 / (1 - a[h]!);
        const alpha = Math.exp(-Math.max(rate, r.A_floor) * delta[h]!);
        const lambda = sigmoid(trap[h]!);
        for (let i = 0; i < P; i++) {
          const c = h * P + i;
          for (let n = 0; n < N; n++) {
            const cell = c * N + n;
            let value = alpha * state[cell]!;
            for (let k = 0; k < R; k++) {
              const v = (from: number[]): number => from[c]! * weight('mimo_x', h, k, i);
              value += lambda * delta[h]! * v(input) * B[h]![k]![n]!;
              if (before) value += (1 - lambda) * delta[h]! * alpha * v(before.x) * before.B[h]![k]![n]!;
            }
            state[cell] = value;
          }
        }
        for (let k = 0; k < R; k++) {
          const y = Array.from({ length: P }, (_, i) => {
            const c = h * P + i;
            let sum = p['D']![h]! * input[c]! * weight('mimo_x', h, k, i);
            for (let n = 0; n < N; n++) sum += state[c * N + n]! * C[h]![k]![n]!;
            return sum;
          });
          const own = p['norm.weight'];
          const normed = own ? rmsNormed(y, own.slice(h * P, (h + 1) * P)) : y;
          for (let i = 0; i < P; i++) {
            const gate = silu(z[h * P + i]! * weight('mimo_z', h, k, i));
            out[h * P + i]! += normed[i]! * gate * weight('mimo_o', h, k, i);
          }
        }
      }
      before = { x: input, B };
      return affine(out, p['out_proj.weight']!);
    });
  });
}
