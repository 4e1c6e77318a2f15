/**
 * @file Mamba-2: state space duality (SSD) and its block, after `Mamba2` in state-spaces/mamba
 * (mamba_ssm/modules/mamba2.py at e9594ce). One decay per head; B and C are shared by the heads of a group.
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer, UNSEEN, type ForwardContext, type Problem, type Tensors } from './define';
import { nearestDivisor } from './parts/divisors';
import { gaugeGate, gaugeSteps } from './parts/gauges';
import { headProblems } from './parts/heads';
import { formula, ones, uniform, zeros } from './init';
import {
  finish,
  keptStates,
  perChannel,
  projected,
  scanWidths,
  stateBefore,
  stepSize,
  widths,
  type Divided,
  type Mamba2Sizes,
} from './mamba/mamba2-parts';
import {
  convolutionParameters,
  convolve,
  convolveFrom,
  convolveStep,
  divide,
  linearParameters,
  residualInit,
} from './parts/projection';
import {
  causalTaps,
  convolutionBound,
  expand,
  groups,
  outerBias,
  stepBias,
  stepFloor,
  stepProblems,
  stepRange,
} from './parts/scan-options';
import { scanProbes } from './mamba/scan-probes';

const infinity = z.enum(['inf', 'Infinity']);

const options = z.strictObject({
  d_state: z.int().positive().default(128).describe('State size per channel.').meta({ symbol: 'N' }),
  d_conv: causalTaps,
  expand,
  d_inner: z.int().positive().optional().describe('Inner width itself; wins over expand.'),
  headdim: z.int().positive().default(64).describe('Channels per head; divides d_ssm.').meta({ symbol: 'P' }),
  ngroups: groups,
  d_ssm: z
    .int()
    .positive()
    .optional()
    .describe(
      'Channels that pass the state space model; the rest of d_inner is a gated MLP. All unless given.',
    ),
  chunk_size: z
    .int()
    .positive()
    .default(256)
    .describe('Tokens per chunk of the chunked algorithm; changes speed, not the result.')
    .meta({ symbol: 'Q' }),
  learnable_init_states: z
    .boolean()
    .default(false)
    .describe('A learned state before the first token, instead of zero.'),
  rmsnorm: z.boolean().default(true).describe('RMS normalisation around the gate, per group.'),
  norm_groups: z
    .int()
    .positive()
    .optional()
    .describe(
      'Groups of channels that the norm takes statistics over; ngroups unless given, 1 in Hugging Face’s Mamba-2.',
    ),
  gated_norm_eps: z.number().positive().default(1e-5).describe('Added to the mean square of that norm.'),
  norm_before_gate: z.boolean().default(false).describe('norm(y) · silu(z) instead of norm(y · silu(z)).'),
  D_has_hdim: z.boolean().default(false).describe('Skip weight D per channel instead of per head.'),
  A_init_range: z
    .tuple([z.number().positive(), z.number().positive()])
    .default([1, 16])
    .describe('Initial −A is uniform in this range.'),
  ...stepRange,
  dt_init_floor: stepFloor,
  dt_limit: z
    .tuple([z.number().min(0), z.union([z.number().min(0), infinity])])
    .default([0, 'inf'])
    .describe('Limits of the step size Δ after softplus.'),
  conv_init: convolutionBound,
  conv_bias: z.boolean().default(true).describe('Bias of the causal convolution.'),
  bias: outerBias,
  in_proj_scales: z
    .tuple([z.number(), z.number(), z.number(), z.number(), z.number()])
    .optional()
    .describe('Factors of what in_proj gives for z, x, B, C and δ, as Falcon-H1 has them; 1 unless given.'),
});

/** Sizes explicit, limits as numbers, everything else as written. */
type Resolved = Mamba2Sizes & Omit<z.output<typeof options>, keyof Mamba2Sizes>;

