/**
 * @file The state space model of S4, diagonal plus low rank, after `SSMKernelDPLR` of state-spaces/s4
 * (models/s4/s4.py at e757cef): parameters, kernel, one step.
 */
import * as g from '../../graph';
import type { Complex, Tensor } from '../../graph';
import type { Dims, Parameters, Tensors } from '../define';
import type { Init } from '../init';
import { denseSpace, type StateSpace } from './continue';
import { rowsOf, stepInit, tiled } from './diagonal-ssm';
import { normalForm, type ComplexVector, type Measure } from './hippo';
import { clipped } from './poles';
import { kernelsOf, type BlockSizes } from './s4-block';
import { tilde } from './tilde';
import { positive, stored, type Transform } from './transforms';

const { both, fromPairs, toPairs } = g.complex;

export interface DplrSizes extends BlockSizes {
  readonly d_state: number;
  readonly n_ssm: number;
  readonly init: Measure;
  readonly rank: number;
  /** Length that the trained output map belongs to. */
  readonly l_max: number;
  readonly dt_min: number;
  readonly dt_max: number;
  readonly dt_transform: Transform;
  readonly lr: number;
}

const prefix = 'layer.kernel.';

export function dplrParameters(r: DplrSizes, { d_model }: Dims): Parameters {
  const { d_state: N, n_ssm, rank, init, lr } = r;
  const M = N / 2;
  const own = { decay: false, weightDecay: 0, lr };
  const form = () => normalForm(init, N, rank);
  const real =
    (value: (lambda: ComplexVector, n: number) => number): Init =>
    (shape) => {
      const { Lambda } = form();
      return Float32Array.from({ length: shape[0]! * M }, (_, i) => value(Lambda, i % M));
    };
  return {
    [`${prefix}inv_dt`]: { shape: [d_model, 1], init: stepInit(r), ...own },
    [`${prefix}A_real`]: { shape: [n_ssm, M], init: real(({ re }, n) => stored(-re[n]!, 'exp')), ...own },
    [`${prefix}A_imag`]: { shape: [n_ssm, M], init: real(({ im }, n) => Math.max(-im[n]!, 1e-4)), ...own },
    [`${prefix}B`]: { shape: [1, n_ssm, M, 2], init: rowsOf(() => [clipped(form().B)]), ...own },
    [`${prefix}P`]: { shape: [rank, n_ssm, M, 2], init: rowsOf(() => form().P), ...own },
    [`${prefix}C`]: { shape: [kernelsOf(r), d_model, M, 2], init: outputInit(r), decay: true },
  };
}

/** A complex normal C, times I - dAᴸ of the step sizes and matrices that were drawn before it. */
const outputInit =
  (r: DplrSizes): Init =>
  (shape, random, drawn) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const C = Float64Array.from({ length: count }, () => Math.SQRT1_2 * random.normal());
    prepareOutput(C, r, shape[1]!, (name) => {
      const found = drawn?.(prefix + name);
      if (!found) throw new Error(`C of S4 is drawn after ${name}.`);
      return found;
    });
    return Float32Array.from(C);
  };

/**
 * Replaces C by C (I - dAᴸ).
 * @param C (kernels, H, M, 2)
 * @param values of the other parameters by their names
 */
export function prepareOutput(
  C: Float64Array,
  r: DplrSizes,
  H: number,
  values: (name: string) => ArrayLike<number>,
): void {
  const M = r.d_state / 2;
  const [dt, re, im, P] = ['inv_dt', 'A_real', 'A_imag', 'P'].map(values) as [
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
  ];
  const part = (read: (n: number) => number): Float64Array =>
    Float64Array.from({ length: M }, (_, n) => read(n));
  for (let row = 0; row < C.length / (2 * M); row++) {
    const h = row % H;
    const copy = (h % r.n_ssm) * M;
    const delta = r.dt_transform === 'exp' ? Math.exp(dt[h]!) : Math.log1p(Math.exp(dt[h]!));
    const lambda = { re: part((n) => -Math.exp(re[copy + n]!)), im: part((n) => -im[copy + n]!) };
    const ranks = Array.from({ length: r.rank }, (_, rank): ComplexVector => {
      const first = rank * r.n_ssm * M + copy;
      return { re: part((n) => P[2 * (first + n)]!), im: part((n) => P[2 * (first + n) + 1]!) };
    });
    const place = C.subarray(row * 2 * M, (row + 1) * 2 * M);
    place.set(tilde(place, { lambda, P: ranks, delta }, r.l_max));
  }
}

