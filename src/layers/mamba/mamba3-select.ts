/** @file What a token of Mamba-3 selects: step size, decay, trapezoid, angle, input and output maps per head. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Tensors } from '../define';
import { divide } from '../parts/projection';

/** Of the norms of B and C; the authors' constant. */
const EPS = 1e-5;

export interface Mamba3Sizes {
  readonly d_inner: number;
  readonly d_state: number;
  readonly headdim: number;
  readonly nheads: number;
  readonly ngroups: number;
  /** Inputs and outputs per head: 1 unless MIMO. */
  readonly rank: number;
  readonly is_mimo: boolean;
  /** Pairs of the state that rotate. */
  readonly num_rope_angles: number;
  readonly A_floor: number;
  readonly chunk_size: number;
}

/** Widths of the parts of in_proj: z, x, B, C, δ, a, λ, θ. */
export const widths = (r: Mamba3Sizes): number[] => {
  const maps = r.ngroups * r.d_state * r.rank;
  return [r.d_inner, r.d_inner, maps, maps, r.nheads, r.nheads, r.nheads, r.num_rope_angles];
};

/** Everything by (batch, time). */
export interface Selected {
  /** Gate before its SiLU, one row for all ranks: (batch, time, 1, heads, headdim). */
  readonly z: Tensor;
  /** Input (batch, time, heads, headdim), and what each rank makes of it (batch, time, rank, heads, headdim). */
  readonly x: Tensor;
  readonly v: Tensor;
  /** Maps with norm and bias, before they rotate: (batch, time, rank, heads, state). */
  readonly B: Tensor;
  readonly C: Tensor;
  /** Step size, decay rate and share of the current token in the trapezoid: (batch, time, heads). */
  readonly delta: Tensor;
  readonly A: Tensor;
  readonly lambda: Tensor;
  /** What the token adds to the angles: (batch, time, heads, pairs). */
  readonly turn: Tensor;
}

/** @param projected (batch, time, in_proj) */
export function select(projected: Tensor, p: Tensors, r: Mamba3Sizes): Selected {
  const [batch, length] = projected.shape as [number, number, number];
  const parts = divide(projected, widths(r)) as Tensor[];
  const [z, x, B, C, dt, a, lambda, theta] = parts as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const heads = g.reshape(x, [batch, length, r.nheads, r.headdim]);
  const delta = g.softplus(g.add(dt, p['dt_bias']!));
  const turned = g.mul(g.tanh(theta), Math.PI);
  return {
    z: g.reshape(z, [batch, length, 1, r.nheads, r.headdim]),
    x: heads,
    v: perRankOf(heads, p, r),
    B: map(B, p['B_norm.weight']!, p['B_bias']!, r),
    C: map(C, p['C_norm.weight']!, p['C_bias']!, r),
    delta,
    A: g.minimum(g.neg(rate(a)), -r.A_floor),
    lambda: g.sigmoid(lambda),
    turn: g.mul(g.unsqueeze(turned, 2), g.unsqueeze(delta, 3)),
  };
}

/** What each rank makes of an input (…, heads, headdim): (…, rank, heads, headdim). */
export function perRankOf(x: Tensor, p: Tensors, r: Mamba3Sizes): Tensor {
  const one = g.unsqueeze(x, x.shape.length - 2);
  return r.is_mimo ? g.mul(one, g.transpose(p['mimo_x']!, [1, 0, 2])) : one;
}

/** 1 + a from zero on, 1 / (1 − a) below: positive, smooth once, growing as slowly as its argument. */
const rate = (a: Tensor): Tensor => g.add(g.relu(a), g.reciprocal(g.add(g.relu(g.neg(a)), 1)));

/** Norm over the state, spread from groups to heads, plus the heads' biases. */
function map(x: Tensor, weight: Tensor, bias: Tensor, r: Mamba3Sizes): Tensor {
  const [batch, length] = x.shape as [number, number, number];
  const { rank, ngroups, nheads, d_state } = r;
  const rows = g.rmsNorm(g.reshape(x, [batch, length, rank, ngroups, d_state]), weight, EPS);
  const wide = g.expand(g.unsqueeze(rows, 4), [batch, length, rank, ngroups, nheads / ngroups, d_state]);
  const perHead = g.reshape(wide, [batch, length, rank, nheads, d_state]);
  return g.add(perHead, g.transpose(bias, [1, 0, 2]));
}
