/**
 * @file What S4, S4D and DSS share around their kernels, after `S4Block` and `FFTConv` of state-spaces/s4
 * (models/s4/s4.py at e757cef): convolution, skip, activation, then a linear map with a gated linear unit.
 * Inside, tensors are channel-major: (channel, batch, time).
 */
import * as z from 'zod';
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Dims, ForwardContext, Parameters, Problem, Tensors } from '../define';
import { nearestDivisor } from '../parts/divisors';
import { dropoutRate, dropper, keepAll, type Drop } from '../parts/dropout';
import { linear, normal, uniform } from '../init';
import { withoutPadding } from '../parts/padding';
import { linearParameters } from '../parts/projection';
import { stepProblems, stepRange } from '../parts/scan-options';
import { complexStates, continueFrom, realRows, type StateSpace } from './continue';

export const stateSize = z
  .int()
  .positive()
  .default(64)
  .describe('State size per channel: d_state / 2 complex states, which stand for conjugate pairs.')
  .meta({ symbol: 'N' });

export const blockFields = {
  channels: z
    .int()
    .positive()
    .default(1)
    .describe('Kernels per channel of the input; the output linear map reads all of them.'),
  bidirectional: z
    .boolean()
    .default(false)
    .describe('A second kernel that looks ahead, from the next token on. Not for language models.'),
  activation: z
    .enum(['gelu', 'silu', 'relu', 'none'])
    .default('gelu')
    .describe('Activation behind convolution and skip.'),
  final_act: z
    .enum(['glu', 'none'])
    .default('glu')
    .describe('Behind the output linear map: a gated linear unit, or nothing.'),
  dropout: dropoutRate('Share of values that is dropped at the activation in every training step.'),
  tie_dropout: z.boolean().default(false).describe('Drop the same channels at every time step.'),
};

/** The step sizes Δ and how the parameters of the state space model are trained. */
export const stepFields = {
  ...stepRange,
  lr: z
    .number()
    .min(0)
    .default(0.001)
    .describe('Learning rate of Δ, A and B, which are not decayed; their authors keep it at 0.001 or below.'),
};

export const transformFields = {
  dt_transform: z
    .enum(['exp', 'softplus'])
    .default('exp')
    .describe('Positive function that gives Δ from its parameter.'),
};

export const sharedFields = {
  n_ssm: z
    .int()
    .positive()
    .optional()
    .describe('Copies of A and B; channel h uses copy h mod n_ssm. One per channel unless given.'),
};

export interface BlockSizes {
  readonly channels: number;
  readonly bidirectional: boolean;
  readonly activation: 'gelu' | 'silu' | 'relu' | 'none';
  readonly final_act: 'glu' | 'none';
}

/** Kernels per input channel. */
export const kernelsOf = ({ channels, bidirectional }: BlockSizes): number =>
  channels * (bidirectional ? 2 : 1);

/** States come in conjugate pairs. */
export function checkPairs(d_state: number): Problem[] {
  if (d_state % 2 === 0) return [];
  const message =
    `d_state (${d_state}) must be even: the complex states come in conjugate pairs, ` +
    'and one of each pair is kept.';
  return [{ path: ['d_state'], message, suggestion: d_state + 1 }];
}

function checkCopies(n_ssm: number | undefined, { d_model }: Dims): Problem[] {
  if (n_ssm === undefined || d_model % n_ssm === 0) return [];
  const message = `n_ssm (${n_ssm}) must divide d_model (${d_model}).`;
  return [{ path: ['n_ssm'], message, suggestion: nearestDivisor(d_model, n_ssm) }];
}

/** What S4, S4D and DSS check alike. */
export const blockProblems = (
  o: { readonly d_state: number; readonly n_ssm?: number | undefined; dt_min: number; dt_max: number },
  dims: Dims,
): Problem[] => [...checkPairs(o.d_state), ...stepProblems(o), ...checkCopies(o.n_ssm, dims)];

/** One complex state of each pair, per channel. */
export const blockState = (
  { d_state }: { readonly d_state: number },
  { d_model }: Dims,
): { ssm_state: number[] } => ({ ssm_state: [d_model, d_state / 2, 2] });

/** Skip weight and output linear map; the kernel's parameters come first. */
export function blockParameters(r: BlockSizes, { d_model }: Dims, kernel: Parameters): Parameters {
  const inputs = r.channels * d_model;
  const outputs = r.final_act === 'glu' ? 2 * d_model : d_model;
  return {
    ...kernel,
    'layer.D': { shape: [r.channels, d_model], init: normal(1), decay: true },
    ...linearParameters('output_linear.0', inputs, outputs, { init: linear(inputs) }),
    'output_linear.0.bias': { shape: [outputs], init: uniform(1 / Math.sqrt(inputs)), decay: false },
  };
}

const activations = {
  gelu: g.gelu,
  silu: g.silu,
  relu: g.relu,
  none: (x: Tensor): Tensor => x,
};

