/**
 * @file Hugging Face's `falcon_h1`: attention and Mamba-2 side by side behind one norm, then an MLP, with factors for
 * every part (transformers `models/falcon_h1` at 020a37d; Zuo et al., 2025).
 */
import * as z from 'zod';
import type { BuiltLayer } from '../layers';
import type { ModelConfig } from '../config';
import { attentionOf, common, factor, headdimOf, hybrid, mambaKeys, rope, ropeBase } from './hybrid';
import { attentionKeysOf, mambaKeysOf } from './hybrid-keys';
import { dtLimit, ForeignModelError, limits, parse, Placements, size, type ForeignModel } from './types';

const scale = z.number().default(1);
const schema = z.looseObject({
  ...common,
  num_key_value_heads: size.nullable().default(8),
  rms_norm_eps: z.number().positive().default(1e-5),
  hidden_act: z.literal('silu').default('silu'),
  mamba_d_ssm: size.nullable().default(1024),
  ...mambaKeys,
  mamba_norm_before_gate: z.boolean().default(true),
  mamba_rms_norm: z.boolean().default(false),
  time_step_limit: limits.nullable().default([0, Infinity]),
  projectors_bias: z.boolean().default(false),
  lm_head_multiplier: scale,
  embedding_multiplier: scale,
  mlp_multipliers: z.tuple([z.number(), z.number()]).nullish(),
  key_multiplier: z.number().positive().default(1),
  attention_out_multiplier: scale,
  attention_in_multiplier: scale,
  ssm_multipliers: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]).nullish(),
  ssm_in_multiplier: scale,
  ssm_out_multiplier: scale,
  ...rope,
});

const OUTER = {
  'backbone.embedding.weight': ['model.embed_tokens.weight'],
  'backbone.norm_f.weight': ['model.final_layernorm.weight'],
};

/** @throws ForeignModelError */
export function fromFalconH1(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const d_inner = c.mamba_d_ssm ?? c.mamba_expand * c.hidden_size;
  const headdim = headdimOf(c, d_inner, 'mamba_d_ssm');
  if (c.mamba_proj_bias !== c.projectors_bias)
    throw new ForeignModelError('mamba_proj_bias and projectors_bias must be alike.');
  const head_dim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const parts = c.ssm_multipliers ?? [1, 1, 1, 1, 1];
  const [gate, down] = c.mlp_multipliers ?? [1, 1];
  const mamba = {
    mixer: 'mamba2',
    d_state: c.mamba_d_state,
    d_conv: c.mamba_d_conv,
    d_inner,
    headdim,
    ngroups: c.mamba_n_groups,
    chunk_size: c.mamba_chunk_size,
    rmsnorm: c.mamba_rms_norm,
    norm_before_gate: c.mamba_norm_before_gate,
    gated_norm_eps: c.rms_norm_eps,
    dt_limit: dtLimit(c.time_step_limit ?? [0, Infinity]),
    bias: c.mamba_proj_bias,
    conv_bias: c.mamba_conv_bias,
    ...(parts.every((part) => part === 1) ? {} : { in_proj_scales: parts }),
    ...factor('in_scale', c.ssm_in_multiplier),
    ...factor('out_scale', c.ssm_out_multiplier),
  };
  const attention = {
    ...attentionOf(c, head_dim),
    rotary_emb_dim: head_dim,
    rotary_emb_base: ropeBase(c),
    // A factor of the keys is one of the scores.
    ...(c.key_multiplier === 1 ? {} : { softmax_scale: c.key_multiplier / Math.sqrt(head_dim) }),
    beside: true,
    ...factor('in_scale', c.attention_in_multiplier),
    ...factor('out_scale', c.attention_out_multiplier),
  };
  const mlp = {
    mixer: 'mlp',
    d_intermediate: c.intermediate_size,
    multiple_of: 1,
    bias: c.mlp_bias,
    ...factor('gate_scale', gate),
    ...factor('out_scale', down),
  };
  const places = new Placements();
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const theirs = `model.layers.${i}.`;
    places.add(mamba, `${theirs}input_layernorm.`, `${theirs}mamba.`);
    places.add(attention, `${theirs}input_layernorm.`, `${theirs}self_attn.`);
    places.add(mlp, `${theirs}pre_ff_layernorm.`, `${theirs}feed_forward.`);
  }
  const scales = {
    ...factor('embed_scale', c.embedding_multiplier),
    ...factor('logit_scale', c.lm_head_multiplier),
  };
  return hybrid('falcon_h1', c, places, c.rms_norm_eps, OUTER, { scales });
}

/** The keys of a stack of Mamba-2, attention beside it and an MLP, as far as its first layers say them. */
export function toFalconH1(
  { d_model, embed_scale, logit_scale }: ModelConfig,
  layers: readonly BuiltLayer[],
): Record<string, unknown> | undefined {
  const [mamba, attention, mlp] = layers as readonly [BuiltLayer, BuiltLayer?, BuiltLayer?];
  if (mamba.mixer !== 'mamba2' || attention?.mixer !== 'attention' || mlp?.mixer !== 'mlp') return undefined;
  if (attention.place.beside !== true) return undefined;
  const [m, a, f] = [mamba, attention, mlp].map(({ resolved }) => resolved as Record<string, unknown>) as [
    Record<string, unknown>,
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  return {
    architectures: ['FalconH1ForCausalLM'],
    model_type: 'falcon_h1',
    num_hidden_layers: layers.length / 3,
    intermediate_size: f['d_hidden'],
    mlp_bias: f['bias'],
    mlp_multipliers: [f['gate_scale'] ?? 1, mlp.place.out_scale ?? 1],
    mamba_d_ssm: m['d_inner'],
    ...mambaKeysOf(m),
    projectors_bias: m['bias'],
    mamba_norm_before_gate: m['norm_before_gate'],
    mamba_rms_norm: m['rmsnorm'],
    ssm_multipliers: m['in_proj_scales'] ?? [1, 1, 1, 1, 1],
    ssm_in_multiplier: mamba.place.in_scale ?? 1,
    ssm_out_multiplier: mamba.place.out_scale ?? 1,
    ...attentionKeysOf(a, d_model),
    rope_theta: a['rotary_emb_base'],
    key_multiplier: (a['softmax_scale'] as number) * Math.sqrt(a['head_dim'] as number),
    attention_in_multiplier: attention.place.in_scale ?? 1,
    attention_out_multiplier: attention.place.out_scale ?? 1,
    embedding_multiplier: embed_scale ?? 1,
    lm_head_multiplier: logit_scale ?? 1,
  };
}
