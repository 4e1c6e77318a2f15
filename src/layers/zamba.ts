/**
 * @file The transformer block that Zamba and Zamba2 put in front of some Mamba layers: attention and a gated MLP over the
 * residual stream and the embedded input side by side, whose result the next layer reads. The block is meant to be
 * shared; in Zamba2 every layer that uses it adds low-rank maps of its own. After Hugging Face's transformers
 * (`models/zamba` and `models/zamba2` at 00511f5).
 */
import * as z from 'zod';
import * as g from '../graph';
import {
  attend,
  attendPrefill,
  attendStep,
  cacheState,
  weightsProbe,
  type HeadOptions,
} from './attention/attend';
import { defineLayer, type Dims, type Parameters, type Problem, type Tensors } from './define';
import { nearestDivisor } from './parts/divisors';
import { queryHeads } from './parts/heads';
import { activations, hiddenProbe } from './parts/feed-forward';
import { linear, ones, zeros } from './init';
import { linearParameters, project, residualInit } from './parts/projection';
import { rotaryOptions } from './attention/rotary';

const options = z.strictObject({
  heads: queryHeads,
  num_heads_kv: z
    .int()
    .positive()
    .optional()
    .describe('Key and value heads, shared by groups of query heads. As many as heads unless given.'),
  ...rotaryOptions,
  d_intermediate: z
    .int()
    .positive()
    .optional()
    .describe('Hidden width of the MLP; 4 · d_model unless given.'),
  activation: z.enum(['gelu', 'silu', 'relu']).default('gelu').describe('Of the gate of the MLP.'),
  adapter_rank: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Rank of the low-rank map that each layer adds to fc1 where layers share the block; 0 for none.',
    )
    .meta({ symbol: 'r' }),
  attention_adapter: z
    .boolean()
    .default(false)
    .describe('Each layer adds such maps to queries, keys and values too.'),
  bias: z.boolean().default(false).describe('Biases of fc1 and fc2.'),
});

type Resolved = HeadOptions &
  Omit<z.output<typeof options>, keyof HeadOptions> & { readonly d_intermediate: number };

/** Linear maps with a low-rank map beside them, and the rows that it adds to. */
function adapters(r: Resolved): readonly { readonly name: string; readonly rows: number }[] {
  if (r.adapter_rank === 0) return [];
  const keys = r.num_heads_kv * r.head_dim;
  const attention = [
    { name: 'q', rows: r.heads * r.head_dim },
    { name: 'k', rows: keys },
    { name: 'v', rows: keys },
  ];
  return [...(r.attention_adapter ? attention : []), { name: 'fc1', rows: 2 * r.d_intermediate }];
}

/** Parameters that every layer has of its own where the block is shared. */
const own = /^(linear|\w+_adapter)\./;

