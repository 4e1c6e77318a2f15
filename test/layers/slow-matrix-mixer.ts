/** @file The matrix mixer with every matrix written out entry by entry. */
import { affine, perSequence, silu, softplus, type Shape3, type Values } from './slow';
import { around, oneSided, rmsNormed } from './slow-hydra';

interface Sizes {
  matrix_mixer_type: string;
  is_data_dependent: boolean;
  qk_dim: number;
  headdim: number;
  nheads: number;
  d_inner: number;
  d_state: number;
  max_seq_len: number;
  toeplitz_index: string;
}

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Entry (i, j) of the matrix of head h, the factor included. */
function entry(rows: number[][], p: Values, r: Sizes): (h: number, i: number, j: number) => number {
  const { nheads: H, qk_dim: d, d_inner: E, max_seq_len: M } = r;
  const length = rows.length;
  const learned = (name: string, h: number, t: number): number[] =>
    Array.from(p[`matrix_mixer.${name}`]!.subarray((t * H + h) * d, (t * H + h + 1) * d));
  const q = (h: number, t: number): number[] =>
    r.is_data_dependent ? rows[t]!.slice(E + h * d, E + (h + 1) * d) : learned('q_matrix', h, t);
  const k = (h: number, t: number): number[] =>
    r.is_data_dependent ? rows[t]!.slice(E + (H + h) * d, E + (H + h + 1) * d) : learned('k_matrix', h, t);
  switch (r.matrix_mixer_type) {
    case 'dense':
      return (h, i, j) => p['matrix_mixer.M']![(h * M + i) * M + j]! / Math.sqrt(M);
    case 'low_rank':
      return (h, i, j) => dot(q(h, i), k(h, j)) / Math.sqrt(M * d);
    case 'attention':
      return (h, i, j) => {
        const weight = (s: number): number => Math.exp(dot(q(h, i), k(h, s)) / Math.sqrt(d));
        return weight(j) / rows.reduce((sum, _, s) => sum + weight(s), 0);
      };
    case 'cauchy':
      return (h, i, j) => {
        const shift = 2 * (p['matrix_mixer.bias']?.[0] ?? 0) + 1e-8;
        const sum = q(h, i).reduce(
          (total, value, n) => total + 1 / (Math.exp(value) + Math.exp(k(h, j)[n]!) + shift),
          0,
        );
        return sum / Math.sqrt(M * d);
      };
    case 'vandermonde':
      if (!r.is_data_dependent) return (_h, i, j) => Math.cos((2 * Math.PI * i * j) / M) / Math.sqrt(M);
      return (h, i, j) => {
        const angle = 2e-3 * Math.PI;
        const sum = q(h, i).reduce(
          (total, value, n) => total + Math.cos(angle * value * j) - Math.cos(angle * k(h, j)[n]! * i),
          0,
        );
        return sum / Math.sqrt(2 * M * d);
      };
    default: {
      // Toeplitz: taps from 1 − L to L − 1, of which the release reads one further on, around the end.
      const half = r.is_data_dependent ? length : M;
      const tap = (h: number, place: number): number => {
        if (!r.is_data_dependent) return p['matrix_mixer.conv_params']![h * (2 * M - 1) + place]!;
        const lag = place - (length - 1);
        return lag >= 0 ? rows[lag]![E + h]! : rows[-lag]![E + H + h]!;
      };
      return (h, i, j) => {
        const place = r.toeplitz_index === 'released' ? (i - j + half) % (2 * half - 1) : i - j + half - 1;
        return (0.5 / Math.sqrt(M)) * tap(h, place);
      };
    }
  }
}

export function slowMatrixMixer(x: Float64Array, shape: Shape3, p: Values, r: Sizes): Float64Array {
  const { d_inner: E, nheads: H, headdim: P, d_state: N } = r;
  const plain = ['vandermonde', 'cauchy', 'attention'].includes(r.matrix_mixer_type);
  return perSequence(x, shape, (rows) => {
    const wide = rows.map((row) => affine(row, p['in_proj.weight']!, p['in_proj.bias']));
    const channels = convolvedWidth(r);
    const convolved = around(
      wide.map((row) => row.slice(E, E + channels)),
      p['conv1d.weight']!,
      p['conv1d.bias'],
    ).map((row) => row.map((value, c) => (c < E || !plain ? silu(value) : value)));
    let y: number[][];
    if (r.matrix_mixer_type === 'quasiseparable') {
      const A = Array.from(p['matrix_mixer.A_log']!, (a) => -Math.exp(a));
      const step = (t: number, direction: 0 | 1) => {
        const learned = p['matrix_mixer.BC'];
        const maps = learned
          ? Array.from(learned.subarray(t * 2 * N, (t + 1) * 2 * N))
          : convolved[t]!.slice(E);
        const raw = r.is_data_dependent
          ? wide[t]!.slice(E + channels + direction * H, E + channels + (direction + 1) * H)
          : new Array<number>(H).fill(0);
        return {
          x: convolved[t]!.slice(0, E),
          B: maps.slice(0, N),
          C: maps.slice(N, 2 * N),
          delta: raw.map((value, h) => softplus(value + p['matrix_mixer.dt_bias']![h]!)),
        };
      };
      const sizes = { headdim: P, nheads: H, ngroups: 1, d_state: N };
      const forth = oneSided(
        rows.map((_, t) => step(t, 0)),
        A,
        sizes,
      );
      const back = oneSided(rows.map((_, t) => step(t, 1)).reverse(), A, sizes).reverse();
      y = rows.map((_, t) => {
        const own = affine(convolved[t]!.slice(0, E), p['matrix_mixer.fc_D.weight']!, p['matrix_mixer.D']);
        return forth[t]!.map(
          (value, c) => value + back[t]![c]! + own[Math.floor(c / P)]! * convolved[t]![c]!,
        );
      });
    } else {
      const M = entry(convolved, p, r);
      y = rows.map((_, i) =>
        Array.from({ length: E }, (_unused, c) => {
          const mixed = rows.reduce(
            (sum, _row, j) => sum + M(Math.floor(c / P), i, j) * convolved[j]![c]!,
            0,
          );
          return mixed + convolved[i]![c]!;
        }),
      );
    }
    return y.map((row, t) => {
      const gated = rmsNormed(row, p['norm.weight']!).map((value, c) => value * silu(wide[t]![c]!));
      return affine(gated, p['out_proj.weight']!, p['out_proj.bias']);
    });
  });
}

function convolvedWidth(r: Sizes): number {
  if (!r.is_data_dependent) return r.d_inner;
  return r.d_inner + 2 * (r.matrix_mixer_type === 'toeplitz' ? r.nheads : r.d_state);
}
