/**
 * @file Hugging Face's `jamba` without experts: Mamba with norms of B, C and Δ, and attention that knows no positions,
 * each with a gated MLP (transformers `models/jamba` at 0159620; Lieber et al., 2024).
 */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import type { BuiltLayer } from '../layers';
import { attentionOf, common, hybrid } from './hybrid';
import { attentionKeysOf, firstOf, indicesOf, mixersOf } from './hybrid-keys';
import { ForeignModelError, parse, Placements, size, type ForeignModel } from './types';

const count = z.int().min(0).max(4096);
const schema = z.looseObject({
  ...common,
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  num_key_value_heads: size.nullable().default(8),
  rms_norm_eps: z.number().positive().default(1e-6),
  hidden_act: z.literal('silu').default('silu'),
  sliding_window: z.null().optional(),
  num_experts: z.int().min(1).default(16),
  expert_layer_period: count.min(1).default(2),
  expert_layer_offset: count.default(1),
  attn_layer_period: count.min(1).default(8),
  attn_layer_offset: count.default(4),
  mamba_d_state: size.default(16),
  mamba_d_conv: size.default(4),
  mamba_expand: size.default(2),
  mamba_dt_rank: z.union([size, z.literal('auto')]).default('auto'),
  mamba_conv_bias: z.boolean().default(true),
});

const OUTER = {
  'backbone.embedding.weight': ['model.embed_tokens.weight'],
  'backbone.norm_f.weight': ['model.final_layernorm.weight'],
};

/** @throws ForeignModelError */
export function fromJamba(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const all = Array.from({ length: c.num_hidden_layers }, (_, i) => i);
  const expert = all.find((i) => i % c.expert_layer_period === c.expert_layer_offset);
  if (c.num_experts > 1 && expert !== undefined) {
    throw new ForeignModelError(
      `num_experts is ${c.num_experts}: layer ${expert} is a mixture of experts, which is not supported, only models with 1.`,
    );
  }
  const mamba = {
    mixer: 'mamba',
    d_state: c.mamba_d_state,
    d_conv: c.mamba_d_conv,
    expand: c.mamba_expand,
    dt_rank: c.mamba_dt_rank,
    bcdt_norm_eps: c.rms_norm_eps,
    bcdt_norm_weights: true,
    bias: c.mamba_proj_bias,
    conv_bias: c.mamba_conv_bias,
  };
  const attention = attentionOf(c, c.head_dim ?? c.hidden_size / c.num_attention_heads);
  const mlp = { mixer: 'mlp', d_intermediate: c.intermediate_size, multiple_of: 1 };
  const places = new Placements();
  for (const i of all) {
    const theirs = `model.layers.${i}.`;
    const isAttention = i % c.attn_layer_period === c.attn_layer_offset;
    const part = isAttention ? 'self_attn.' : 'mamba.';
    places.add(isAttention ? attention : mamba, `${theirs}input_layernorm.`, theirs + part);
    places.add(mlp, `${theirs}pre_ff_layernorm.`, `${theirs}feed_forward.`);
  }
  return hybrid('jamba', c, places, c.rms_norm_eps, OUTER);
}

/** The keys of a stack of Mamba or attention with an MLP each, as far as the first of each kind say them. */
export function toJamba(
  { d_model }: ModelConfig,
  layers: readonly BuiltLayer[],
): Record<string, unknown> | undefined {
  const mixers = mixersOf(layers);
  const [m, a, f] = firstOf(layers, ['mamba', 'attention', 'mlp']);
  if (!m || !f) return undefined;
  const at = indicesOf(mixers, 'attention');
  // One attention layer, or none, is any period that does not come again.
  const offset = at[0] ?? mixers.length;
  const period = at.length > 1 ? at[1]! - at[0]! : mixers.length + 1;
  return {
    architectures: ['JambaForCausalLM'],
    model_type: 'jamba',
    num_hidden_layers: mixers.length,
    intermediate_size: f['d_hidden'],
    num_experts: 1,
    num_experts_per_tok: 1,
    attn_layer_period: period,
    attn_layer_offset: offset,
    expert_layer_period: 2,
    expert_layer_offset: 1,
    mamba_d_state: m['d_state'],
    mamba_d_conv: m['d_conv'],
    mamba_expand: m['expand'],
    mamba_dt_rank: m['dt_rank'],
    mamba_conv_bias: m['conv_bias'],
    mamba_proj_bias: m['bias'],
    use_mamba_kernels: false,
    ...attentionKeysOf(a, d_model),
  };
}