/** What the operators take, from the parameters. */
export function dplrModel(p: Tensors, r: DplrSizes, H: number): g.DplrModel {
  const at = (name: string): Tensor => p[prefix + name]!;
  const M = r.d_state / 2;
  const copies = (x: Complex, row: number): Complex =>
    both(x, (part) => tiled(g.reshape(g.slice(part, 0, row, row + 1), [r.n_ssm, M]), H));
  const pairs = fromPairs(at('P'));
  const P = Array.from({ length: r.rank }, (_, rank) => copies(pairs, rank));
  const joined = (part: keyof Complex): Tensor =>
    g.stack(
      P.map((x) => x[part]),
      0,
    );
  return {
    delta: positive(at('inv_dt'), r.dt_transform),
    lambda: { re: g.neg(tiled(g.exp(at('A_real')), H)), im: g.neg(tiled(at('A_imag'), H)) },
    P: { re: joined('re'), im: joined('im') },
    B: copies(fromPairs(at('B')), 0),
    C: fromPairs(at('C')),
  };
}

/** The Fourier measure has modes that decay by 1e-4 Δ only. */
const SLOW_HORIZON = 2 ** 28;

const horizonOf = ({ init }: DplrSizes): number | undefined => (init === 'fout' ? SLOW_HORIZON : undefined);

/** The output map C of the recurrence from the trained one, (kernels, H, M). */
const outputOf = (model: g.DplrModel, recurrence: g.DplrRecurrence, r: DplrSizes): Complex =>
  g.recoverOutput(model.C, g.realChange(recurrence), r.l_max, horizonOf(r));

/**
 * The kernel, (kernels, H, l_max). Λ of LegT and FouT lies on the imaginary axis, where Cauchy sums in float32 lose
 * gradients; LegS is away from it.
 */
export const dplrKernel = (model: g.DplrModel, r: DplrSizes): Tensor =>
  r.init === 'legs' ? g.dplrKernel(model, r.l_max) : g.dplrKernelByPowers(model, r.l_max, horizonOf(r));

/** The model on the real and imaginary parts of its states, in chunks. */
export function dplrSpace(model: g.DplrModel, r: DplrSizes): StateSpace {
  const recurrence = g.dplrRecurrence(model);
  const A = g.realMatrix(recurrence);
  const { re, im } = outputOf(model, recurrence, r);
  return denseSpace({
    A,
    B: g.concat([recurrence.dB.re, recurrence.dB.im], 1),
    // Both of each conjugate pair: 2 Re(C x).
    C: g.concat([g.mul(re, 2), g.mul(im, -2)], 2),
  });
}

/**
 * One token.
 * @param u (batch, H); @param state (batch, H, M, 2)
 * @returns what the states give, (batch, channels, H), and the next state
 */
export function stepDplr(
  u: Tensor,
  state: Tensor,
  model: g.DplrModel,
  r: DplrSizes,
): { read: Tensor; state: Tensor } {
  const recurrence = g.dplrRecurrence(model);
  const x = g.dplrStep(recurrence, fromPairs(state), u);
  const C = outputOf(model, recurrence, r);
  const [batch, H, M] = x.re.shape as [number, number, number];
  const products = g.complex.cmul(C, g.complex.creshape(x, [batch, 1, H, M])).re;
  return { read: g.mul(g.sum(products, [3]), 2), state: toPairs(x) };
}
