/**
 * @file SeqBoat's sparse modular activation: a moving average on every token, and a gated attention unit on the
 * tokens that a latent gate activates; after `SeqBoatLayer` in renll/SeqBoat (standalone_seqboat.py at 5a34aed).
 */
import * as z from 'zod';
import * as g from '../graph';
import { batchNorm, batchNormParameters } from './parts/batch-norm';
import { defineLayer, UNSEEN, type Dims, type ForwardContext, type Parameters, type Tensors } from './define';
import { dropoutRate, dropper } from './parts/dropout';
import { ema, emaFrom, emaParameters, emaState, emaStep, type EmaSizes } from './sma/ema';
import { gaugeGate } from './parts/gauges';
import { constant, ones, truncatedNormal, zeros } from './init';
import { meanOfTokens, withoutPadding } from './parts/padding';
import { linearParameters, project } from './parts/projection';
import { compress, localAttention, rowsAt, type SmaSizes } from './sma/attention';
import { attentionMap, smaProbes } from './sma/probes';
import { attendFrom } from './sma/prefill';
import { smaState, stepAttention } from './sma/step';

const options = z.strictObject({
  zdim: z.int().positive().default(96).describe('Width of queries and keys.').meta({ symbol: 'z' }),
  hdim: z.int().positive().optional().describe('Width of values and of the gate; 2 · d_model unless given.'),
  ndim: z
    .int()
    .positive()
    .default(16)
    .describe('State size per channel of the moving average.')
    .meta({ symbol: 'N' }),
  truncation: z
    .int()
    .positive()
    .optional()
    .describe('Tokens that the moving average holds, its own included; all of them unless given.'),
  window_size: z
    .int()
    .positive()
    .default(128)
    .describe('Active tokens that an active token sees to each side; they may lie any distance apart.')
    .meta({ symbol: 'w' }),
  attention_activation: z
    .enum(['relu2', 'softmax'])
    .default('relu2')
    .describe('Weights from scores: the squared ReLU, not normalised, or a softmax.'),
  bidirectional: z.boolean().default(false).describe('See both sides of a token; not for language models.'),
  rel_pos_bias: z
    .enum(['simple', 'rotary'])
    .default('simple')
    .describe('Positions in the attention: a learned bias per distance, or a rotation of queries and keys.'),
  max_positions: z
    .int()
    .positive()
    .default(1024)
    .describe('Distances with a bias of their own; farther ones share the outermost.'),
  local_pos: z
    .boolean()
    .default(false)
    .describe('Count distances among the active tokens instead of in the sequence.'),
  init_temp_scale: z
    .number()
    .positive()
    .default(1)
    .describe('Initial temperature of the gate over √d_model: smaller is more decided.'),
  norm_type: z
    .enum(['layernorm', 'scalenorm', 'batchnorm'])
    .default('layernorm')
    .describe(
      'The norm inside the layer: layer norm, an RMS norm with a single learned scale, or a batch norm over batch and time.',
    ),
  prenorm: z.boolean().default(true).describe('Norm before everything, or of the output.'),
  dropout: dropoutRate(
    'Share of channels that is dropped in every training step: of the moving average, and of what is added to the residual.',
  ),
  attention_dropout: dropoutRate('Share of attention weights that is dropped in every training step.'),
  hidden_dropout: dropoutRate('Share of the channels of the values that is dropped in every training step.'),
});

type Resolved = z.output<typeof options> & EmaSizes & SmaSizes;

