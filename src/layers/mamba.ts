/**
 * @file Mamba: the selective state space model S6 and its block, after `Mamba` in state-spaces/mamba
 * (mamba_ssm/modules/mamba_simple.py at e9594ce). Inside, tensors are time-major: (time, batch, channel).
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer, UNSEEN, type ForwardContext, type Tensors } from './define';
import { gaugeGate, gaugeSteps } from './parts/gauges';
import { constant, formula, ones, uniform } from './init';
import {
  convolutionParameters,
  convolve,
  convolveFrom,
  convolveStep,
  linearParameters,
  project,
  residualInit,
} from './parts/projection';
import {
  causalTaps,
  expand,
  outerBias,
  stepBias,
  stepFloor,
  stepProblems,
  stepRange,
} from './parts/scan-options';
import { scanProbes } from './mamba/scan-probes';
import { timeMajor } from './parts/time-major';

const options = z.strictObject({
  d_state: z.int().positive().default(16).describe('State size per channel.').meta({ symbol: 'N' }),
  d_conv: causalTaps,
  expand,
  d_inner: z.int().positive().optional().describe('Inner width itself; wins over expand.'),
  dt_rank: z
    .union([z.literal('auto'), z.int().positive()])
    .default('auto')
    .describe('Rank of the projection to the step size Δ; auto is ⌈d_model / 16⌉.')
    .meta({ symbol: 'R' }),
  ...stepRange,
  dt_init: z
    .enum(['random', 'constant'])
    .default('random')
    .describe('Initial weights of dt_proj: uniform within ± dt_scale / √dt_rank, or all at that bound.'),
  dt_scale: z.number().positive().default(1).describe('Scale of the initial weights of dt_proj.'),
  dt_init_floor: stepFloor,
  conv_bias: z.boolean().default(true).describe('Bias of the causal convolution.'),
  bias: outerBias,
  bcdt_norm_eps: z
    .number()
    .positive()
    .optional()
    .describe(
      'Normalises δ before dt_proj, B and C to unit mean square, with this added before the root, as Falcon-Mamba does; not unless given.',
    ),
  bcdt_norm_weights: z
    .boolean()
    .default(false)
    .describe('That norm has learned weights (dt_layernorm, b_layernorm, c_layernorm), as in Jamba.'),
});

/** Weights of the norms of δ, B and C. */
const BCDT_NORMS = ['dt_layernorm.weight', 'b_layernorm.weight', 'c_layernorm.weight'] as const;

type Resolved = z.output<typeof options> & { readonly d_inner: number; readonly dt_rank: number };

export const mamba = defineLayer<typeof options, Resolved>({
  name: 'mamba',
  title: 'Mamba',
  summary: 'Selective state space model (S6): step size, input and output maps depend on the token.',
  description:
    'Linear-time sequence mixer with a state of `d_inner × d_state` numbers. Because Δ, B and C are functions of ' +
    'the current token, the state can keep or drop content: a large Δ writes the token, a small Δ ignores it.',
  formula: [
    '[u, z] = x · in_projᵀ,  v = silu(conv(u))',
    '[δ, B, C] = v · x_projᵀ,  Δ = softplus(δ · dt_projᵀ + bias),  A = −exp(A_log)',
    'hₜ = exp(Δₜ A) ⊙ hₜ₋₁ + Δₜ vₜ Bₜ,  yₜ = hₜ Cₜ + D ⊙ vₜ',
    'out = (y ⊙ silu(z)) · out_projᵀ',
  ].join('  \n'),
  paper: {
    title: 'Mamba: Linear-Time Sequence Modeling with Selective State Spaces',
    authors: 'Albert Gu, Tri Dao',
    year: 2023,
    url: 'https://arxiv.org/abs/2312.00752',
  },
  options,

  resolve(o, dims) {
    const d_inner = o.d_inner ?? o.expand * dims.d_model;
    const dt_rank = o.dt_rank === 'auto' ? Math.ceil(dims.d_model / 16) : o.dt_rank;
    return { ...o, d_inner, dt_rank };
  },

  check(o) {
    const problems = stepProblems(o);
    if (o.bcdt_norm_weights && o.bcdt_norm_eps === undefined) {
      const message = 'bcdt_norm_weights needs a bcdt_norm_eps.';
      problems.push({ path: ['bcdt_norm_weights'], message, suggestion: false });
    }
    return problems;
  },

  causal: () => true,

  parameters(r, dims) {
    const { d_inner, d_state, dt_rank } = r;
    const bound = r.dt_scale / Math.sqrt(dt_rank);
    return {
      A_log: { shape: [d_inner, d_state], init: formula((i) => Math.log((i % d_state) + 1)), decay: false },
      D: { shape: [d_inner], init: ones, decay: false },
      ...linearParameters('in_proj', dims.d_model, 2 * d_inner, { bias: r.bias }),
      ...convolutionParameters(d_inner, r.d_conv, r.conv_bias),
      ...linearParameters('x_proj', d_inner, dt_rank + 2 * d_state),
      ...linearParameters('dt_proj', dt_rank, d_inner, {
        init: r.dt_init === 'random' ? uniform(bound) : constant(bound),
      }),
      'dt_proj.bias': stepBias(d_inner, r),
      ...(r.bcdt_norm_weights
        ? Object.fromEntries(
            BCDT_NORMS.map((name, i) => [
              name,
              { shape: [i === 0 ? dt_rank : d_state], init: ones, decay: false },
            ]),
          )
        : {}),
      ...linearParameters('out_proj', d_inner, dims.d_model, {
        bias: r.bias,
        init: residualInit(d_inner, dims),
      }),
    };
  },

  forward: (x, p, r, _dims, ctx) => mix(x, p, r, ctx).y,

  state: (r) => ({ conv_state: [r.d_inner, r.d_conv], ssm_state: [r.d_inner, r.d_state] }),

  step(x, state, p, r) {
    const [u, zt] = g.split(project(x, p, 'in_proj'), 1, [r.d_inner, r.d_inner]) as [g.Tensor, g.Tensor];
    const conv = convolveStep(u, state['conv_state']!, p);
    const v = g.silu(conv.y);
    const { delta, B, C } = selection(v, p, r);
    const decay = g.exp(g.mul(g.unsqueeze(delta, 2), g.neg(g.exp(p['A_log']!))));
    // Products of matrices, because d_state is short: repeating one operand along so few numbers takes thrice as long.
    const write = g.matmul(g.unsqueeze(g.mul(delta, v), 2), g.unsqueeze(B, 1));
    const h = g.add(g.mul(decay, state['ssm_state']!), write);
    const read = g.reshape(g.matmul(h, g.unsqueeze(C, 2)), v.shape);
    const y = g.add(read, g.mul(p['D']!, v));
    return {
      y: project(g.siluGate(y, zt), p, 'out_proj'),
      state: { conv_state: conv.cache, ssm_state: h },
    };
  },

  prefill: (x, state, p, r) => mix(x, p, r, UNSEEN, state),

  probes: scanProbes({
    delta: ['batch', 'time', 'channel'],
    A: ['channel', 'state'],
    A_bar: ['batch', 'time', 'channel', 'state'],
    maps: ['batch', 'time', 'state'],
  }),
});

