/**
 * @file Hugging Face's `jamba`: Mamba with norms of B, C and Δ, and attention that knows no positions,
 * each with a gated MLP or experts (transformers `models/jamba` at 0159620; Lieber et al., 2024).
 */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import type { BuiltLayer } from '../layers';
import { attentionOf, common, hybrid } from './hybrid';
import { attentionKeysOf, firstOf, indicesOf, mixersOf } from './hybrid-keys';
import { parse, Placements, size, type ForeignModel } from './types';

const count = z.int().min(0).max(4096);
const schema = z.looseObject({
  ...common,
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  num_key_value_heads: size.nullable().default(8),
  rms_norm_eps: z.number().positive().default(1e-6),
  hidden_act: z.literal('silu').default('silu'),
  sliding_window: z.null().optional(),
  num_experts: z.int().min(1).max(4096).default(16),
  num_experts_per_tok: z.int().positive().default(2),
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

const EXPERTS = { router: 'router', experts: { each: 'experts' } };

/** @throws ForeignModelError */
export function fromJamba(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const all = Array.from({ length: c.num_hidden_layers }, (_, i) => i);
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
  const experts = {
    mixer: 'moe',
    num_experts: c.num_experts,
    top_k: c.num_experts_per_tok,
    d_intermediate: c.intermediate_size,
    norm_topk_prob: false,
  };
  const places = new Placements();
  for (const i of all) {
    const theirs = `model.layers.${i}.`;
    const isAttention = i % c.attn_layer_period === c.attn_layer_offset;
    const part = isAttention ? 'self_attn.' : 'mamba.';
    places.add(isAttention ? attention : mamba, `${theirs}input_layernorm.`, theirs + part);
    const isMixture = c.num_experts > 1 && i % c.expert_layer_period === c.expert_layer_offset;
    places.add(isMixture ? experts : mlp, `${theirs}pre_ff_layernorm.`, `${theirs}feed_forward.`);
  }
  return hybrid('jamba', c, places, c.rms_norm_eps, OUTER, { experts: EXPERTS });
}

/** The keys of a stack of Mamba or attention with an MLP each, as far as the first of each kind say them. */
export function toJamba(
  { d_model }: ModelConfig,
  layers: readonly BuiltLayer[],
): Record<string, unknown> | undefined {
  const mixers = mixersOf(layers);
  const [m, a, dense, experts] = firstOf(layers, ['mamba', 'attention', 'mlp', 'moe']);
  const f = dense ?? experts;
  if (!m || !f) return undefined;
  const [attention, mixtures] = [
    periodOf(indicesOf(mixers, 'attention'), mixers.length),
    periodOf(
      indicesOf(
        layers.filter((_, i) => i % 2 === 1),
        'moe',
      ),
      mixers.length,
    ),
  ];
  return {
    architectures: ['JambaForCausalLM'],
    model_type: 'jamba',
    num_hidden_layers: mixers.length,
    intermediate_size: f['d_hidden'],
    num_experts: experts?.['num_experts'] ?? 1,
    num_experts_per_tok: experts?.['top_k'] ?? 1,
    attn_layer_period: attention.period,
    attn_layer_offset: attention.offset,
    expert_layer_period: mixtures.period,
    expert_layer_offset: mixtures.offset,
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

/** One layer of a kind, or none, is any period that does not come again. */
const periodOf = ([first, second]: readonly number[], count: number) => ({
  offset: first ?? count,
  period: second === undefined ? count + 1 : second - first!,
});
