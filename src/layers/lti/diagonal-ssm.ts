/**
 * @file The diagonal state space model of S4D, after `SSMKernelDiag` of state-spaces/s4: parameters, discretisation,
 * convolution, one step. x' = A x + B u, y = 2 Re(C x) for one of each conjugate pair of states.
 */
import * as g from '../../graph';
import type { Complex, Counted, Exponents, Tensor } from '../../graph';
import type { Dims, Parameters, Tensors } from '../define';
import type { StateSpace } from './continue';
import type { Init } from '../init';
import { normal } from '../init';
import type { ComplexVector } from './hippo';
import { startingB, startingPoles, type DiagonalInit } from './poles';
import { kernelsOf, later, repeated, type BlockSizes } from './s4-block';
import { softmaxModes } from './softmax-kernel';
import { positive, positiveRest, stored, type Transform } from './transforms';

const { both, cadd, cexpm1, cmul, creciprocal, creshape, cscale, fromPairs, toPairs } = g.complex;

/** `softmax` is that of DSS, which depends on the kernel's length. */
export type Discretisation = 'zoh' | 'bilinear' | 'softmax';

export interface DiagonalSizes extends BlockSizes {
  readonly d_state: number;
  readonly n_ssm: number;
  readonly init: DiagonalInit;
  readonly disc: Discretisation;
  readonly dt_min: number;
  readonly dt_max: number;
  readonly dt_transform: Transform;
  readonly real_transform: Transform;
  readonly lr: number;
  /** Whether a state stands for a conjugate pair; true unless given. */
  readonly paired?: boolean;
}

const prefix = 'layer.kernel.';

/** ln Δ uniform between ln dt_min and ln dt_max, stored under the transform. */
export const stepInit =
  ({ dt_min, dt_max, dt_transform }: Pick<DiagonalSizes, 'dt_min' | 'dt_max' | 'dt_transform'>): Init =>
  (shape, random) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
      const log = Math.log(dt_min) + random.uniform() * (Math.log(dt_max) - Math.log(dt_min));
      return dt_transform === 'exp' ? log : stored(Math.exp(log), dt_transform);
    });

/** (rank, copies, M, 2): a row of M complex values per rank, the same for every copy. */
export const rowsOf =
  (draw: () => readonly ComplexVector[]): Init =>
  (shape) => {
    const parts = draw();
    const [rank, copies, M] = shape as [number, number, number];
    return Float32Array.from({ length: rank * copies * M * 2 }, (_, i) => {
      const { re, im } = parts[Math.floor(i / (2 * copies * M))]!;
      return (i % 2 ? im : re)[Math.floor(i / 2) % M]!;
    });
  };

export function diagonalParameters(r: DiagonalSizes, { d_model }: Dims): Parameters {
  const { d_state: N, n_ssm, init, lr } = r;
  const M = N / 2;
  const own = { decay: false, weightDecay: 0, lr };
  /** One draw per copy for a random start, else the same row. */
  const poles =
    (part: 'decay' | 'frequency', store: (value: number) => number): Init =>
    ([copies], random) =>
      Float32Array.from(
        Array.from({ length: copies! }, () => [...startingPoles(init, N, random)[part]].map(store)).flat(),
      );
  return {
    [`${prefix}inv_dt`]: { shape: [d_model, 1], init: stepInit(r), ...own },
    [`${prefix}A_real`]: {
      shape: [n_ssm, M],
      init: poles('decay', (value) => stored(value, r.real_transform)),
      ...own,
    },
    [`${prefix}A_imag`]: {
      shape: [n_ssm, M],
      // As under the authors' transforms, never quite zero.
      init: poles('frequency', (value) => Math.max(value, 1e-4)),
      ...own,
    },
    [`${prefix}B`]: { shape: [1, n_ssm, M, 2], init: rowsOf(() => [startingB(init, N)]), ...own },
    [`${prefix}C`]: {
      shape: [kernelsOf(r), d_model, M, 2],
      init: normal(Math.SQRT1_2),
      decay: true,
    },
  };
}

/** (n_ssm, M) → (H, M): channel h reads row h mod n_ssm. */
export function tiled(x: Tensor, H: number): Tensor {
  const [copies, M] = x.shape as [number, number];
  if (copies === H) return x;
  return g.reshape(g.expand(g.reshape(x, [1, copies, M]), [H / copies, copies, M]), [H, M]);
}