export const zamba = defineLayer<typeof options, Resolved>({
  name: 'zamba',
  title: 'Zamba block',
  summary:
    'Attention and a gated MLP over stream and embedding, read by the next layer alone; made to be shared.',
  description:
    'Reads the residual stream and the embedded input side by side, 2 · d_model wide. What it gives is added to the ' +
    'input of the next layer, usually a Mamba or Mamba-2 layer, and not to the residual stream. With `share: NAME` ' +
    'several layers use one block; `linear` and the low-rank maps of `adapter_rank` stay their own.',
  formula: [
    'h = norm([x, x₀]),  [q, k, v] = h · in_projᵀ (+ h · Downᵀ · Upᵀ)',
    'm = norm(softmax(q kᵀ / √(head_dim / 2) + mask) v · out_projᵀ)',
    '[gate, v] = m · fc1ᵀ (+ m · Downᵀ · Upᵀ),  out = ((f(gate) ⊙ v) · fc2ᵀ) · linearᵀ',
  ].join('  \n'),
  paper: {
    title: 'The Zamba2 Suite: Technical Report',
    authors: 'Paolo Glorioso and others',
    year: 2024,
    url: 'https://arxiv.org/abs/2411.15242',
  },
  options,
  residual: 'next',
  reads: 'stream and input',
  perLayer: (parameter) => own.test(parameter),

  resolve(o, dims) {
    const width = 2 * dims.d_model;
    const heads = o.heads ?? nearestDivisor(width, Math.max(1, Math.round(dims.d_model / 64)));
    const head_dim = Math.max(1, Math.floor(width / heads));
    return {
      ...o,
      heads,
      num_heads_kv: o.num_heads_kv ?? heads,
      head_dim,
      causal: true,
      rotary_emb_interleaved: false,
      qk_norm: 'none',
      qk_temperature: 1,
      // As for heads of d_model alone: the embedded input is the same width again.
      softmax_scale: 1 / Math.sqrt(head_dim / 2),
      d_intermediate: o.d_intermediate ?? 4 * dims.d_model,
    };
  },

  check(o, dims) {
    const r = this.resolve(o, dims);
    const problems: Problem[] = [];
    const width = 2 * dims.d_model;
    if (width % r.heads !== 0) {
      const message = `heads (${r.heads}) must divide 2 · d_model (${width}).`;
      problems.push({ path: ['heads'], message, suggestion: nearestDivisor(width, r.heads) });
    }
    if (r.heads % r.num_heads_kv !== 0) {
      const message = `num_heads_kv (${r.num_heads_kv}) must divide heads (${r.heads}).`;
      problems.push({ path: ['num_heads_kv'], message, suggestion: nearestDivisor(r.heads, r.num_heads_kv) });
    }
    if (o.rotary_emb_dim % 2 !== 0 || o.rotary_emb_dim > r.head_dim) {
      const message = `rotary_emb_dim (${o.rotary_emb_dim}) must be even and at most head_dim (${r.head_dim}).`;
      const suggestion = Math.min(o.rotary_emb_dim, r.head_dim);
      problems.push({ path: ['rotary_emb_dim'], message, suggestion: suggestion - (suggestion % 2) });
    }
    if (o.attention_adapter && o.adapter_rank === 0) {
      const message = 'attention_adapter needs an adapter_rank above 0.';
      problems.push({ path: ['attention_adapter'], message, suggestion: false });
    }
    return problems;
  },

  causal: () => true,

  parameters(r, dims) {
    const { d_model } = dims;
    const norm = (width: number) => ({ shape: [width], init: ones, decay: false });
    const width = r.heads * r.head_dim;
    const low: Parameters[] = adapters(r).map(({ name, rows }) => {
      const inputs = name === 'fc1' ? d_model : 2 * d_model;
      return {
        ...linearParameters(`${name}_adapter.down`, inputs, r.adapter_rank),
        // Zero, so that all layers begin with the block as it is.
        ...linearParameters(`${name}_adapter.up`, r.adapter_rank, rows, { init: zeros }),
      };
    });
    return {
      'input_norm.weight': norm(2 * d_model),
      ...linearParameters('in_proj', 2 * d_model, width + 2 * r.num_heads_kv * r.head_dim),
      ...linearParameters('out_proj', width, d_model),
      'ff_norm.weight': norm(d_model),
      ...linearParameters('fc1', d_model, 2 * r.d_intermediate, { bias: r.bias, init: linear(d_model) }),
      ...linearParameters('fc2', r.d_intermediate, d_model, { bias: r.bias }),
      ...linearParameters('linear', d_model, d_model, { init: residualInit(d_model, dims) }),
      ...Object.assign({}, ...low),
    };
  },

  forward(x, p, r, dims, ctx) {
    const mixed = attend(queries(x, p, r, dims), p, r, ctx);
    return feedForward(mixed, p, r, dims, (hidden) => {
      if (ctx.probing) ctx.probe('hidden', hidden);
    });
  },

  state: (r, dims) => cacheState(r, dims),

  step(x, state, p, r, dims) {
    const read = attendStep(queries(x, p, r, dims), state, p, r, dims);
    return { y: feedForward(read.y, p, r, dims), state: read.state };
  },

  prefill(x, state, p, r, dims) {
    const read = attendPrefill(queries(x, p, r, dims), state, p, r);
    return { y: feedForward(read.y, p, r, dims), state: read.state };
  },

  probes: { attention: weightsProbe, ...hiddenProbe },
});

/** The low-rank map beside a linear map; undefined where there is none. */
function adapted(x: g.Tensor, p: Tensors, name: string): g.Tensor | undefined {
  if (!p[`${name}_adapter.down.weight`]) return undefined;
  return project(project(x, p, `${name}_adapter.down`), p, `${name}_adapter.up`);
}

/** q, k and v in the last axis from [x, x₀] (…, 2 · d_model). */
function queries(x: g.Tensor, p: Tensors, r: Resolved, dims: Dims): g.Tensor {
  const h = g.rmsNorm(x, p['input_norm.weight']!, dims.norm_eps);
  const qkv = project(h, p, 'in_proj');
  if (!r.attention_adapter) return qkv;
  const low = ['q', 'k', 'v'].map((name) => adapted(h, p, name)!);
  return g.add(qkv, g.concat(low, qkv.shape.length - 1));
}

/** From what attention read (…, heads · head_dim) to the block's output (…, d_model). */
function feedForward(
  mixed: g.Tensor,
  p: Tensors,
  r: Resolved,
  dims: Dims,
  seen?: (hidden: g.Tensor) => void,
): g.Tensor {
  const m = g.rmsNorm(project(mixed, p, 'out_proj'), p['ff_norm.weight']!, dims.norm_eps);
  const base = project(m, p, 'fc1');
  const low = adapted(m, p, 'fc1');
  const wide = low ? g.add(base, low) : base;
  const [gate, value] = g.split(wide, wide.shape.length - 1, [r.d_intermediate, r.d_intermediate]) as [
    g.Tensor,
    g.Tensor,
  ];
  const hidden = g.mul(activations[r.activation](gate), value);
  seen?.(hidden);
  return project(project(hidden, p, 'fc2'), p, 'linear');
}