export const mamba2 = defineLayer<typeof options, Resolved>({
  name: 'mamba2',
  title: 'Mamba-2',
  summary: 'Selective state space model with one decay per head (SSD), computed as matrix products.',
  description:
    'The scan of Mamba restricted to a scalar decay per head, so that it equals a masked attention and runs on ' +
    'matrix units; the state is 8 to 16 times larger at the same speed. `d_inner / headdim` heads.',
  formula: [
    '[z, x, B, C, δ] = u · in_projᵀ,  [x, B, C] = silu(conv([x, B, C]))',
    'Δ = softplus(δ + dt_bias),  A = −exp(A_log)  (one per head)',
    'Sₜ = exp(Δₜ A) Sₜ₋₁ + Δₜ xₜ ⊗ Bₜ,  yₜ = Sₜ Cₜ + D xₜ',
    'out = norm(y ⊙ silu(z)) · out_projᵀ',
  ].join('  \n'),
  paper: {
    title:
      'Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality',
    authors: 'Tri Dao, Albert Gu',
    year: 2024,
    url: 'https://arxiv.org/abs/2405.21060',
  },
  options,

  resolve(o, dims) {
    const d_inner = o.d_inner ?? o.expand * dims.d_model;
    const d_ssm = o.d_ssm ?? d_inner;
    const [low, high] = o.dt_limit;
    return {
      ...o,
      d_inner,
      d_ssm,
      nheads: Math.max(1, Math.floor(d_ssm / o.headdim)),
      d_xbc: d_ssm + 2 * o.ngroups * o.d_state,
      norm_groups: o.norm_groups ?? o.ngroups,
      dt_limit: [low, typeof high === 'string' ? Infinity : high],
    };
  },

  check(o, dims) {
    const d_inner = o.d_inner ?? o.expand * dims.d_model;
    const d_ssm = o.d_ssm ?? d_inner;
    const whole = o.d_inner === undefined ? 'd_inner = expand · d_model' : 'd_inner';
    const words = o.d_ssm === undefined ? whole : 'd_ssm';
    const problems: Problem[] = [];
    const complain = (key: string, message: string, suggestion?: number): void => {
      problems.push({ path: [key], message, ...(suggestion === undefined ? {} : { suggestion }) });
    };
    if (o.in_proj_scales && d_ssm < d_inner)
      complain('in_proj_scales', 'in_proj_scales needs that every channel passes the scan (no d_ssm).');
    if (d_ssm > d_inner) {
      complain('d_ssm', `d_ssm (${d_ssm}) must not exceed d_inner (${d_inner}).`, d_inner);
    } else problems.push(...headProblems(o, { size: d_ssm, words, options: ['d_ssm', 'd_inner', 'expand'] }));
    const groupsOfNorm = o.norm_groups;
    if (o.rmsnorm && groupsOfNorm !== undefined && d_ssm % groupsOfNorm !== 0) {
      const divisor = nearestDivisor(d_ssm, groupsOfNorm);
      complain('norm_groups', `norm_groups (${groupsOfNorm}) must divide ${words} (${d_ssm}).`, divisor);
    }
    problems.push(...stepProblems(o));
    if (o.A_init_range[0] > o.A_init_range[1])
      complain('A_init_range', 'A_init_range must be [smallest, largest].');
    const [low, high] = o.dt_limit;
    if (typeof high === 'number' && low > high) complain('dt_limit', 'dt_limit must be [smallest, largest].');
    return problems;
  },

  causal: () => true,

  parameters(r, dims) {
    const [lowest, highest] = r.A_init_range;
    const start = [r.nheads, r.headdim, r.d_state];
    return {
      ...(r.learnable_init_states ? { init_states: { shape: start, init: zeros, decay: false } } : {}),
      dt_bias: stepBias(r.nheads, r),
      A_log: {
        shape: [r.nheads],
        init: formula((_, random) => Math.log(lowest + (highest - lowest) * random.uniform())),
        decay: false,
      },
      D: { shape: [r.D_has_hdim ? r.d_ssm : r.nheads], init: ones, decay: false },
      ...linearParameters(
        'in_proj',
        dims.d_model,
        widths(r).reduce((total, width) => total + width, 0),
        { bias: r.bias },
      ),
      ...convolutionParameters(
        r.d_xbc,
        r.d_conv,
        r.conv_bias,
        r.conv_init ? uniform(r.conv_init) : undefined,
      ),
      ...(r.rmsnorm ? { 'norm.weight': { shape: [r.d_ssm], init: ones, decay: false } } : {}),
      ...linearParameters('out_proj', r.d_inner, dims.d_model, {
        bias: r.bias,
        init: residualInit(r.d_inner, dims),
      }),
    };
  },

  forward: (x, p, r, _dims, ctx) => mix(x, p, r, ctx).y,

  state: (r) => ({
    conv_state: [r.d_xbc, r.d_conv],
    ssm_state: [r.nheads, r.headdim, r.d_state],
    // States start at zero: the number of tokens so far says when the learned one takes its place.
    ...(r.learnable_init_states ? { position: [] } : {}),
  }),

  step(x, state, p, r) {
    const [z0, x0, zt, xbc, dt] = divide(projected(x, p, r), widths(r)) as Divided;
    const conv = convolveStep(xbc, state['conv_state']!, p);
    const [u, B, C] = divide(g.silu(conv.y), scanWidths(r)) as [g.Tensor, g.Tensor, g.Tensor];
    const batch = x.shape[0]!;
    const delta = stepSize(dt, p, r);
    const decay = g.exp(g.mul(delta, g.neg(g.exp(p['A_log']!))));
    const perHead = (t: g.Tensor): g.Tensor => {
      const grouped = g.reshape(t, [batch, r.ngroups, 1, r.d_state]);
      const expanded = g.expand(grouped, [batch, r.ngroups, r.nheads / r.ngroups, r.d_state]);
      return g.reshape(expanded, [batch, r.nheads, 1, r.d_state]);
    };
    const heads = g.mul(g.reshape(u, [batch, r.nheads, r.headdim]), g.unsqueeze(delta, 2));
    const write = g.mul(g.unsqueeze(heads, 3), perHead(B));
    const before = stateBefore(state, p, batch);
    const S = g.add(g.mul(g.reshape(decay, [batch, r.nheads, 1, 1]), before), write);
    const column = g.reshape(perHead(C), [batch, r.nheads, r.d_state, 1]);
    const read = g.reshape(g.matmul(S, column), [batch, r.d_ssm]);
    const y = g.add(read, g.mul(perChannel(p['D']!, r), u));
    const position = state['position'];
    return {
      y: finish(y, zt, z0, x0, p, r),
      state: {
        conv_state: conv.cache,
        ssm_state: S,
        ...(position ? { position: g.add(position, 1) } : {}),
      },
    };
  },

  prefill: (x, state, p, r) => mix(x, p, r, UNSEEN, state),

  probes: scanProbes({
    delta: ['batch', 'time', 'head'],
    A: ['head'],
    A_bar: ['batch', 'time', 'head'],
    maps: ['batch', 'time', 'group', 'state'],
  }),
});

