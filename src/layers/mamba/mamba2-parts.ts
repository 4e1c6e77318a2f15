/** @file The pieces of the Mamba-2 block that its parallel form and its decoding step share. */
import * as g from '../../graph';
import type { Tensors } from '../define';
import { gatedNorm } from '../parts/gated-norm';
import { project } from '../parts/projection';
import { timeMajor } from '../parts/time-major';

/** The options with every derived size. */
export interface Mamba2Sizes {
  readonly d_inner: number;
  /** Channels that pass the scan. */
  readonly d_ssm: number;
  readonly d_state: number;
  readonly headdim: number;
  readonly nheads: number;
  readonly ngroups: number;
  /** Channels of the convolution: x, B and C. */
  readonly d_xbc: number;
  readonly dt_limit: readonly [number, number];
  readonly D_has_hdim: boolean;
  readonly norm_before_gate: boolean;
  /** Groups of channels with statistics of their own in the gated norm, and what is added to their mean square. */
  readonly norm_groups: number;
  readonly gated_norm_eps: number;
  readonly in_proj_scales?: readonly [z: number, x: number, B: number, C: number, dt: number] | undefined;
}

/** z0, x0 (absent when every channel passes the scan), z, [x, B, C], δ. */
export type Divided = [g.Tensor | undefined, g.Tensor | undefined, g.Tensor, g.Tensor, g.Tensor];

/** Widths of the parts of in_proj, in the order of `Divided`. */
export const widths = (r: Mamba2Sizes): number[] => [
  r.d_inner - r.d_ssm,
  r.d_inner - r.d_ssm,
  r.d_ssm,
  r.d_xbc,
  r.nheads,
];
export const scanWidths = (r: Mamba2Sizes): number[] => [
  r.d_ssm,
  r.ngroups * r.d_state,
  r.ngroups * r.d_state,
];

/** The factor of every row of in_proj; undefined where there are none. */
export function rowScales(
  r: Pick<Mamba2Sizes, 'in_proj_scales' | 'd_ssm' | 'ngroups' | 'd_state' | 'nheads'>,
): Float32Array | undefined {
  if (!r.in_proj_scales) return undefined;
  const maps = r.ngroups * r.d_state;
  const counts = [r.d_ssm, r.d_ssm, maps, maps, r.nheads];
  return Float32Array.from(
    r.in_proj_scales.flatMap((factor, i) => new Array<number>(counts[i]!).fill(factor)),
  );
}

/** What in_proj gives, scaled. */
export function projected(x: g.Tensor, p: Tensors, r: Mamba2Sizes): g.Tensor {
  const given = project(x, p, 'in_proj');
  const scales = rowScales(r);
  return scales ? g.mul(given, g.constant(scales, [scales.length])) : given;
}

/** Δ (…, heads) from δ: softplus with bias, then the limits. */
export function stepSize(dt: g.Tensor, p: Tensors, r: Mamba2Sizes): g.Tensor {
  const [low, high] = r.dt_limit;
  let delta = g.softplus(g.add(dt, p['dt_bias']!));
  if (low > 0) delta = g.maximum(delta, low);
  if (Number.isFinite(high)) delta = g.minimum(delta, high);
  return delta;
}

/** A quantity per head or per channel as (d_ssm). */
export function perChannel(D: g.Tensor, r: Mamba2Sizes): g.Tensor {
  if (D.shape[0] === r.d_ssm && r.D_has_hdim) return D;
  return g.reshape(g.expand(g.unsqueeze(D, 1), [r.nheads, r.headdim]), [r.d_ssm]);
}

/** Gate, norm, the gated MLP channels in front, output projection. */
export function finish(
  y: g.Tensor,
  zt: g.Tensor,
  z0: g.Tensor | undefined,
  x0: g.Tensor | undefined,
  p: Tensors,
  r: Mamba2Sizes,
): g.Tensor {
  const weight = p['norm.weight'];
  const gated = weight
    ? gatedNorm(y, zt, weight, {
        groups: r.norm_groups,
        before: r.norm_before_gate,
        eps: r.gated_norm_eps,
      })
    : g.siluGate(y, zt);
  const whole = z0 && x0 ? g.concat([g.siluGate(x0, z0), gated], y.shape.length - 1) : gated;
  return project(whole, p, 'out_proj');
}

/** The state that a token meets: the last one's, or the learned one before the first token. */
export function stateBefore(state: Tensors, p: Tensors, batch: number): g.Tensor {
  const kept = state['ssm_state']!;
  const initial = p['init_states'];
  if (!initial) return kept;
  const first = g.reshape(g.less(state['position']!, 0.5), [batch, 1, 1, 1]);
  return g.where(first, g.unsqueeze(initial, 0), kept);
}

/** What the scan runs over, per channel, per head and per group. */
interface Scanned {
  readonly u: g.Tensor;
  readonly delta: g.Tensor;
  readonly A: g.Tensor;
  readonly B: g.Tensor;
  readonly C: g.Tensor;
  readonly initial: g.Tensor | undefined;
}

/** Every state (batch, time, d_ssm, d_state), from the same recurrence written per channel. */
export function keptStates({ u, delta, A, B, C, initial }: Scanned, r: Mamba2Sizes): g.Tensor {
  const [batch, length] = u.shape as [number, number, number];
  const maps = (t: g.Tensor): g.Tensor => timeMajor(g.reshape(t, [batch, length, r.ngroups, r.d_state]));
  const spread = g.expand(g.unsqueeze(delta, 3), [batch, length, r.nheads, r.headdim]);
  const { states } = g.selectiveScan({
    u: timeMajor(u),
    delta: timeMajor(g.reshape(spread, [batch, length, r.d_ssm])),
    A: g.expand(g.unsqueeze(perChannel(A, { ...r, D_has_hdim: false }), 1), [r.d_ssm, r.d_state]),
    B: maps(B),
    C: maps(C),
    ...(initial
      ? {
          initialState: g.expand(g.reshape(initial, [1, r.d_ssm, r.d_state]), [batch, r.d_ssm, r.d_state]),
        }
      : {}),
    keepStates: true,
  });
  return timeMajor(states!);
}
