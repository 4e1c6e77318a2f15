/**
 * @file Softmax attention as in state-spaces/mamba's `MHA` (mamba_ssm/modules/mha.py at e9594ce): grouped
 * key/value heads, an optional causal convolution over q, k and v, optional rotary embedding; further a sliding
 * window, norms of queries and keys and a temperature.
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer, type Dims, type ForwardContext, type Problem, type Tensors } from './define';
import { nearestDivisor } from './divisors';
import { attendFrom, modulo } from './attention-cache';
import { attendAll, attendBlocks, blocksPay, HIDDEN, type Heads } from './attention-parts';
import { ones, zeros } from './init';
import { probe } from './probe';
import {
  convolutionParameters,
  convolve,
  convolveFrom,
  convolveStep,
  linearParameters,
  project,
  residualInit,
} from './projection';
import { rotate, rotaryAngles } from './rotary';

const options = z.strictObject({
  heads: z
    .int()
    .positive()
    .optional()
    .describe('Query heads; about d_model / 64 unless given.')
    .meta({ symbol: 'H' }),
  num_heads_kv: z
    .int()
    .positive()
    .optional()
    .describe(
      'Key and value heads, shared by groups of query heads; 1 is multi-query. As many as heads unless given.',
    ),
  head_dim: z.int().positive().optional().describe('Channels per head; d_model / heads unless given.'),
  causal: z.boolean().default(true).describe('Each position sees only itself and earlier ones.'),
  window: z
    .int()
    .positive()
    .optional()
    .describe(
      'Sliding window: positions that a query sees, its own included, on either side unless causal. All unless given.',
    ),
  rotary_emb_dim: z
    .int()
    .min(0)
    .default(0)
    .describe('Channels of each head that carry a rotary position embedding (RoPE); even; 0 for none.'),
  rotary_emb_base: z.number().positive().default(10000).describe('Base of the rotary wavelengths.'),
  rotary_emb_interleaved: z
    .boolean()
    .default(false)
    .describe('Turn neighbouring channels (2i, 2i + 1) together instead of i and i + rotary_emb_dim / 2.'),
  qk_norm: z
    .enum(['none', 'rms', 'l2'])
    .default('none')
    .describe(
      'Norm of every query and key: rms with learned weights (q_norm, k_norm), l2 to length 1 (cosine attention).',
    ),
  softmax_scale: z
    .number()
    .positive()
    .optional()
    .describe('Factor of the scores q kᵀ; 1 / √head_dim unless given.'),
  qk_temperature: z
    .union([z.number().positive(), z.literal('learned')])
    .default(1)
    .describe(
      'The scores are divided by this: below 1 sharpens, above 1 flattens. learned: one per head, from 1.',
    ),
  d_conv: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe('Taps of a causal convolution over q, k and v; 0 for none.'),
  qkv_proj_bias: z.boolean().default(true).describe('Bias of in_proj.'),
  out_proj_bias: z.boolean().default(true).describe('Bias of out_proj.'),
});

interface Resolved extends z.output<typeof options> {
  readonly heads: number;
  readonly num_heads_kv: number;
  readonly head_dim: number;
  readonly softmax_scale: number;
  /** Channels of q, k and v together. */
  readonly d_qkv: number;
}

/** Positions kept by a decoding cache unless the model says otherwise. */
const DEFAULT_CACHE = 1024;
/** Of the rms norm of queries and keys. */
const EPS = 1e-5;
/** Keeps the length of a zero vector from dividing by zero. */
const TINY = 1e-12;