export const sma = defineLayer<typeof options, Resolved>({
  name: 'sma',
  title: 'SMA (SeqBoat)',
  summary: 'Moving average on every token, gated attention on the tokens that a latent gate activates.',
  description:
    'A linear state space model decides per token whether a gated attention unit runs on it. The active tokens ' +
    'are compressed to a shorter sequence, attend locally there, and so reach any distance at linear cost. Norm ' +
    'and residual are part of the layer.',
  formula: [
    'm = silu(EMA(norm(x))),  [u, h] = m · hx_projᵀ,  π = softmax(u / τ),  active ⇔ π₁ > π₀',
    '[z, r, v] = silu(m · mx_projᵀ) of active tokens,  q = z ⊙ γ₀ + β₀,  k = z ⊙ γ₁ + β₁',
    'a = ((attention(q, k) v) ⊙ r) · h_projᵀ · π₁ where active, else 0',
    'out = silu(h + a + x)',
  ].join('  \n'),
  paper: {
    title: 'Sparse Modular Activation for Efficient Sequence Modeling',
    authors: 'Liliang Ren, Yang Liu, Shuohang Wang, Yichong Xu, Chenguang Zhu, ChengXiang Zhai',
    year: 2023,
    url: 'https://arxiv.org/abs/2306.11197',
  },
  options,
  residual: 'own',

  resolve: (o, dims) => ({ ...o, hdim: o.hdim ?? 2 * dims.d_model }),

  check(o) {
    if (o.rel_pos_bias !== 'rotary') return [];
    if (o.zdim % 2 !== 0) {
      const message = `zdim (${o.zdim}) must be even: rel_pos_bias: rotary turns pairs of channels.`;
      return [{ path: ['zdim'], message, suggestion: o.zdim + 1 }];
    }
    if (!o.local_pos) return [];
    const message = 'local_pos has no effect with rel_pos_bias: rotary.';
    return [{ path: ['local_pos'], message, suggestion: false, severity: 'warning' }];
  },

  causal: (r) => !r.bidirectional,

  parameters(r, dims) {
    const { d_model } = dims;
    const small = truncatedNormal(0.02);
    const positions = r.local_pos ? 3 * r.window_size : r.max_positions;
    const bias = { shape: [2 * positions - 1], init: small, decay: false };
    const temperature = Math.log(r.init_temp_scale * Math.sqrt(d_model));
    return {
      gamma: { shape: [2, r.zdim], init: small, decay: false },
      beta: { shape: [2, r.zdim], init: zeros, decay: false },
      ...normParameters(r, d_model),
      ...emaParameters(r, d_model),
      ...(r.rel_pos_bias === 'simple' ? { 'rel_pos_bias.rel_pos_bias': bias } : {}),
      'q_router.temp': { shape: [1], init: constant(temperature), decay: false },
      ...linearParameters('mx_proj', d_model, r.zdim + 2 * r.hdim, { bias: true, init: small }),
      ...linearParameters('hx_proj', d_model, 2 + d_model, { bias: true, init: small }),
      ...linearParameters('h_proj', r.hdim, d_model, { bias: true, init: small }),
    };
  },

  forward(x, p, r, dims, ctx) {
    const drop = dropper(ctx, r.dropout);
    const entered = r.prenorm ? norm(x, p, r, dims, ctx) : x;
    const m = drop(g.silu(ema(r.bidirectional ? withoutPadding(entered, ctx) : entered, p, r)), 'average');
    const { hx, active: wanted, probability } = gate(m, p);
    // Padding never acts: it would take places among the tokens that are attended to.
    const active = withoutPadding(wanted, ctx);
    ctx.gauge?.('active', meanOfTokens(active, ctx));
    const compression = compress(active);
    const heads = unit(rowsAt(m, compression.position), p, r);
    const v = dropper(ctx, r.hidden_dropout)(heads.v, 'values');
    const mixed = localAttention({ ...heads, v }, compression, p, r, dropper(ctx, r.attention_dropout));
    const read = project(g.mul(mixed, heads.r), p, 'h_proj');
    // Where both sides are seen the authors drop of what attention adds, otherwise of all that is added.
    const small = r.bidirectional ? drop(read, 'attended') : read;
    const chosen = g.mul(g.slice(probability, 2, 1, 2), g.unsqueeze(active, 2));
    const attended = g.mul(rowsAt(small, compression.place), chosen);
    // A token that is not attended passes no gate.
    if (ctx.gauge) gaugeGate(ctx, g.mul(rowsAt(heads.r, compression.place), g.unsqueeze(active, 2)));
    if (ctx.probing) {
      ctx.probe('ssm', m);
      ctx.probe('router_prob', probability);
      ctx.probe('active', active);
      ctx.probe('position', compression.position);
      ctx.probe('attention', attentionMap(unit(m, p, r), active, p, r));
      ctx.probe('attended', attended);
    }
    const added = g.add(hx, attended);
    return leave(r.bidirectional ? added : drop(added, 'added'), x, p, r, dims, ctx);
  },

  state: (r, dims) => ({ ...emaState(r, dims.d_model), ...smaState(r) }),

  step: (x, state, p, r, dims) => goOn(x, state, p, r, dims, { average: emaStep, attend: stepAttention }),
  prefill: (x, state, p, r, dims) => goOn(x, state, p, r, dims, { average: emaFrom, attend: attendFrom }),

  probes: smaProbes,
});

