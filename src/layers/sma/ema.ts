/**
 * @file The multi-dimensional damped moving average of Mega and SeqBoat (Ma et al., 2022, arXiv 2209.10655): a real
 * diagonal state space model with fixed input and output maps, run as a selective scan whose step size is 1.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Parameters, StateSpec, Tensors } from '../define';
import { truncatedNormal } from '../init';

export interface EmaSizes {
  readonly ndim: number;
  readonly bidirectional: boolean;
  /** Tokens after which an input is forgotten altogether, its own included; undefined for never. */
  readonly truncation?: number | undefined;
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

interface Coefficients {
  /** What stays of the state, its logarithm, and the input and output maps of the state, each (channels, ndim). */
  readonly q: Tensor;
  readonly logarithm: Tensor;
  readonly B: Tensor;
  readonly C: Tensor;
}

/** Of one direction, whose rows begin at `from`. */
function coefficients(p: Tensors, from: number, channels: number): Coefficients {
  const rows = (key: string): Tensor => {
    const all = p[name(key)]!;
    const [, ndim] = all.shape as [number, number];
    return g.reshape(g.slice(all, 0, from, from + channels), [channels, ndim]);
  };
  const written = g.sigmoid(rows('delta'));
  const gone = g.mul(written, g.sigmoid(rows('alpha')));
  const ndim = gone.shape[1]!;
  return {
    q: g.sub(1, gone),
    // Not of q, in which little that goes has lost its bits.
    logarithm: g.log1p(g.neg(gone)),
    B: g.mul(written, rows('beta')),
    C: g.mul(rows('gamma'), Math.sqrt(1 / ndim)),
  };
}

/** What is left of an input after so many tokens: it then leaves a truncated average. */
const leaving = (all: Coefficients, tokens: number): Coefficients => ({
  ...all,
  B: g.mul(all.B, g.exp(g.mul(all.logarithm, tokens))),
});

/** @param u (time, batch, channels) */
const scan = (
  u: Tensor,
  { logarithm: A, B, C }: Coefficients,
  more: { D?: Tensor; initialState?: Tensor } = {},
) => g.selectiveScan({ u, delta: g.ones(u.shape), A, B, C, ...more });

/** (batch, time, channels) → the same; both directions hold the token itself. */
export function ema(x: Tensor, p: Tensors, { bidirectional, truncation }: EmaSizes): Tensor {
  const [, length, channels] = x.shape as [number, number, number];
  const u = g.transpose(x, [1, 0, 2]);
  const run = (input: Tensor, from: number, D?: Tensor): Tensor => {
    const all = coefficients(p, from, channels);
    const { y } = scan(input, all, D ? { D } : {});
    if (truncation === undefined || truncation >= length) return y;
    const late = g.pad(g.slice(input, 0, 0, length - truncation), 0, truncation, 0);
    return g.sub(y, scan(late, leaving(all, truncation)).y);
  };
  const forth = run(u, 0, p[name('omega')]!);
  const y = bidirectional ? g.add(forth, g.flip(run(g.flip(u, 0), channels), 0)) : forth;
  return g.transpose(y, [1, 0, 2]);
}

/** What a decoding step keeps: the average, and the inputs that are still in a truncated one, newest first. */
export const emaState = ({ ndim, truncation }: EmaSizes, d_model: number): StateSpec => ({
  ema_state: [d_model, ndim],
  ...(truncation === undefined ? {} : { ema_inputs: [d_model, truncation] }),
});

/** Several tokens that continue from a state: `x` (batch, time, channels). */
export function emaFrom(x: Tensor, state: Tensors, p: Tensors): { y: Tensor; state: Tensors } {
  const [, length, channels] = x.shape as [number, number, number];
  const all = coefficients(p, 0, channels);
  const u = g.transpose(x, [1, 0, 2]);
  const D = p[name('omega')]!;
  const { y, lastState } = scan(u, all, { D, initialState: state['ema_state']! });
  const past = state['ema_inputs'];
  if (!past) return { y: g.transpose(y, [1, 0, 2]), state: { ema_state: lastState } };
  const truncation = past.shape[2]!;
  const inputs = g.concat([g.transpose(g.flip(past, 2), [2, 0, 1]), u], 0);
  const gone = scan(g.slice(inputs, 0, 0, length), leaving(all, truncation));
  const kept = g.flip(g.slice(inputs, 0, length, length + truncation), 0);
  return {
    y: g.transpose(g.sub(y, gone.y), [1, 0, 2]),
    state: { ema_state: g.sub(lastState, gone.lastState), ema_inputs: g.transpose(kept, [1, 2, 0]) },
  };
}

/** One token: `x` (batch, channels). */
export function emaStep(x: Tensor, state: Tensors, p: Tensors): { y: Tensor; state: Tensors } {
  const all = coefficients(p, 0, x.shape[1]!);
  const newest = g.unsqueeze(x, 2);
  const past = state['ema_inputs'];
  let h = g.add(g.mul(all.q, state['ema_state']!), g.mul(all.B, newest));
  let inputs: Tensor | undefined;
  if (past) {
    const last = past.shape[2]! - 1;
    h = g.sub(h, g.mul(leaving(all, last + 1).B, g.slice(past, 2, last, last + 1)));
    inputs = g.concat([newest, g.slice(past, 2, 0, last)], 2);
  }
  const y = g.add(g.sum(g.mul(h, all.C), [2]), g.mul(p[name('omega')]!, x));
  return { y, state: { ema_state: h, ...(inputs ? { ema_inputs: inputs } : {}) } };
}
