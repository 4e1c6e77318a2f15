/** @file SpaceTime's block by stepping companion states, one matrix-vector product per token. */
import { preprocessingTaps, tapsOf, type Preprocessing } from '../../src/layers/spacetime/preprocess';
import { affine, erf, perSequence, type Shape3, type Values } from './slow';

interface Sizes extends Preprocessing {
  n_kernels: number;
  kernel_dim: number;
  norm_order: number;
  preprocess: string;
  mlp_layers: number;
  residual: boolean;
  horizon: number;
}

/** Vectors of all kernels over their norms, unless these are tiny on average. */
function normed(x: Float64Array, d: number, order: number): number[][] {
  const rows = Array.from({ length: x.length / d }, (_, i) => Array.from(x.subarray(i * d, (i + 1) * d)));
  if (order === 0) return rows;
  const norms = rows.map((row) =>
    order === 1
      ? row.reduce((sum, value) => sum + Math.abs(value), 0)
      : Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)),
  );
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  return mean > 1e-4 ? rows.map((row, i) => row.map((value) => value / norms[i]!)) : rows;
}

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
/** A x with ones below the diagonal and a in the last column. */
const moved = (a: number[], x: number[]): number[] => {
  const last = x[x.length - 1]!;
  return x.map((_, i) => (i > 0 ? x[i - 1]! : 0) + a[i]! * last);
};
const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));

export function slowSpacetime(u: Float64Array, shape: Shape3, p: Values, r: Sizes): Float64Array {
  const width = shape[2];
  const d = r.kernel_dim;
  const rows2 = (name: string): number[][] => normed(p[`ssm.${name}`]!, d, 0);
  const unit = (name: string): number[][] => normed(p[`ssm.${name}`]!, d, r.norm_order);
  const kernelOf = (channel: number): number => Math.floor(channel / (width / r.n_kernels));
  return perSequence(u, shape, (rows) => {
    const taps = tapsOf(r);
    const kernels = preprocessingTaps(width, r);
    const input =
      r.preprocess === 'none'
        ? rows
        : rows.map((row, t) =>
            row.map((_, c) => {
              let sum = 0;
              for (let lag = 0; lag < taps; lag++) {
                sum += kernels[c * taps + taps - 1 - lag]! * (rows[t - lag]?.[c] ?? 0);
              }
              return sum;
            }),
          );
    const lag = rows.length - r.horizon;
    const y = rows.map(() => new Array<number>(width).fill(0));
    for (let c = 0; c < width; c++) {
      const k = kernelOf(c);
      const a = unit('a')[k]!;
      // In the closed loop the open part is read with everything normalised, the lag runs in with the raw b.
      const [b, read] = r.horizon > 0 ? [unit('b')[k]!, unit('c')[k]!] : [rows2('b')[k]!, rows2('c')[k]!];
      const step = (x: number[], write: number[], value: number): number[] =>
        moved(a, x).map((one, i) => one + write[i]! * value);
      let open = new Array<number>(d).fill(0);
      let state = new Array<number>(d).fill(0);
      for (let t = 0; t < lag; t++) {
        open = step(open, b, input[t]![c]!);
        state = step(state, rows2('b')[k]!, input[t]![c]!);
        y[t]![c] = dot(read, open);
      }
      for (let t = lag; t < rows.length; t++) {
        y[t]![c] = dot(read, state);
        state = step(state, b, dot(unit('k')[k]!, state));
      }
      const skip = p['ssm.skip'];
      if (skip) rows.forEach((_, t) => (y[t]![c]! += skip[c]! * input[t]![c]!));
    }
    return y.map((row, t) => {
      let out = row;
      for (let i = 0; i < r.mlp_layers; i++) {
        const name = `mlp.layers.${2 * i + 2}`;
        out = affine(out.map(gelu), p[`${name}.weight`]!, p[`${name}.bias`]);
      }
      return r.residual ? out.map((value, c) => value + input[t]![c]!) : out;
    });
  });
}
