/**
 * @file Hugging Face's hybrids of Mamba-2 and attention that our stack expresses: `bamba` and `nemotron_h`
 * (transformers `models/bamba` at 001f85b, `models/nemotron_h` at 13923c6).
 */
import * as z from 'zod';
import { attentionOf, common, hybrid, mambaKeys, mambaOf, rope, ropeBase } from './hybrid';
import { dtLimit, ForeignModelError, parse, Placements, size, type ForeignModel } from './types';

const bambaSchema = z.looseObject({
  ...common,
  rms_norm_eps: z.number().positive().default(1e-5),
  hidden_act: z.literal('silu').default('silu'),
  attn_layer_indices: z.array(z.int().min(0)).max(4096).nullish(),
  ...mambaKeys,
  partial_rotary_factor: z.number().min(0).max(1).optional(),
  ...rope,
});

/** @throws ForeignModelError */
export function fromBamba(config: unknown): ForeignModel {
  const c = parse(bambaSchema, config);
  const mamba = mambaOf(c);
  const head_dim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const factor = c.rope_parameters?.partial_rotary_factor ?? c.partial_rotary_factor ?? 0.5;
  const attention = {
    ...attentionOf(c, head_dim),
    rotary_emb_dim: Math.floor(head_dim * factor),
    rotary_emb_base: ropeBase(c),
  };
  const mlp = { mixer: 'mlp', d_intermediate: c.intermediate_size, multiple_of: 1, bias: c.mlp_bias };
  const attentionAt = new Set(c.attn_layer_indices ?? []);
  const places = new Placements();
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const theirs = `model.layers.${i}.`;
    const [layer, part] = attentionAt.has(i) ? [attention, 'self_attn.'] : [mamba, 'mamba.'];
    places.add(layer, `${theirs}input_layernorm.`, `${theirs}${part}`);
    places.add(mlp, `${theirs}pre_ff_layernorm.`, `${theirs}feed_forward.`);
  }
  const outer = {
    'backbone.embedding.weight': ['model.embed_tokens.weight'],
    'backbone.norm_f.weight': ['model.final_layernorm.weight'],
  };
  return hybrid('bamba', c, places, c.rms_norm_eps, outer);
}

const nemotronSchema = z.looseObject({
  ...common,
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
  const c = parse(nemotronSchema, config);
  const written =
    c.layers_block_type ?? (c.hybrid_override_pattern ? [...c.hybrid_override_pattern] : undefined);
  if (!written) throw new ForeignModelError('hybrid_override_pattern or layers_block_type is missing.');
  if (written.length !== c.num_hidden_layers) {
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
  const places = new Placements();
  for (const [i, word] of written.entries()) {
    const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
    if (kind === undefined)
      throw new ForeignModelError(`layer ${i} is of the unknown kind ${JSON.stringify(word)}.`);
    if (kind === 'moe')
      throw new ForeignModelError(`layer ${i} is a mixture of experts, which is not supported.`);
    const theirs = `backbone.layers.${i}.`;
    places.add({ mamba, attention, mlp }[kind], `${theirs}norm.`, `${theirs}mixer.`);
  }
  const outer = {
    'backbone.embedding.weight': [
      'backbone.embeddings.weight',
      'model.embeddings.weight',
      'backbone.embedding.weight',
    ],
    'backbone.norm_f.weight': ['backbone.norm_f.weight', 'model.norm_f.weight'],
  };
  return hybrid('nemotron_h', c, places, eps, outer);
}