/** The model in discrete time. */
export interface DiscreteModes {
  /** Δ, (H, 1). */
  readonly delta: Tensor;
  /** Continuous eigenvalues λ and ln of the discrete ones, (H, M). */
  readonly lambda: Complex;
  readonly a: Exponents;
  /** What a token writes into a state, (H, M). */
  readonly dB: Complex;
  /** (kernels, H, M) */
  readonly C: Complex;
  /** 2 where one state stands for a conjugate pair. */
  readonly gain: number;
  /** Of modes that may grow: where they are counted from, and what a token would write there. */
  readonly growth?: { readonly dB: Complex; readonly from: Counted };
}

/** ln((1 + z/2) / (1 - z/2)) with digits kept for small z. */
export function logBilinear(z: Complex): Complex {
  const quarter = g.mul(g.complex.squaredModulus(z), 0.25);
  return {
    re: g.atanh(g.div(z.re, g.add(1, quarter))),
    im: g.atan2(z.im, g.sub(1, quarter)),
  };
}

/** λΔ; with the bits of the angle that many tokens bring to light where those of Δ are known. */
function exponents(lambda: Complex, delta: Tensor, deltaRest: Tensor | undefined): Exponents {
  const z = cscale(lambda, delta);
  const rest = g.productRest(lambda.im, delta, z.im);
  const all = deltaRest ? g.add(rest, g.mul(g.stopGradient(lambda.im), deltaRest)) : rest;
  return { ...z, rest: all };
}

/**
 * ln of the discrete eigenvalues and the factor of B under a discretisation (S4D, section 3.3).
 * @param deltaRest what Δ lacks of the exact step, where it is known
 */
export function discretise(
  lambda: Complex,
  delta: Tensor,
  disc: 'zoh' | 'bilinear',
  deltaRest?: Tensor,
): { a: Exponents; factor: Complex } {
  if (disc === 'zoh') {
    const a = exponents(lambda, delta, deltaRest);
    return { a, factor: cmul(cexpm1(g.multiple(a, 1)), creciprocal(lambda)) };
  }
  const z = cscale(lambda, delta);
  const denominator = { re: g.sub(1, g.mul(z.re, 0.5)), im: g.neg(g.mul(z.im, 0.5)) };
  return { a: logBilinear(z), factor: cscale(creciprocal(denominator), delta) };
}

/** Δ and what it lacks (H, 1), λ and B (H, M) and C (kernels, H, M) from the parameters. */
function continuous(p: Tensors, r: DiagonalSizes, H: number) {
  const at = (name: string): Tensor => p[prefix + name]!;
  const delta = positive(at('inv_dt'), r.dt_transform);
  return {
    delta,
    deltaRest: positiveRest(at('inv_dt'), delta, r.dt_transform),
    lambda: {
      re: g.neg(tiled(positive(at('A_real'), r.real_transform), H)),
      im: g.neg(tiled(at('A_imag'), H)),
    },
    B: both(fromPairs(at('B')), (part) => tiled(g.reshape(part, [r.n_ssm, r.d_state / 2]), H)),
    C: fromPairs(at('C')),
  };
}

/** @param length of the kernel, which the softmax needs */
export function modes(p: Tensors, r: DiagonalSizes, H: number, length?: number): DiscreteModes {
  const { delta, deltaRest, lambda, B, C } = continuous(p, r, H);
  if (r.disc === 'softmax') {
    const a = exponents(lambda, delta, deltaRest);
    const { factor, from } = softmaxModes(lambda, a, length!);
    const there = cmul(factor, B);
    const dB = cmul(there, g.powers(a, g.neg(from.modes), from.token));
    return { delta, lambda, a, dB, C, gain: 1, growth: { dB: there, from } };
  }
  const { a, factor } = discretise(lambda, delta, r.disc, deltaRest);
  return { delta, lambda, a, dB: cmul(factor, B), C, gain: r.paired === false ? 1 : 2 };
}

/** Weights of the kernel's exponentials, 2 C dB: (kernels, H, M). */
export const weights = ({ C, dB, gain }: DiscreteModes): Complex => cscale(cmul(C, dB), gain);

