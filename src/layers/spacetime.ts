/**
 * @file SpaceTime's block: fixed preprocessing, a companion state space model, an MLP and a residual, after
 * HazyResearch/spacetime (model/block.py, model/ssm at 7b7398c). With a `horizon` its last positions are forecast in
 * closed loop from those before them.
 */
import * as z from 'zod';
import * as g from '../graph';
import { closedLoop, companionMatrix, normalised, openLoop, type Companion } from './spacetime/companion';
import { defineLayer, type Dims, type ParameterSpec, type Problem, type Tensors } from './define';
import { nearestDivisor } from './parts/divisors';
import { dropoutRate, dropper, keepAll, type Drop } from './parts/dropout';
import { normal, uniform } from './init';
import { continueFrom, denseSpace } from './lti/continue';
import { probe } from './parts/probe';
import { convolve, convolveFrom, convolveStep, linearParameters, project } from './parts/projection';
import { preprocessingTaps, tapsOf, type Preprocessing } from './spacetime/preprocess';

const options = z.strictObject({
  kernel_dim: z.int().positive().default(64).describe('State size of every kernel.').meta({ symbol: 'd' }),
  n_kernels: z
    .int()
    .positive()
    .optional()
    .describe('Kernels; channels in a row share one. Divides d_model; d_model / 8 unless given.'),
  norm_order: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .default(1)
    .describe('The feedback a is divided by its norm of this order, for stability; 0 leaves it as it is.'),
  kernel_init: z
    .enum(['normal', 'xavier'])
    .default('normal')
    .describe('Initial a, b, c, k: standard normal, or uniform within ± 1 / √kernel_dim.'),
  skip_connection: z.boolean().default(false).describe('A learned direct path from the input to the output.'),
  preprocess: z
    .enum(['none', 'residual'])
    .default('none')
    .describe('residual: fixed differences and residuals from moving averages before the model.'),
  n_diff: z.int().min(0).max(4).default(4).describe('Differencing kernels, of order 0 to 3.'),
  n_ma: z.int().min(0).default(4).describe('Moving-average kernels.'),
  min_avg_window: z.int().positive().default(4).describe('Shortest moving average, in tokens.'),
  max_avg_window: z.int().min(2).max(4096).default(64).describe('Moving averages are shorter than this.'),
  preprocess_seed: z.int().min(0).default(0).describe('Draws the windows of the moving averages, once.'),
  mlp_layers: z
    .int()
    .min(0)
    .max(8)
    .default(2)
    .describe('Linear layers behind the model, each after a GELU; 0 for none.'),
  dropout: dropoutRate('Share of channels that is dropped behind the first GELU in every training step.'),
  residual: z.boolean().default(true).describe('Add the (preprocessed) input to the output.'),
  horizon: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Last positions that are forecast in closed loop from those before them; what stands in them is not read. ' +
        '0 for the open loop everywhere.',
    )
    .meta({ unit: 'time steps' }),
});

type Resolved = z.output<typeof options> & Preprocessing & { readonly n_kernels: number };