/** The block over time, from `state` or from the beginning, with the state behind the last token. */
function mix(
  x: g.Tensor,
  p: Tensors,
  r: Resolved,
  ctx: ForwardContext,
  state?: Tensors,
): { y: g.Tensor; state: Tensors } {
  const [z0, x0, zt, xbc, dt] = divide(projected(x, p, r), widths(r)) as Divided;
  const conv = state && convolveFrom(xbc, state['conv_state']!, p, 1);
  const [u, B, C] = divide(g.silu(conv?.y ?? convolve(xbc, p, 1)), scanWidths(r)) as [
    g.Tensor,
    g.Tensor,
    g.Tensor,
  ];
  const [batch, length] = x.shape as [number, number, number];
  const delta = stepSize(dt, p, r);
  const A = g.neg(g.exp(p['A_log']!));
  const heads = g.reshape(u, [batch, length, r.nheads, r.headdim]);
  const initial = p['init_states'];
  const learned = initial && g.expand(g.unsqueeze(initial, 0), [batch, ...initial.shape]);
  const before = state ? stateBefore(state, p, batch) : learned;
  const scan = g.ssd({
    X: g.mul(heads, g.unsqueeze(delta, 3)),
    A: g.mul(delta, A),
    B: g.reshape(B, [batch, length, r.ngroups, r.d_state]),
    C: g.reshape(C, [batch, length, r.ngroups, r.d_state]),
    ...(before ? { initialState: before } : {}),
    // Differences of cumulative sums lose bits in long chunks; the result does not depend on the size.
    chunkSize: Math.min(r.chunk_size, 64),
  });
  const y = g.add(g.reshape(scan.Y, [batch, length, r.d_ssm]), g.mul(perChannel(p['D']!, r), u));
  if (ctx.gauge) gaugeGate(ctx, g.silu(zt));
  gaugeSteps(ctx, delta, A);
  if (ctx.probing) {
    ctx.probe('x', u);
    ctx.probe('delta', delta);
    ctx.probe('A', A);
    ctx.probe('A_bar', g.exp(g.mul(delta, A)));
    ctx.probe('B', g.reshape(B, [batch, length, r.ngroups, r.d_state]));
    ctx.probe('C', g.reshape(C, [batch, length, r.ngroups, r.d_state]));
    ctx.probe('D', perChannel(p['D']!, r));
    const states = keptStates({ u, delta, A, B, C, initial }, r);
    ctx.probe('state', states);
    ctx.probe('state_norm', g.sqrt(g.sum(g.square(states), [3])));
    ctx.probe('y', y);
    ctx.probe('gate', g.silu(zt));
  }
  const position = state?.['position'];
  return {
    y: finish(y, zt, z0, x0, p, r),
    state: conv
      ? {
          conv_state: conv.cache,
          ssm_state: scan.finalState,
          ...(position ? { position: g.add(position, length) } : {}),
        }
      : {},
  };
}