/** One kernel per channel (kernels, H, M) as rows (count · H, M) of the kernels from `first` on. */
function modeRows(x: Complex, first: number, count: number): Complex {
  const [, H, M] = x.re.shape as [number, number, number];
  return both(x, (part) => g.reshape(g.slice(part, 0, first, first + count), [count * H, M]));
}

/** (H, batch, time) → (channels · H, batch, time). */
export function convolveDiagonal(u: Tensor, a: Exponents, w: Complex, r: BlockSizes): Tensor {
  const { channels } = r;
  const inputs = repeated(u, channels);
  const rows = g.mapped(a, (part) => repeatedRows(part, channels));
  const causal = g.diagonalConv(inputs, rows, modeRows(w, 0, channels));
  if (!r.bidirectional) return causal;
  return g.add(causal, g.diagonalConv(later(inputs), rows, modeRows(w, channels, channels), { ahead: true }));
}

/** (H, M) → (channels · H, M), the same for every kernel channel. */
function repeatedRows(x: Tensor, channels: number): Tensor {
  const [H, M] = x.shape as [number, number];
  if (channels === 1) return x;
  return g.reshape(g.expand(g.reshape(x, [1, H, M]), [channels, H, M]), [channels * H, M]);
}

/** The kernels written out: (kernels, H, length). */
export function writtenKernel(m: DiscreteModes, length: number): Tensor {
  const [kernels, H] = m.C.re.shape as [number, number, number];
  const rows = (part: Tensor): Tensor => repeatedRows(part, kernels);
  const { growth } = m;
  const w = modeRows(weights({ ...m, ...(growth && { dB: growth.dB }) }), 0, kernels);
  const from = growth && { ...growth.from, modes: rows(growth.from.modes) };
  const kernel = g.diagonalKernel(g.mapped(m.a, rows), w, length, from);
  return g.reshape(kernel, [kernels, H, length]);
}

/** The kernels of a layer's parameters, (kernels, H, length). */
export const kernelOf = (p: Tensors, r: DiagonalSizes, H: number, length: number): Tensor =>
  writtenKernel(modes(p, r, H, length), length);

/** The model on the real and imaginary parts of its states, in chunks. */
export function diagonalSpace({ a, dB, C, gain }: DiscreteModes): StateSpace {
  const [H, M] = a.re.shape as [number, number];
  const column = <A extends Complex>(x: A): A => g.reshaped(x, [H, M, 1]);
  /** exp(a l) for l from `first` on, `count` of them: (H, M, count). */
  const powers = (first: number, count: number): Complex => {
    const steps = g.constant(
      Float32Array.from({ length: count }, (_, i) => first + i),
      [count],
    );
    return g.powers(column(a), steps);
  };
  const parts = (x: Complex): Tensor => g.concat([x.re, x.im], x.re.shape.length - 2);
  const written = (Q: number): Complex => cmul(column(dB), powers(0, Q));
  const read = cscale(C, gain);
  return {
    written: (Q) => parts(written(Q)),
    kernel(Q) {
      const row = g.unsqueeze(g.concat([read.re, g.neg(read.im)], 2), 2);
      return g.squeeze(g.matmul(row, parts(written(Q))), 2);
    },
    shown(Q) {
      const { re, im } = cmul(creshape(read, [...read.re.shape, 1]), powers(1, Q));
      return parts({ re, im: g.neg(im) });
    },
    after(x, count) {
      const kept = creshape(g.powers(a, count), [H, 1, M]);
      const now = { re: g.slice(x, 2, 0, M), im: g.slice(x, 2, M, 2 * M) };
      const { re, im } = cmul(kept, now);
      return g.concat([re, im], 2);
    },
  };
}

/**
 * One token.
 * @param u (batch, H)
 * @param state (batch, H, M, 2)
 * @returns what the states give, (batch, channels, H), and the next state
 */
export function stepDiagonal(
  u: Tensor,
  state: Tensor,
  { a, dB, C, gain }: DiscreteModes,
): { read: Tensor; state: Tensor } {
  const column = g.unsqueeze(u, 2);
  const x = cadd(cmul(g.powers(a, 1), fromPairs(state)), cscale(dB, column));
  const [batch, H, M] = x.re.shape as [number, number, number];
  const products = cmul(C, creshape(x, [batch, 1, H, M])).re;
  return { read: g.mul(g.sum(products, [3]), gain), state: toPairs(x) };
}
