/**
 * @file Softmax attention as in state-spaces/mamba's `MHA` (mamba_ssm/modules/mha.py at e9594ce): grouped
 * key/value heads, an optional causal convolution over q, k and v, optional rotary embedding.
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer, type Dims, type Problem } from './define';
import { nearestDivisor } from './divisors';
import { linear, scaled } from './init';
import { convolutionParameters, convolve, convolveStep, linearParameters, project } from './projection';
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
  rotary_emb_dim: z
    .int()
    .min(0)
    .default(0)
    .describe('Channels of each head that carry a rotary position embedding (RoPE); even; 0 for none.'),
  rotary_emb_base: z.number().positive().default(10000).describe('Base of the rotary wavelengths.'),
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
  /** Channels of q, k and v together. */
  readonly d_qkv: number;
}

/** Positions kept by a decoding cache unless the model says otherwise. */
const DEFAULT_CACHE = 1024;

export const attention = defineLayer<typeof options, Resolved>({
  name: 'attention',
  title: 'Attention',
  summary: 'Softmax attention over all earlier positions; cost grows with the square of the length.',
  description:
    'Every position reads a weighted mean of earlier values. Keeps everything instead of a fixed state. ' +
    'Without `rotary_emb_dim` or a `d_conv` it knows order only through the causal mask.',
  formula: '[q, k, v] = x · in_projᵀ,  out = softmax(q kᵀ / √head_dim + mask) v · out_projᵀ',
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
    return { ...o, heads, num_heads_kv, head_dim, d_qkv: (heads + 2 * num_heads_kv) * head_dim };
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
    const residuals = dims.n_layer * dims.residuals_per_layer;
    const width = r.heads * r.head_dim;
    return {
      ...linearParameters('in_proj', dims.d_model, r.d_qkv, { bias: r.qkv_proj_bias }),
      ...(r.d_conv > 0 ? convolutionParameters(r.d_qkv, r.d_conv, true) : {}),
      ...linearParameters('out_proj', width, dims.d_model, {
        bias: r.out_proj_bias,
        init: scaled(linear(width), 1 / Math.sqrt(residuals)),
      }),
    };
  },

  forward(x, p, r, _dims, ctx) {
    const [batch, length] = x.shape as [number, number, number];
    const projected = project(x, p, 'in_proj');
    const parts = separate(r.d_conv > 0 ? convolve(projected, p, 1) : projected, r);
    const angles = rotaryAngles(g.cast(g.iota(length), 'float32'), r);
    // (batch, time, heads, head_dim) → (batch, heads, time, head_dim)
    const byHead = (t: g.Tensor, heads: number, turn: boolean): g.Tensor => {
      const split = g.transpose(g.reshape(t, [batch, length, heads, r.head_dim]), [0, 2, 1, 3]);
      return turn && angles ? rotate(split, angles) : split;
    };
    // The queries that share a key head stand below each other: one product per key head.
    const rows = (r.heads / r.num_heads_kv) * length;
    const q = g.reshape(byHead(parts.q, r.heads, true), [batch, r.num_heads_kv, rows, r.head_dim]);
    const k = byHead(parts.k, r.num_heads_kv, true);
    const v = byHead(parts.v, r.num_heads_kv, false);
    const scores = g.mul(g.matmul(q, g.transpose(k, [0, 1, 3, 2])), 1 / Math.sqrt(r.head_dim));
    const square = g.reshape(scores, [batch, r.heads, length, length]);
    const weights = g.softmax(r.causal ? hideLater(square, length) : square, 3);
    if (ctx.probing) ctx.probe('attention', weights);
    const mixed = g.matmul(g.reshape(weights, [batch, r.num_heads_kv, rows, length]), v);
    const heads = g.transpose(g.reshape(mixed, [batch, r.heads, length, r.head_dim]), [0, 2, 1, 3]);
    return project(g.reshape(heads, [batch, length, r.heads * r.head_dim]), p, 'out_proj');
  },

  state: (r, dims) => ({
    key: [capacity(dims), r.num_heads_kv, r.head_dim],
    value: [capacity(dims), r.num_heads_kv, r.head_dim],
    // The number of tokens so far, as a float so that every state has the same type.
    position: [],
    ...(r.d_conv > 0 ? { conv_state: [r.d_qkv, r.d_conv] } : {}),
  }),

  step(x, state, p, r, dims) {
    const batch = x.shape[0]!;
    const projected = project(x, p, 'in_proj');
    const conv = r.d_conv > 0 ? convolveStep(projected, state['conv_state']!, p) : undefined;
    const parts = separate(conv?.y ?? projected, r);
    const position = state['position']!;
    const angles = rotaryAngles(position, r);
    const turn = (t: g.Tensor, heads: number): g.Tensor => {
      const split = g.reshape(t, [batch, heads, r.head_dim]);
      return angles
        ? rotate(split, { cos: g.unsqueeze(angles.cos, 1), sin: g.unsqueeze(angles.sin, 1) })
        : split;
    };
    const places = capacity(dims);
    const slots = g.unsqueeze(g.cast(g.iota(places), 'float32'), 0);
    const now = g.unsqueeze(position, 1);
    const here = g.reshape(g.equal(slots, now), [batch, places, 1, 1]);
    const key = g.where(here, g.unsqueeze(turn(parts.k, r.num_heads_kv), 1), state['key']!);
    const newest = g.reshape(parts.v, [batch, 1, r.num_heads_kv, r.head_dim]);
    const value = g.where(here, newest, state['value']!);
    const shared = [batch, r.num_heads_kv, r.heads / r.num_heads_kv, r.head_dim];
    const q = g.reshape(turn(parts.q, r.heads), shared);
    const scores = g.mul(g.matmul(q, g.transpose(key, [0, 2, 3, 1])), 1 / Math.sqrt(r.head_dim));
    const later = g.reshape(g.greater(slots, now), [batch, 1, 1, places]);
    const weights = g.softmax(g.where(later, g.scalar(HIDDEN), scores), 3);
    const mixed = g.matmul(weights, g.transpose(value, [0, 2, 1, 3]));
    const y = project(g.reshape(mixed, [batch, r.heads * r.head_dim]), p, 'out_proj');
    const next = { key, value, position: g.add(position, 1) };
    return { y, state: conv ? { ...next, conv_state: conv.cache } : next };
  },

  probes: {
    attention: {
      description: 'Weight of every earlier position (key) for every position (query).',
      axes: ['batch', 'head', 'query', 'key'],
      unit: '',
      sign: 'positive',
    },
  },
});

/** A score whose exponential is zero; finite, so that no gradient becomes NaN. */
const HIDDEN = -1e30;

const capacity = (dims: Dims): number => dims.cache_length ?? DEFAULT_CACHE;

/** q, k and v: the parts of the last axis. */
function separate(x: g.Tensor, r: Resolved): { q: g.Tensor; k: g.Tensor; v: g.Tensor } {
  const keys = r.num_heads_kv * r.head_dim;
  const [q, k, v] = g.split(x, x.shape.length - 1, [r.heads * r.head_dim, keys, keys]);
  return { q: q!, k: k!, v: v! };
}

/** Scores (batch, heads, query, key) without the keys after the query. */
function hideLater(scores: g.Tensor, length: number): g.Tensor {
  const positions = g.iota(length);
  const later = g.greater(g.unsqueeze(positions, 0), g.unsqueeze(positions, 1));
  return g.where(later, g.scalar(HIDDEN), scores);
}