/** (H, batch, time) once per kernel channel: (channels · H, batch, time). */
export function repeated(u: Tensor, channels: number): Tensor {
  const [H, ...rest] = u.shape as [number, number, number];
  if (channels === 1) return u;
  const copies = g.expand(g.reshape(u, [1, H, ...rest]), [channels, H, ...rest]);
  return g.reshape(copies, [channels * H, ...rest]);
}

/**
 * Convolution with kernels that are written out.
 * @param u (H, batch, time)
 * @param kernel (kernels, H, taps)
 * @returns (channels · H, batch, time)
 */
export function convolveWritten(u: Tensor, kernel: Tensor, r: BlockSizes): Tensor {
  const { channels } = r;
  const [, H, taps] = kernel.shape as [number, number, number];
  const inputs = repeated(u, channels);
  const part = (first: number): Tensor =>
    g.reshape(g.slice(kernel, 0, first, first + channels), [channels * H, taps]);
  const causal = g.longConv(inputs, part(0));
  return r.bidirectional ? g.add(causal, g.longConv(later(inputs), part(channels), { ahead: true })) : causal;
}

/** The input (batch, time, H) of a convolution: one that looks ahead must not find padding there. */
export const seenBy = (r: Pick<BlockSizes, 'bidirectional'>, x: Tensor, ctx: ForwardContext): Tensor =>
  r.bidirectional ? withoutPadding(x, ctx) : x;

/** Every token's successor: a kernel that looks ahead begins at distance 1. */
export const later = (u: Tensor): Tensor => g.pad(g.slice(u, 2, 1, u.shape[2]!), 2, 0, 1);

export interface BlockOutput {
  /** (batch, time, d_model) */
  readonly out: Tensor;
  /** Behind convolution and skip: (channels · H, batch, time). */
  readonly y: Tensor;
}

/** y = K ∗ u + D u, with D (channels, H): (channels · H, batch, time). */
export const skipped = (u: Tensor, convolved: Tensor, D: Tensor, r: BlockSizes): Tensor =>
  g.add(convolved, g.mul(g.reshape(D, [convolved.shape[0]!, 1, 1]), repeated(u, r.channels)));

/** What a training step drops, of (channel, batch, time): before the activation, and behind it. */
export interface BlockDropout {
  readonly before: Drop;
  readonly behind: Drop;
}

const NOTHING: BlockDropout = { before: keepAll, behind: keepAll };

/** Twice, as the convolution and the block around it drop in the authors' code (`FFTConv`, `S4Block`). */
export function blockDropout(
  ctx: ForwardContext,
  { dropout, tie_dropout }: { readonly dropout: number; readonly tie_dropout: boolean },
): BlockDropout {
  const drop = dropper(ctx, dropout, tie_dropout ? [2] : []);
  return { before: drop, behind: drop };
}

/**
 * @param u (H, batch, time)
 * @param convolved (channels · H, batch, time)
 */
export function finish(
  u: Tensor,
  convolved: Tensor,
  p: Tensors,
  r: BlockSizes,
  { before, behind }: BlockDropout = NOTHING,
): BlockOutput {
  const [rows, batch, length] = convolved.shape as [number, number, number];
  const y = skipped(u, convolved, p['layer.D']!, r);
  const activated = behind(activations[r.activation](before(y, 'convolution')), 'activation');
  const active = g.reshape(activated, [rows, batch * length]);
  const [weight, bias] = [p['output_linear.0.weight']!, p['output_linear.0.bias']!];
  const d_model = u.shape[0]!;
  const map = (from: number, to: number): Tensor =>
    g.gemm(active, g.slice(weight, 0, from, to), true, true, g.slice(bias, 0, from, to));
  const mixed =
    r.final_act === 'none' ? map(0, d_model) : g.mul(map(0, d_model), g.sigmoid(map(d_model, 2 * d_model)));
  return { out: g.reshape(mixed, [batch, length, d_model]), y };
}

/** (batch, time, H) ↔ (H, batch, time) */
export const channelMajor = (x: Tensor): Tensor => g.transpose(x, [2, 0, 1]);
export const batchMajor = (x: Tensor): Tensor => g.transpose(x, [1, 2, 0]);

/**
 * The block for several tokens that continue from a state.
 * @param x (batch, time, H)
 * @param state `ssm_state` (batch, H, M, 2)
 */
export function finishFrom(
  x: Tensor,
  state: Tensors,
  model: StateSpace,
  p: Tensors,
  r: BlockSizes,
): { y: Tensor; state: Tensors } {
  const u = channelMajor(x);
  const next = continueFrom(u, realRows(state['ssm_state']!), model);
  return { y: finish(u, next.y, p, r).out, state: { ssm_state: complexStates(next.state) } };
}

/**
 * The block for one token.
 * @param u (batch, H)
 * @param read (batch, channels, H), what the states give
 */
export function finishStep(u: Tensor, read: Tensor, p: Tensors, r: BlockSizes): Tensor {
  const [batch, H] = u.shape as [number, number];
  const column = (x: Tensor): Tensor => g.reshape(g.transpose(x, [1, 0]), [-1, batch, 1]);
  const convolved = column(g.reshape(read, [batch, r.channels * H]));
  return g.reshape(finish(column(u), convolved, p, r).out, [batch, H]);
}
