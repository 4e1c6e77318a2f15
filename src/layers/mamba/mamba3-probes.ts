/** @file What the views can see of Mamba-3. Its maps carry names of their own: the scan is no plain Euler step. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { ForwardContext } from '../define';
import type { Mamba3Scan } from './mamba3-scan';
import type { Mamba3Sizes, Selected } from './mamba3-select';
import { probe } from '../parts/probe';
import { timeMajor } from '../parts/time-major';

const perHead = ['batch', 'time', 'head'];
const perChannel = ['batch', 'time', 'channel'];
const maps = ['batch', 'time', 'rank', 'head', 'state'];

export const mamba3Probes = {
  x: probe('Input of the scan.', perChannel),
  delta: probe('Step size Δ: how strongly a token is written.', perHead, 'positive'),
  A: probe('Decay rate A of the token.', perHead),
  A_bar: probe('Fraction of the state that is kept, exp(ΔA).', perHead, 'positive'),
  lambda: probe(
    'Share of the token itself, against the one before, in the trapezoidal rule.',
    perHead,
    'positive',
  ),
  angle: probe(
    'Accumulated rotation of the state, modulo 2π.',
    ['batch', 'time', 'head', 'pair'],
    'positive',
    'rad',
  ),
  B_rotated: probe('Input map with norm, bias and rotation.', maps),
  C_rotated: probe('Output map with norm, bias and rotation.', maps),
  D: probe('Skip weight D from the scan input to its output.', ['head']),
  state: probe('State h after the token.', ['batch', 'time', 'channel', 'state']),
  state_norm: probe('Euclidean norm of the state of a channel.', perChannel, 'positive'),
  y: probe('Output of the scan with the skip D·x, before the gate.', ['batch', 'time', 'rank', 'channel']),
  gate: probe('Gate silu(z) that multiplies the output, before the ranks scale it.', perChannel),
};

export function probeMamba3(
  ctx: ForwardContext,
  s: Selected,
  scan: Mamba3Scan & { readonly D: Tensor },
  r: Mamba3Sizes,
): void {
  const [batch, length, rank] = s.v.shape as [number, number, number];
  const channels = (t: Tensor): Tensor => g.reshape(t, [batch, length, r.d_inner]);
  const states = keptStates(s, scan, r);
  ctx.probe('x', channels(s.x));
  ctx.probe('delta', s.delta);
  ctx.probe('A', s.A);
  ctx.probe('A_bar', g.exp(g.mul(s.delta, s.A)));
  ctx.probe('lambda', s.lambda);
  ctx.probe('angle', scan.angle);
  ctx.probe('B_rotated', scan.B);
  ctx.probe('C_rotated', scan.C);
  ctx.probe('D', scan.D);
  ctx.probe('state', states);
  ctx.probe('state_norm', g.sqrt(g.sum(g.square(states), [3])));
  ctx.probe('y', g.reshape(scan.y, [batch, length, rank, r.d_inner]));
  ctx.probe('gate', g.silu(channels(s.z)));
}

/** Keeps a token without any decay from dividing by zero. */
const TINY = 1e-12;

/**
 * Every state (batch, time, channel, state): the recurrence of the weights for later tokens, rank by rank, less what
 * the token itself has not been given yet. The selective scan's step size stands for the decay here.
 */
function keptStates(s: Selected, scan: Mamba3Scan, r: Mamba3Sizes): Tensor {
  const [batch, length, rank, heads, headdim] = s.v.shape as [number, number, number, number, number];
  const spread = (t: Tensor): Tensor =>
    g.reshape(g.expand(g.unsqueeze(t, 3), [batch, length, heads, headdim]), [batch, length, r.d_inner]);
  const delta = g.maximum(spread(g.neg(g.mul(s.delta, s.A))), TINY);
  const ofRank = (t: Tensor, i: number): Tensor => g.squeeze(g.slice(t, 2, i, i + 1), 2);
  const perRank = Array.from({ length: rank }, (_, i) => {
    const v = g.reshape(ofRank(s.v, i), [batch, length, r.d_inner]);
    const B = ofRank(scan.B, i);
    const { states } = g.selectiveScan({
      u: timeMajor(g.div(g.mul(v, spread(scan.later)), delta)),
      delta: timeMajor(delta),
      A: g.full([r.d_inner, r.d_state], -1),
      B: timeMajor(B),
      C: timeMajor(ofRank(scan.C, i)),
      keepStates: true,
    });
    const missing = g.mul(v, spread(g.sub(scan.own, scan.later)));
    const wide = g.expand(g.unsqueeze(B, 3), [batch, length, heads, headdim, r.d_state]);
    const map = g.reshape(wide, [batch, length, r.d_inner, r.d_state]);
    return g.add(timeMajor(states!), g.mul(g.unsqueeze(missing, 3), map));
  });
  return perRank.reduce((total, states) => g.add(total, states));
}
