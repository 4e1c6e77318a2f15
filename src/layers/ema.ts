/**
 * @file The multi-dimensional damped moving average of Mega and SeqBoat (Ma et al., 2022, arXiv 2209.10655): a real
 * diagonal state space model with fixed input and output maps, run as a selective scan whose step size is 1.
 */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { Parameters, Tensors } from './define';
import { truncatedNormal } from './init';

export interface EmaSizes {
  readonly ndim: number;
  readonly bidirectional: boolean;
}

const name = (key: string): string => `ssm.${key}`;

/** `ssm.*`: a second set of rows for the way back when bidirectional. */
export function emaParameters({ ndim, bidirectional }: EmaSizes, d_model: number): Parameters {
  const rows = bidirectional ? 2 * d_model : d_model;
  const shape = [rows, ndim, 1];
  // Signs that alternate over the state.
  const beta = truncatedNormal(0.02);
  return {
    [name('delta')]: { shape, init: truncatedNormal(0.2), decay: false },
    [name('alpha')]: { shape, init: truncatedNormal(0.2), decay: false },
    [name('beta')]: {
      shape,
      init: (at, random) => beta(at, random).map((value, i) => value + ((i % ndim) % 2 === 0 ? 1 : -1)),
      decay: false,
    },
    [name('gamma')]: { shape: [rows, ndim], init: truncatedNormal(1), decay: false },
    [name('omega')]: { shape: [d_model], init: truncatedNormal(1), decay: false },
  };
}

/** What stays of the state, and its input and output maps, each (channels, ndim), of one direction. */
function coefficients(p: Tensors, from: number, channels: number): { q: Tensor; B: Tensor; C: Tensor } {
  const rows = (key: string): Tensor => {
    const all = p[name(key)]!;
    const [, ndim] = all.shape as [number, number];
    return g.reshape(g.slice(all, 0, from, from + channels), [channels, ndim]);
  };
  const written = g.sigmoid(rows('delta'));
  const q = g.sub(1, g.mul(written, g.sigmoid(rows('alpha'))));
  const ndim = q.shape[1]!;
  return { q, B: g.mul(written, rows('beta')), C: g.mul(rows('gamma'), Math.sqrt(1 / ndim)) };
}

/** (batch, time, channels) → the same; both directions hold the token itself. */
export function ema(x: Tensor, p: Tensors, { bidirectional }: EmaSizes): Tensor {
  const channels = x.shape[2]!;
  const u = g.transpose(x, [1, 0, 2]);
  const run = (input: Tensor, from: number, D?: Tensor): Tensor => {
    const { q, B, C } = coefficients(p, from, channels);
    const scan = { u: input, delta: g.ones(input.shape), A: g.log(q), B, C };
    return g.selectiveScan(D ? { ...scan, D } : scan).y;
  };
  const forth = run(u, 0, p[name('omega')]!);
  const y = bidirectional ? g.add(forth, g.flip(run(g.flip(u, 0), channels), 0)) : forth;
  return g.transpose(y, [1, 0, 2]);
}

/** Several tokens that continue from a state (batch, channels, ndim): `x` (batch, time, channels). */
export function emaFrom(x: Tensor, state: Tensor, p: Tensors): { y: Tensor; state: Tensor } {
  const { q, B, C } = coefficients(p, 0, x.shape[2]!);
  const u = g.transpose(x, [1, 0, 2]);
  const { y, lastState } = g.selectiveScan({
    u,
    delta: g.ones(u.shape),
    A: g.log(q),
    B,
    C,
    D: p[name('omega')]!,
    initialState: state,
  });
  return { y: g.transpose(y, [1, 0, 2]), state: lastState };
}

/** One token: `x` (batch, channels), state (batch, channels, ndim). */
export function emaStep(x: Tensor, state: Tensor, p: Tensors): { y: Tensor; state: Tensor } {
  const { q, B, C } = coefficients(p, 0, x.shape[1]!);
  const h = g.add(g.mul(q, state), g.mul(B, g.unsqueeze(x, 2)));
  const y = g.add(g.sum(g.mul(h, C), [2]), g.mul(p[name('omega')]!, x));
  return { y, state: h };
}