/** The block over time, from `state` or from nothing, with the state behind the last token. */
function mix(
  x: g.Tensor,
  p: Tensors,
  r: Resolved,
  ctx: ForwardContext,
  state?: Tensors,
): { y: g.Tensor; state: Tensors } {
  const xz = project(timeMajor(x), p, 'in_proj');
  const [u, zt] = g.split(xz, 2, [r.d_inner, r.d_inner]) as [g.Tensor, g.Tensor];
  const conv = state && convolveFrom(u, state['conv_state']!, p, 0);
  const v = g.silu(conv?.y ?? convolve(u, p, 0));
  const { delta, B, C } = selection(v, p, r);
  const A = g.neg(g.exp(p['A_log']!));
  const D = p['D']!;
  const initialState = state?.['ssm_state'];
  const scan = g.selectiveScan({
    u: v,
    delta,
    A,
    B,
    C,
    D,
    keepStates: ctx.probing,
    ...(initialState ? { initialState } : {}),
  });
  const gate = g.silu(zt);
  gaugeGate(ctx, gate, 0);
  gaugeSteps(ctx, delta, g.max(A, [1]), 0);
  if (ctx.probing) {
    const states = timeMajor(scan.states!);
    ctx.probe('x', timeMajor(v));
    ctx.probe('delta', timeMajor(delta));
    ctx.probe('A', A);
    ctx.probe('A_bar', g.exp(g.mul(g.unsqueeze(timeMajor(delta), 3), A)));
    ctx.probe('B', timeMajor(B));
    ctx.probe('C', timeMajor(C));
    ctx.probe('D', D);
    ctx.probe('state', states);
    ctx.probe('state_norm', g.sqrt(g.sum(g.square(states), [3])));
    ctx.probe('y', timeMajor(scan.y));
    ctx.probe('gate', timeMajor(gate));
  }
  return {
    y: timeMajor(project(g.siluGate(scan.y, zt), p, 'out_proj')),
    state: conv ? { conv_state: conv.cache, ssm_state: scan.lastState } : {},
  };
}

/** Δ (…, d_inner), B and C (…, d_state) from the scan's input (…, d_inner). */
function selection(
  v: g.Tensor,
  p: Readonly<Record<string, g.Tensor>>,
  r: { dt_rank: number; d_state: number; bcdt_norm_eps?: number | undefined },
): { delta: g.Tensor; B: g.Tensor; C: g.Tensor } {
  const axis = v.shape.length - 1;
  const projected = project(v, p, 'x_proj');
  const eps = r.bcdt_norm_eps;
  const [low, B, C] = g.split(projected, axis, [r.dt_rank, r.d_state, r.d_state]).map((part, i) => {
    const weight = p[BCDT_NORMS[i]!];
    if (weight) return g.rmsNorm(part, weight, eps!);
    return eps === undefined ? part : unitMeanSquare(part, eps);
  }) as [g.Tensor, g.Tensor, g.Tensor];
  return { delta: g.softplus(project(low, p, 'dt_proj')), B, C };
}

/** RMS norm without weights over the last axis. */
function unitMeanSquare(x: g.Tensor, eps: number): g.Tensor {
  const meanSquare = g.mean(g.square(x), [x.shape.length - 1], true);
  return g.mul(x, g.reciprocal(g.sqrt(g.add(meanSquare, eps))));
}
