/**
 * @file Softmax attention as in state-spaces/mamba's `MHA` (mamba_ssm/modules/mha.py at e9594ce): grouped
 * key/value heads, an optional causal convolution over q, k and v, optional rotary embedding; further a sliding
 * window, norms of queries and keys and a temperature.
 */
import * as z from 'zod';
import type * as g from '../graph';
import {
  attend,
  attendPrefill,
  attendStep,
  cacheState,
  weightsProbe,
  type HeadOptions,
} from './attention/attend';
import { defineLayer, type Problem, type Tensors } from './define';
import { nearestDivisor } from './parts/divisors';
import { queryHeads } from './parts/heads';
import { ones, zeros } from './init';
import {
  convolutionParameters,
  convolve,
  convolveFrom,
  convolveStep,
  linearParameters,
  project,
  residualInit,
} from './parts/projection';
import { rotaryOptions } from './attention/rotary';

const options = z.strictObject({
  heads: queryHeads,
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
  ...rotaryOptions,
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

type Resolved = HeadOptions &
  Omit<z.output<typeof options>, keyof HeadOptions> & {
    /** Channels of q, k and v together. */
    readonly d_qkv: number;
  };

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
    const projected = project(x, p, 'in_proj');
    return project(attend(r.d_conv > 0 ? convolve(projected, p, 1) : projected, p, r, ctx), p, 'out_proj');
  },

  state: (r, dims) => ({
    ...cacheState(r, dims),
    ...(r.d_conv > 0 ? { conv_state: [r.d_qkv, r.d_conv] } : {}),
  }),

  step(x, state, p, r, dims) {
    const projected = project(x, p, 'in_proj');
    const conv = r.d_conv > 0 ? convolveStep(projected, state['conv_state']!, p) : undefined;
    const read = attendStep(conv?.y ?? projected, state, p, r, dims);
    return { y: project(read.y, p, 'out_proj'), state: withConvolution(read.state, conv) };
  },

  prefill(x, state, p, r) {
    const projected = project(x, p, 'in_proj');
    const conv = r.d_conv > 0 ? convolveFrom(projected, state['conv_state']!, p, 1) : undefined;
    const read = attendPrefill(conv?.y ?? projected, state, p, r);
    return { y: project(read.y, p, 'out_proj'), state: withConvolution(read.state, conv) };
  },

  probes: { attention: weightsProbe },
});

const withConvolution = (state: Tensors, conv: { readonly cache: g.Tensor } | undefined): Tensors =>
  conv ? { ...state, conv_state: conv.cache } : state;