export const attention = defineLayer<typeof options, Resolved>({
  name: 'attention',
  title: 'Attention',
  summary: 'Softmax attention over all earlier positions; cost grows with the square of the length.',
  description:
    'Every position reads a weighted mean of earlier values. Keeps everything instead of a fixed state; with a ' +
    '`window` it keeps that many positions, and its cost grows with length × window. ' +
    'Without `rotary_emb_dim` or a `d_conv` it knows order only through the causal mask.',
  formula: '[q, k, v] = x · in_projᵀ,  out = softmax(q kᵀ / (√head_dim · temperature) + mask) v · out_projᵀ',
  paper: {
    title: 'Attention Is All You Need',
    authors: 'Ashish Vaswani and others',
    year: 2017,
    url: 'https://arxiv.org/abs/1706.03762',
  },
  options,

  resolve(o, dims) {
    const heads = o.heads ?? nearestDivisor(dims.d_model, Math.max(1, Math.round(dims.d_model / 64)));
    const num_heads_kv = o.num_heads_kv ?? heads;
    const head_dim = o.head_dim ?? Math.max(1, Math.floor(dims.d_model / heads));
    const softmax_scale = o.softmax_scale ?? 1 / Math.sqrt(head_dim);
    const d_qkv = (heads + 2 * num_heads_kv) * head_dim;
    return { ...o, heads, num_heads_kv, head_dim, softmax_scale, d_qkv };
  },

  check(o, dims) {
    const r = this.resolve(o, dims);
    const problems: Problem[] = [];
    if (o.head_dim === undefined && dims.d_model % r.heads !== 0) {
      const message = `heads (${r.heads}) must divide d_model (${dims.d_model}) unless head_dim is given.`;
      problems.push({ path: ['heads'], message, suggestion: nearestDivisor(dims.d_model, r.heads) });
    }
    if (r.heads % r.num_heads_kv !== 0) {
      const message = `num_heads_kv (${r.num_heads_kv}) must divide heads (${r.heads}).`;
      problems.push({ path: ['num_heads_kv'], message, suggestion: nearestDivisor(r.heads, r.num_heads_kv) });
    }
    if (o.rotary_emb_dim % 2 !== 0) {
      const message = `rotary_emb_dim (${o.rotary_emb_dim}) must be even.`;
      problems.push({ path: ['rotary_emb_dim'], message, suggestion: o.rotary_emb_dim - 1 });
    } else if (o.rotary_emb_dim > r.head_dim) {
      const message = `rotary_emb_dim (${o.rotary_emb_dim}) must not exceed head_dim (${r.head_dim}).`;
      problems.push({ path: ['rotary_emb_dim'], message, suggestion: r.head_dim - (r.head_dim % 2) });
    }
    return problems;
  },

  causal: (r) => r.causal,

  parameters(r, dims) {
    const width = r.heads * r.head_dim;
    const norm = { shape: [r.head_dim], init: ones, decay: false };
    return {
      ...linearParameters('in_proj', dims.d_model, r.d_qkv, { bias: r.qkv_proj_bias }),
      ...(r.d_conv > 0 ? convolutionParameters(r.d_qkv, r.d_conv, true) : {}),
      ...(r.qk_norm === 'rms' ? { 'q_norm.weight': norm, 'k_norm.weight': norm } : {}),
      ...(r.qk_temperature === 'learned'
        ? { log_temperature: { shape: [r.heads], init: zeros, decay: false } }
        : {}),
      ...linearParameters('out_proj', width, dims.d_model, {
        bias: r.out_proj_bias,
        init: residualInit(width, dims),
      }),
    };
  },

  forward(x, p, r, _dims, ctx) {
    const [batch, length] = x.shape as [number, number, number];
    const projected = project(x, p, 'in_proj');
    const parts = separate(r.d_conv > 0 ? convolve(projected, p, 1) : projected, p, r);
    const angles = rotaryAngles(g.cast(g.iota(length), 'float32'), r);
    // (batch, time, heads, head_dim) → (batch, heads, time, head_dim)
    const byHead = (t: g.Tensor, turn: boolean): g.Tensor => {
      const split = g.transpose(t, [0, 2, 1, 3]);
      return turn && angles ? rotate(split, angles, pairsOf(r)) : split;
    };
    const heads: Heads = { q: byHead(parts.q, true), k: byHead(parts.k, true), v: byHead(parts.v, false) };
    const mixed = mix(heads, r, length, ctx);
    const together = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [batch, length, r.heads * r.head_dim]);
    return project(together, p, 'out_proj');
  },

  state: (r, dims) => ({
    key: [capacity(r, dims), r.num_heads_kv, r.head_dim],
    value: [capacity(r, dims), r.num_heads_kv, r.head_dim],
    // The number of tokens so far, as a float so that every state has the same type.
    position: [],
    ...(r.d_conv > 0 ? { conv_state: [r.d_qkv, r.d_conv] } : {}),
  }),

  step(x, state, p, r, dims) {
    const batch = x.shape[0]!;
    const projected = project(x, p, 'in_proj');
    const conv = r.d_conv > 0 ? convolveStep(projected, state['conv_state']!, p) : undefined;
    const parts = separate(conv?.y ?? projected, p, r);
    const position = state['position']!;
    const angles = rotaryAngles(position, r);
    const turn = (t: g.Tensor): g.Tensor =>
      angles
        ? rotate(t, { cos: g.unsqueeze(angles.cos, 1), sin: g.unsqueeze(angles.sin, 1) }, pairsOf(r))
        : t;
    const places = capacity(r, dims);
    const slots = g.unsqueeze(g.cast(g.iota(places), 'float32'), 0);
    const now = g.unsqueeze(position, 1);
    const here = g.reshape(g.equal(slots, placeOf(now, r, places)), [batch, places, 1, 1]);
    const key = g.where(here, g.unsqueeze(turn(parts.k), 1), state['key']!);
    const value = g.where(here, g.unsqueeze(parts.v, 1), state['value']!);
    const shared = [batch, r.num_heads_kv, r.heads / r.num_heads_kv, r.head_dim];
    const q = g.reshape(turn(parts.q), shared);
    const scores = g.matmul(q, g.transpose(key, [0, 2, 3, 1]));
    const empty = g.reshape(g.greater(slots, now), [batch, 1, 1, places]);
    const weights = g.softmax(g.where(empty, g.scalar(HIDDEN), scores), 3);
    const mixed = g.matmul(weights, g.transpose(value, [0, 2, 1, 3]));
    const y = project(g.reshape(mixed, [batch, r.heads * r.head_dim]), p, 'out_proj');
    const next = { key, value, position: g.add(position, 1) };
    return { y, state: conv ? { ...next, conv_state: conv.cache } : next };
  },

  prefill(x, state, p, r) {
    const [, length] = x.shape as [number, number, number];
    const projected = project(x, p, 'in_proj');
    const conv = r.d_conv > 0 ? convolveFrom(projected, state['conv_state']!, p, 1) : undefined;
    const parts = separate(conv?.y ?? projected, p, r);
    const start = state['position']!;
    const steps = g.unsqueeze(g.cast(g.iota(length), 'float32'), 0);
    const angles = rotaryAngles(g.add(g.unsqueeze(start, 1), steps), r);
    const turn = (t: g.Tensor): g.Tensor =>
      angles
        ? rotate(t, { cos: g.unsqueeze(angles.cos, 2), sin: g.unsqueeze(angles.sin, 2) }, pairsOf(r))
        : t;
    const heads = { q: turn(parts.q), k: turn(parts.k), v: parts.v };
    const before = { key: state['key']!, value: state['value']! };
    const { mixed, cache } = attendFrom(heads, before, start, r.window);
    const next = { ...cache, position: g.add(start, length) };
    return {
      y: project(mixed, p, 'out_proj'),
      state: conv ? { ...next, conv_state: conv.cache } : next,
    };
  },

  probes: {
    attention: probe(
      'Weight of every earlier position (key) for every position (query).',
      ['batch', 'head', 'query', 'key'],
      'positive',
    ),
  },
});

