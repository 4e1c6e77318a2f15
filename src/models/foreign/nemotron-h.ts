/**
 * @file Hugging Face's `nemotron_h`: layers of Mamba-2, attention, MLPs without a gate and experts in any order (transformers
 * `models/nemotron_h` at 13923c6).
 */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import type { BuiltLayer } from '../layers';
import { attentionOf, common, hybrid } from './hybrid';
import { attentionKeysOf, firstOf } from './hybrid-keys';
import { dtLimit, ForeignModelError, layerCount, parse, Placements, size, type ForeignModel } from './types';

const schema = z.looseObject({
  ...common,
  // Newer files leave it to the pattern.
  num_hidden_layers: layerCount.nullish(),
  layer_norm_epsilon: z.number().positive().optional(),
  rms_norm_eps: z.number().positive().optional(),
  hybrid_override_pattern: z.string().max(4096).nullish(),
  layers_block_type: z.array(z.string().max(100)).max(4096).nullish(),
  attention_head_dim: size.nullish(),
  mlp_hidden_act: z.literal('relu2').default('relu2'),
  mamba_hidden_act: z.literal('silu').default('silu'),
  ssm_state_size: size.default(128),
  mamba_num_heads: size.default(128),
  mamba_head_dim: size.default(64),
  n_groups: size.default(8),
  conv_kernel: size.default(4),
  chunk_size: size.default(128),
  n_routed_experts: z.int().positive().max(4096).default(8),
  num_experts_per_tok: z.int().positive().default(2),
  moe_intermediate_size: size.default(7688),
  moe_shared_expert_intermediate_size: size.default(7688),
  moe_latent_size: z
    .null({ error: 'experts behind a narrower map are not read; run such a checkpoint with transformers' })
    .optional(),
  norm_topk_prob: z.boolean().default(true),
  routed_scaling_factor: z.number().positive().default(1),
  n_group: z.int().positive().max(4096).default(1),
  topk_group: z.int().positive().max(4096).default(1),
  use_bias: z.boolean().default(false),
  use_conv_bias: z.boolean().default(true),
});

/** Words and signs of their layer kinds; the words changed over time. */
const KINDS: Readonly<Record<string, 'mamba' | 'attention' | 'mlp' | 'moe'>> = {
  M: 'mamba',
  mamba: 'mamba',
  linear_attention: 'mamba',
  '*': 'attention',
  attention: 'attention',
  full_attention: 'attention',
  '-': 'mlp',
  mlp: 'mlp',
  E: 'moe',
  moe: 'moe',
};

/** @throws ForeignModelError */
export function fromNemotronH(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const written =
    c.layers_block_type ?? (c.hybrid_override_pattern ? [...c.hybrid_override_pattern] : undefined);
  if (!written) throw new ForeignModelError('hybrid_override_pattern or layers_block_type is missing.');
  if (written.length !== (c.num_hidden_layers ?? written.length)) {
    throw new ForeignModelError(
      `the pattern has ${written.length} layers, but num_hidden_layers is ${c.num_hidden_layers}.`,
    );
  }
  const eps = c.layer_norm_epsilon ?? c.rms_norm_eps ?? 1e-5;
  const mamba = {
    mixer: 'mamba2',
    d_state: c.ssm_state_size,
    d_conv: c.conv_kernel,
    // Not expand · hidden_size.
    d_inner: c.mamba_num_heads * c.mamba_head_dim,
    headdim: c.mamba_head_dim,
    ngroups: c.n_groups,
    chunk_size: c.chunk_size,
    gated_norm_eps: eps,
    dt_limit: dtLimit(c.time_step_limit),
    bias: c.use_bias || c.mamba_proj_bias,
    conv_bias: c.use_conv_bias,
  };
  const attention = attentionOf(c, c.head_dim ?? c.attention_head_dim ?? 128);
  const mlp = {
    mixer: 'mlp',
    activation: 'relu2',
    d_intermediate: c.intermediate_size,
    multiple_of: 1,
    bias: c.mlp_bias,
  };
  const moe = {
    mixer: 'moe',
    num_experts: c.n_routed_experts,
    top_k: c.num_experts_per_tok,
    d_intermediate: c.moe_intermediate_size,
    activation: 'relu2',
    scores: 'sigmoid',
    norm_topk_prob: c.norm_topk_prob,
    routed_scaling_factor: c.routed_scaling_factor,
    correction_bias: true,
    ...(c.n_group === 1 ? {} : { n_group: c.n_group, topk_group: c.topk_group }),
    d_shared: c.moe_shared_expert_intermediate_size,
    shared_bias: c.mlp_bias,
  };
  const places = new Placements();
  for (const [i, word] of written.entries()) {
    const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
    if (kind === undefined)
      throw new ForeignModelError(`layer ${i} is of the unknown kind ${JSON.stringify(word)}.`);
    const theirs = `backbone.layers.${i}.`;
    places.add({ mamba, attention, mlp, moe }[kind], `${theirs}norm.`, `${theirs}mixer.`);
  }
  const outer = {
    'backbone.embedding.weight': [
      'backbone.embeddings.weight',
      'model.embeddings.weight',
      'backbone.embedding.weight',
    ],
    'backbone.norm_f.weight': ['backbone.norm_f.weight', 'model.norm_f.weight'],
  };
  return hybrid('nemotron_h', c, places, eps, outer, { experts: EXPERTS });
}

const EXPERTS = { router: 'gate', experts: { each: 'experts' }, shared: 'shared_experts' };

const SIGNS: Readonly<Record<string, string>> = { mamba2: 'M', attention: '*', mlp: '-', moe: 'E' };

/** The keys of a stack of these layers, as far as the first of each kind say them. */
export function toNemotronH(
  { d_model, norm_eps }: ModelConfig,
  layers: readonly BuiltLayer[],
): Record<string, unknown> | undefined {
  const [m, a, f, e] = firstOf(layers, ['mamba2', 'attention', 'mlp', 'moe']);
  if (!m || layers.some(({ mixer }) => SIGNS[mixer] === undefined)) return undefined;
  return {
    architectures: ['NemotronHForCausalLM'],
    model_type: 'nemotron_h',
    num_hidden_layers: layers.length,
    // Every version reads the signs; the words for the kinds changed.
    hybrid_override_pattern: layers.map(({ mixer }) => SIGNS[mixer]).join(''),
    layer_norm_epsilon: norm_eps,
    intermediate_size: f?.['d_hidden'] ?? d_model,
    mlp_hidden_act: 'relu2',
    mlp_bias: f?.['bias'] ?? e?.['shared_bias'] ?? false,
    ...(e && {
      n_routed_experts: e['num_experts'],
      num_experts_per_tok: e['top_k'],
      moe_intermediate_size: e['d_hidden'],
      moe_shared_expert_intermediate_size: e['d_shared'],
      norm_topk_prob: e['norm_topk_prob'],
      routed_scaling_factor: e['routed_scaling_factor'],
      n_shared_experts: 1,
      n_group: e['n_group'],
      topk_group: e['topk_group'],
    }),
    mamba_hidden_act: 'silu',
    ssm_state_size: m['d_state'],
    mamba_num_heads: m['nheads'],
    mamba_head_dim: m['headdim'],
    n_groups: m['ngroups'],
    conv_kernel: m['d_conv'],
    expand: m['expand'],
    chunk_size: m['chunk_size'],
    use_bias: m['bias'],
    mamba_proj_bias: m['bias'],
    use_conv_bias: m['conv_bias'],
    time_step_limit: m['dt_limit'],
    ...attentionKeysOf(a, d_model),
  };
}
