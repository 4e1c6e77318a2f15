/**
 * @file What the scan views look at, under the same names and axes for every selective scan, so that one panel
 * shows the recurrence of all of them: h ← A_bar · h + delta · x · B,  y = h · C + D · x,  output = y · gate.
 */
import type { ProbeSpec } from '../define';
import { probe } from '../parts/probe';

const perChannel = ['batch', 'time', 'channel'];
const perState = ['batch', 'time', 'channel', 'state'];

/**
 * @param axes where the layer keeps its step size (`delta`), decay and input/output maps; the rest is per channel
 */
export const scanProbes = (axes: {
  readonly delta: readonly string[];
  readonly A: readonly string[];
  readonly A_bar: readonly string[];
  readonly maps: readonly string[];
}): Readonly<Record<string, ProbeSpec>> => ({
  x: probe('Input of the scan: after convolution and SiLU.', perChannel),
  delta: probe('Step size Δ: how strongly a token is written.', axes.delta, 'positive'),
  A: probe('Continuous decay rates A = −exp(A_log).', axes.A),
  A_bar: probe('Fraction of the state that is kept, exp(ΔA).', axes.A_bar, 'positive'),
  B: probe('Input map B: where in the state a token is written.', axes.maps),
  C: probe('Output map C: what is read from the state.', axes.maps),
  D: probe('Skip weight D from the scan input to its output.', ['channel']),
  state: probe('State h after the token.', perState),
  state_norm: probe('Euclidean norm of the state of a channel.', perChannel, 'positive'),
  y: probe('Output of the scan with the skip D·x, before the gate.', perChannel),
  gate: probe('Gate silu(z) that multiplies the output.', perChannel),
});
