/** @file What the views can see of Hydra: each direction's selection, the diagonal, and the matrix as a whole. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { ForwardContext, ProbeSpec } from '../define';
import { probe } from '../parts/probe';
import { quasiseparableMatrix, type TwoScans } from './quasiseparable';

const perHead = ['batch', 'time', 'head'];
const maps = ['batch', 'time', 'group', 'state'];
const perChannel = ['batch', 'time', 'channel'];

const direction = (suffix: string, words: string): Record<string, ProbeSpec> => ({
  [`delta_${suffix}`]: probe(`Step size Δ of the scan ${words}.`, perHead, 'positive'),
  [`A_bar_${suffix}`]: probe(
    `Fraction of the state that is kept by the scan ${words}, exp(ΔA).`,
    perHead,
    'positive',
  ),
  [`B_${suffix}`]: probe(`Input map B of the scan ${words}.`, maps),
  [`C_${suffix}`]: probe(`Output map C of the scan ${words}.`, maps),
});

export const hydraProbes = {
  x: probe('Input of both scans: after convolution and SiLU.', perChannel),
  A: probe('Continuous decay rates A = −exp(A_log), shared by both directions.', ['head']),
  ...direction('forward', 'from left to right'),
  ...direction('backward', 'from right to left'),
  initial_state: probe('State that both directions start from: zero unless it is learned.', [
    'channel',
    'state',
  ]),
  diagonal: probe('Weight of the token itself, x · fc_Dᵀ + D.', perHead),
  matrix: probe('Weight of every position (key) for every output position (query).', [
    'batch',
    'head',
    'query',
    'key',
  ]),
  y: probe('Output of scans and diagonal, before the norm and the gate.', perChannel),
  gate: probe('Gate silu(z) that multiplies the output.', perChannel),
};

/** @param seen the scans, the diagonal's weights (batch, time, heads), y and gate (batch, time, channels) */
export function probeHydra(
  ctx: ForwardContext,
  seen: TwoScans & {
    readonly weight: Tensor;
    readonly y: Tensor;
    readonly gate: Tensor;
    readonly initial?: Tensor | undefined;
  },
): void {
  const [batch, length, heads, headdim] = seen.x.shape as [number, number, number, number];
  ctx.probe('x', g.reshape(seen.x, [batch, length, heads * headdim]));
  ctx.probe('A', seen.A);
  const states = [heads * headdim, seen.ahead.B.shape[3]!];
  ctx.probe('initial_state', seen.initial ? g.reshape(seen.initial, states) : g.zeros(states));
  for (const [suffix, { delta, B, C }] of [
    ['forward', seen.ahead],
    ['backward', seen.back],
  ] as const) {
    ctx.probe(`delta_${suffix}`, delta);
    ctx.probe(`A_bar_${suffix}`, g.exp(g.mul(delta, seen.A)));
    ctx.probe(`B_${suffix}`, B);
    ctx.probe(`C_${suffix}`, C);
  }
  ctx.probe('diagonal', seen.weight);
  ctx.probe('matrix', quasiseparableMatrix(seen, seen.weight));
  ctx.probe('y', seen.y);
  ctx.probe('gate', seen.gate);
}
