/** @file S4D and its block as float64 loops: the kernel by powers, the convolution by its definition. */
import { erfReference } from '../../../src/graph/ops/elementwise/unary';
import type { BlockSizes } from '../../../src/layers/lti/s4-block';
import { affine, perSequence, sigmoid, silu, softplus, type Shape3, type Values } from '../slow';
import { cexp, minus, over, pair, plus, scale, times, type C } from './complex';

export const activations = {
  gelu: (x: number): number => (x / 2) * (1 + erfReference(x / Math.SQRT2)),
  silu,
  relu: (x: number): number => Math.max(x, 0),
  none: (x: number): number => x,
};

export const positive = (x: number, transform: string): number => {
  if (transform === 'exp') return Math.exp(x);
  return transform === 'softplus' ? softplus(x) : Math.max(x, 0) + 1e-4;
};

/** Kernels by their number, channel and lag; those that look ahead begin at distance 1. */
export type Kernels = (kernel: number, channel: number, lag: number) => number;

/** Linear map and gated linear unit. */
export function outputMap(inner: number[], p: Values, r: BlockSizes): number[] {
  const out = affine(inner, p['output_linear.0.weight']!, p['output_linear.0.bias']);
  if (r.final_act === 'none') return out;
  const H = out.length / 2;
  return out.slice(0, H).map((value, h) => value * sigmoid(out[H + h]!));
}

/** Convolution, skip, activation, linear map and gated linear unit. */
export function slowBlock(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: BlockSizes,
  kernels: Kernels,
): Float64Array {
  return perSequence(x, shape, (rows) => {
    const H = rows[0]!.length;
    return rows.map((_, t) => {
      const inner = Array.from({ length: r.channels * H }, (_unused, i) => {
        const [c, h] = [Math.floor(i / H), i % H];
        let y = p['layer.D']![i]! * rows[t]![h]!;
        for (let s = 0; s <= t; s++) y += kernels(c, h, s) * rows[t - s]![h]!;
        for (let s = t + 1; r.bidirectional && s < rows.length; s++) {
          y += kernels(r.channels + c, h, s - t - 1) * rows[s]![h]!;
        }
        return activations[r.activation](y);
      });
      return outputMap(inner, p, r);
    });
  });
}

export interface SlowDiagonal extends BlockSizes {
  readonly d_state: number;
  readonly n_ssm: number;
  readonly disc: string;
  readonly dt_transform: string;
  readonly real_transform: string;
}

export function slowS4d(x: Float64Array, shape: Shape3, p: Values, r: SlowDiagonal): Float64Array {
  const H = shape[2];
  const M = r.d_state / 2;
  const at = (name: string): Float64Array => p[`layer.kernel.${name}`]!;
  const kernels: Kernels = (kernel, h, lag) => {
    const dt = positive(at('inv_dt')[h]!, r.dt_transform);
    let total = 0;
    for (let n = 0; n < M; n++) {
      const copy = (h % r.n_ssm) * M + n;
      const lambda: C = [-positive(at('A_real')[copy]!, r.real_transform), -at('A_imag')[copy]!];
      const z = scale(lambda, dt);
      const half = scale(z, 0.5);
      const below = minus([1, 0], half);
      const dA = r.disc === 'zoh' ? cexp(z) : over(plus([1, 0], half), below);
      const factor = r.disc === 'zoh' ? over(minus(dA, [1, 0]), lambda) : over([dt, 0], below);
      let term = times(times(factor, pair(at('B'), copy)), pair(at('C'), (kernel * H + h) * M + n));
      for (let s = 0; s < lag; s++) term = times(term, dA);
      total += 2 * term[0];
    }
    return total;
  };
  return slowBlock(x, shape, p, r, remembered(kernels));
}

interface SlowDss extends SlowDiagonal {
  readonly kernel: string;
  readonly l_max: number;
}

/** Softmax rows: powers over the sum of all of them, e^{λΔL} - 1 over e^{λΔ} - 1, guarded as the authors do. */
export function slowDss(x: Float64Array, shape: Shape3, p: Values, r: SlowDss): Float64Array {
  const H = shape[2];
  const M = r.d_state / 2;
  const at = (name: string): Float64Array => p[`layer.kernel.${name}`]!;
  const kernels: Kernels = (kernel, h, lag) => {
    const dt = positive(at('inv_dt')[h]!, r.dt_transform);
    let total = 0;
    for (let n = 0; n < M; n++) {
      const copy = (h % r.n_ssm) * M + n;
      const re = r.kernel === 'exp' ? Math.exp(at('A_real')[copy]!) : at('A_real')[copy]!;
      const lambda: C = [-re, -at('A_imag')[copy]!];
      const power = (t: number): C => cexp(scale(lambda, dt * t));
      const weight = times(pair(at('B'), copy), pair(at('C'), (kernel * H + h) * M + n));
      // Growing powers are counted from the end, and their sums with the mirrored mode.
      const sign = lambda[0] > 0 ? -1 : 1;
      const start = lambda[0] > 0 ? r.l_max - 1 : 0;
      const share = times(power(lag - start), minus(power(sign), [1, 0]));
      const below = r.kernel === 'exp' ? lambda : times(minus(power(sign * r.l_max), [1, 0]), lambda);
      const guard = r.kernel === 'exp' ? 0 : Math.fround(1e-7);
      const inverse = scale([below[0], -below[1]], 1 / (below[0] ** 2 + below[1] ** 2 + guard));
      total += times(times(share, inverse), weight)[0];
    }
    return total;
  };
  return slowBlock(x, shape, p, r, remembered(kernels));
}

/** Keeps what was computed. */
export function remembered(kernels: Kernels): Kernels {
  const known = new Map<string, number>();
  return (...index) => {
    const key = index.join();
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = kernels(...index)));
    return value;
  };
}