export const spacetime = defineLayer<typeof options, Resolved>({
  name: 'spacetime',
  title: 'SpaceTime',
  summary:
    'Companion state space model for time series; forecasts in closed loop by predicting its own input.',
  description:
    'A discrete state space model whose companion matrix can represent every autoregressive process. It has no step ' +
    'size. Norm and residual are part of the layer. With `horizon` it is the decoder: it feeds its own prediction of ' +
    'the next input back, with `n_kernels` equal to d_model.',
  formula: [
    'A = S + a eᵀ,  a ← a / ‖a‖ₚ  (S shifts down, e reads the last entry)',
    'xₜ = A xₜ₋₁ + b uₜ,  yₜ = cᵀ xₜ;  closed loop: x ← (A + b kᵀ) x',
    'out = MLP(y) + u',
  ].join('  \n'),
  paper: {
    title: 'Effectively Modeling Time Series with Simple Discrete State Spaces',
    authors: 'Michael Zhang, Khaled K. Saab, Michael Poli, Tri Dao, Karan Goel, Christopher Ré',
    year: 2023,
    url: 'https://arxiv.org/abs/2303.09489',
  },
  options,
  residual: 'own',

  resolve(o, { d_model }) {
    const usual = o.horizon > 0 ? d_model : nearestDivisor(d_model, Math.max(1, Math.round(d_model / 8)));
    return { ...o, n_kernels: o.n_kernels ?? usual };
  },

  check(o, dims) {
    const problems: Problem[] = [];
    const complain = (key: string, message: string, suggestion?: number, others: string[] = []): void => {
      problems.push({ path: [key], others, message, ...(suggestion === undefined ? {} : { suggestion }) });
    };
    const { n_kernels } = this.resolve(o, dims);
    if (dims.d_model % n_kernels !== 0) {
      const nearest = nearestDivisor(dims.d_model, n_kernels);
      complain('n_kernels', `n_kernels (${n_kernels}) must divide d_model (${dims.d_model}).`, nearest);
    } else if (o.horizon > 0 && n_kernels !== dims.d_model) {
      const message = `n_kernels (${n_kernels}) must be d_model (${dims.d_model}) with a horizon: the loop is closed per channel.`;
      complain('n_kernels', message, dims.d_model);
    }
    if (o.horizon > 0 && o.norm_order === 0) {
      complain('norm_order', 'norm_order must be 1 or 2 with a horizon.', 1);
    }
    if (o.preprocess === 'residual' && o.min_avg_window >= o.max_avg_window) {
      const message = `min_avg_window (${o.min_avg_window}) must be below max_avg_window (${o.max_avg_window}).`;
      complain('min_avg_window', message, o.max_avg_window - 1, ['max_avg_window']);
    }
    if (o.preprocess === 'residual' && o.n_diff + o.n_ma === 0) {
      complain('n_diff', 'preprocess: residual needs kernels: n_diff or n_ma above 0.', 4);
    }
    if (dims.length !== undefined && o.horizon >= dims.length) {
      const message = `horizon (${o.horizon}) must be shorter than the sequences (${dims.length}): the rest is the lag.`;
      complain('horizon', message);
    }
    return problems;
  },

  // The forecast does not read the positions that it fills, but neither can it be asked token by token.
  causal: (r) => r.horizon === 0,

  span: (r) => ({ least: r.horizon + 1 }),

  parameters(r, { d_model }) {
    const init = r.kernel_init === 'normal' ? normal(1) : uniform(1 / Math.sqrt(r.kernel_dim));
    const vectors = { shape: [r.n_kernels, r.kernel_dim], init, decay: true };
    const parameters: Record<string, ParameterSpec> = {
      ...(r.skip_connection ? { 'ssm.skip': { shape: [d_model], init: normal(1), decay: true } } : {}),
      'ssm.a': vectors,
      'ssm.b': vectors,
      'ssm.c': vectors,
      ...(r.horizon > 0 ? { 'ssm.k': vectors } : {}),
    };
    for (const name of mlpNames(r)) {
      Object.assign(parameters, linearParameters(name, d_model, d_model, { bias: true }));
    }
    return parameters;
  },

  forward(u, p, r, dims, ctx) {
    const input = r.preprocess === 'none' ? u : convolve(u, preprocessing(r, dims), 1);
    const ssm = companionOf(p);
    let y: g.Tensor;
    if (r.horizon > 0) {
      const length = u.shape[1]!;
      const lag = g.slice(input, 1, 0, length - r.horizon);
      const loop = closedLoop(lag, ssm, r.norm_order as 1 | 2, r.horizon);
      y = g.concat([loop.openY, loop.y], 1);
    } else {
      const open = openLoop(input, ssm, r.norm_order);
      if (ctx.probing) ctx.probe('kernel', g.unsqueeze(open.kernel, 0));
      y = open.y;
    }
    const skip = p['ssm.skip'];
    if (skip) y = g.add(y, g.mul(input, skip));
    if (ctx.probing) {
      ctx.probe('input', input);
      ctx.probe('D', skip ?? g.zeros([dims.d_model]));
      ctx.probe('a', normalised(ssm.a, r.norm_order));
      ctx.probe('y', y);
    }
    const out = mlp(y, p, r, dropper(ctx, r.dropout));
    return r.residual ? g.add(out, input) : out;
  },

  state: (r, { d_model }) => ({
    ssm_state: [d_model, r.kernel_dim],
    ...(r.preprocess === 'none' ? {} : { conv_state: [d_model, tapsOf(r)] }),
  }),

  step(u, state, p, r, dims) {
    const before = state['conv_state'];
    const conv = before && convolveStep(u, before, preprocessing(r, dims));
    const input = conv?.y ?? u;
    const ssm = companionOf(p);
    const [batch, channels] = u.shape as [number, number];
    const copies = channels / r.n_kernels;
    const grouped = [batch, r.n_kernels, copies, r.kernel_dim];
    const A = g.unsqueeze(companionMatrix(normalised(ssm.a, r.norm_order)), 0);
    const moved = g.matmul(g.reshape(state['ssm_state']!, grouped), g.transpose(A, [0, 1, 3, 2]));
    const written = g.mul(g.reshape(input, [batch, r.n_kernels, copies, 1]), g.unsqueeze(ssm.b, 1));
    const x = g.add(moved, written);
    const read = g.reshape(g.sum(g.mul(x, g.unsqueeze(ssm.c, 1)), [3]), [batch, channels]);
    const skip = p['ssm.skip'];
    const out = mlp(skip ? g.add(read, g.mul(input, skip)) : read, p, r);
    return {
      y: r.residual ? g.add(out, input) : out,
      state: {
        ssm_state: g.reshape(x, [batch, channels, r.kernel_dim]),
        ...(conv ? { conv_state: conv.cache } : {}),
      },
    };
  },

  prefill(u, state, p, r, dims) {
    const before = state['conv_state'];
    const conv = before && convolveFrom(u, before, preprocessing(r, dims), 1);
    const input = conv?.y ?? u;
    const { a, b, c } = companionOf(p);
    const [batch, length, channels] = u.shape as [number, number, number];
    const n = r.n_kernels;
    const copies = channels / n;
    const rows = g.transpose(g.reshape(input, [batch, length, n, copies]), [2, 0, 3, 1]);
    const states = g.transpose(g.reshape(state['ssm_state']!, [batch, n, copies, -1]), [1, 0, 2, 3]);
    const A = companionMatrix(normalised(a, r.norm_order));
    const next = continueFrom(
      g.reshape(rows, [n, batch * copies, length]),
      g.reshape(states, [n, batch * copies, r.kernel_dim]),
      denseSpace({ A, B: b, C: g.unsqueeze(c, 0) }),
    );
    const read = g.transpose(g.reshape(next.y, [n, batch, copies, length]), [1, 3, 0, 2]);
    const behind = g.transpose(g.reshape(next.state, [n, batch, copies, r.kernel_dim]), [1, 0, 2, 3]);
    const skip = p['ssm.skip'];
    const y = g.reshape(read, u.shape);
    const out = mlp(skip ? g.add(y, g.mul(input, skip)) : y, p, r);
    return {
      y: r.residual ? g.add(out, input) : out,
      state: {
        ssm_state: g.reshape(behind, [batch, channels, r.kernel_dim]),
        ...(conv ? { conv_state: conv.cache } : {}),
      },
    };
  },

  probes: {
    kernel: probe(
      'Impulse response K[t] = cᵀ Aᵗ b of every kernel, which channels in a row share; not with a horizon.',
      ['kernel', 'head', 'lag'],
    ),
    a: probe('Feedback of the companion matrix, the coefficients of an autoregression.', ['kernel', 'state']),
    input: probe('Input of the model, behind the preprocessing.', ['batch', 'time', 'channel']),
    D: probe('Skip weight from the input of the model to its output.', ['channel']),
    y: probe('Output of the model, before the MLP.', ['batch', 'time', 'channel']),
  },
});

const companionOf = (p: Tensors): Companion => ({
  a: p['ssm.a']!,
  b: p['ssm.b']!,
  c: p['ssm.c']!,
  k: p['ssm.k'],
});

/** The weights of a convolution; constants of the graph, as the windows are drawn from the options. */
const preprocessing = (r: Resolved, { d_model }: Dims): Tensors => ({
  'conv1d.weight': g.constant(preprocessingTaps(d_model, r), [d_model, 1, tapsOf(r)]),
});

/** The authors' numbering: GELU, dropout, linear, GELU, linear, … */
const mlpNames = (r: Resolved): string[] =>
  Array.from({ length: r.mlp_layers }, (_, i) => `mlp.layers.${2 * i + 2}`);

const mlp = (y: g.Tensor, p: Tensors, r: Resolved, drop: Drop = keepAll): g.Tensor =>
  mlpNames(r).reduce((x, name, i) => {
    const active = g.gelu(x);
    return project(i === 0 ? drop(active, 'mlp') : active, p, name);
  }, y);