const pairsOf = (r: Resolved): 'neighbours' | 'halves' =>
  r.rotary_emb_interleaved ? 'neighbours' : 'halves';

/** Positions that decoding keeps: the window's, where there is one. */
const capacity = (r: Resolved, dims: Dims): number =>
  Math.min(dims.cache_length ?? DEFAULT_CACHE, r.window ?? Infinity);

/** The cache's place for a position. With a window the newest token takes the place of the one that leaves it. */
const placeOf = (position: g.Tensor, r: Resolved, places: number): g.Tensor =>
  r.window === undefined || places < r.window ? position : modulo(position, places);

/** q, k and v (…, heads, head_dim) from the last axis; queries and keys normed, the scores' scale in the queries. */
function separate(x: g.Tensor, p: Tensors, r: Resolved): { q: g.Tensor; k: g.Tensor; v: g.Tensor } {
  const axis = x.shape.length - 1;
  const keys = r.num_heads_kv * r.head_dim;
  const parts = g.split(x, axis, [r.heads * r.head_dim, keys, keys]);
  const [q, k, v] = parts.map((part) =>
    g.reshape(part, [...part.shape.slice(0, axis), part.shape[axis]! / r.head_dim, r.head_dim]),
  ) as [g.Tensor, g.Tensor, g.Tensor];
  const fixed = r.qk_temperature === 'learned' ? 1 : r.qk_temperature;
  const scaledQuery = g.mul(normed(q, p['q_norm.weight'], r), r.softmax_scale / fixed);
  const learned = p['log_temperature'];
  const query = learned ? g.mul(scaledQuery, g.unsqueeze(g.exp(g.neg(learned)), 1)) : scaledQuery;
  return { q: query, k: normed(k, p['k_norm.weight'], r), v };
}

function normed(x: g.Tensor, weight: g.Tensor | undefined, { qk_norm }: Resolved): g.Tensor {
  if (weight) return g.rmsNorm(x, weight, EPS);
  if (qk_norm !== 'l2') return x;
  const squares = g.sum(g.square(x), [x.shape.length - 1], true);
  return g.mul(x, g.reciprocal(g.sqrt(g.add(squares, TINY))));
}

/** The values that every query reads, (batch, heads, time, head_dim). */
function mix(heads: Heads, r: Resolved, length: number, ctx: ForwardContext): g.Tensor {
  const { window } = r;
  if (!ctx.probing && window !== undefined && blocksPay(length, r)) {
    return attendBlocks(heads, { causal: r.causal, window });
  }
  const { weights, mixed } = attendAll(heads, r);
  if (ctx.probing) ctx.probe('attention', weights);
  return mixed;
}