/** The layer behind a state, for one token (batch, d_model) or several (batch, time, d_model). */
function goOn(
  x: g.Tensor,
  state: Tensors,
  p: Tensors,
  r: Resolved,
  dims: Dims,
  parts: { readonly average: typeof emaStep; readonly attend: typeof stepAttention },
): { y: g.Tensor; state: Tensors } {
  const average = parts.average(r.prenorm ? norm(x, p, r, dims) : x, state, p);
  const m = g.silu(average.y);
  const { hx, active, probability } = gate(m, p);
  const heads = unit(m, p, r);
  const { mixed, state: next } = parts.attend(heads, active, state, p, r);
  const channel = x.shape.length - 1;
  const chosen = g.mul(g.slice(probability, channel, 1, 2), g.unsqueeze(active, channel));
  const attended = g.mul(project(g.mul(mixed, heads.r), p, 'h_proj'), chosen);
  return { y: leave(g.add(hx, attended), x, p, r, dims), state: { ...average.state, ...next } };
}

function normParameters({ norm_type }: Resolved, d_model: number): Parameters {
  if (norm_type === 'batchnorm') return batchNormParameters('norm.norm', d_model);
  if (norm_type === 'scalenorm') return { 'norm.norm.scalar': { shape: [1], init: ones, decay: false } };
  return {
    'norm.norm.weight': { shape: [d_model], init: ones, decay: false },
    'norm.norm.bias': { shape: [d_model], init: zeros, decay: false },
  };
}

type Context = Pick<ForwardContext, 'training' | 'real'>;

/** Over the last axis. */
function norm(
  x: g.Tensor,
  p: Tensors,
  r: Resolved,
  dims: Dims,
  { training = false, real }: Context = UNSEEN,
): g.Tensor {
  if (r.norm_type === 'batchnorm') return batchNorm(x, p, 'norm.norm', dims.norm_eps, { training, real });
  const scalar = p['norm.norm.scalar'];
  if (scalar) return g.rmsNorm(x, g.expand(scalar, [dims.d_model]), dims.norm_eps);
  return g.layerNorm(x, p['norm.norm.weight']!, p['norm.norm.bias']!, dims.norm_eps);
}

/** Residual, activation and, for post-norm, the norm. */
function leave(
  y: g.Tensor,
  x: g.Tensor,
  p: Tensors,
  r: Resolved,
  dims: Dims,
  ctx: Context = UNSEEN,
): g.Tensor {
  const out = g.silu(g.add(y, x));
  return r.prenorm ? out : norm(out, p, r, dims, ctx);
}

/**
 * The latent gate of m (…, d_model): what goes past the attention, whether a token is active (…) as 1 or 0, and the
 * probabilities of skipping and acting (…, 2). A tie skips; the choice itself has no gradient.
 */
function gate(
  m: g.Tensor,
  p: Tensors,
): { readonly hx: g.Tensor; readonly active: g.Tensor; readonly probability: g.Tensor } {
  const axis = m.shape.length - 1;
  const width = m.shape[axis]!;
  const [u, hx] = g.split(project(m, p, 'hx_proj'), axis, [2, width]) as [g.Tensor, g.Tensor];
  const probability = g.softmax(g.div(u, g.exp(p['q_router.temp']!)), axis);
  const fixed = g.stopGradient(u);
  const better = g.greater(g.slice(fixed, axis, 1, 2), g.slice(fixed, axis, 0, 1));
  return { hx, active: g.cast(g.squeeze(better, axis), 'float32'), probability };
}

/** Queries, keys, values and the gate of the attention unit from m (…, d_model). */
function unit(
  m: g.Tensor,
  p: Tensors,
  r: Resolved,
): { readonly q: g.Tensor; readonly k: g.Tensor; readonly v: g.Tensor; readonly r: g.Tensor } {
  const axis = m.shape.length - 1;
  const base = g.silu(project(m, p, 'mx_proj'));
  const [shared, gateOf, v] = g.split(base, axis, [r.zdim, r.hdim, r.hdim]) as [g.Tensor, g.Tensor, g.Tensor];
  const row = (name: string, i: number): g.Tensor => g.squeeze(g.slice(p[name]!, 0, i, i + 1), 0);
  const of = (i: number): g.Tensor => g.add(g.mul(shared, row('gamma', i)), row('beta', i));
  return { q: of(0), k: of(1), v, r: gateOf };
}
