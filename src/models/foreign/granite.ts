/**
 * @file Hugging Face's `granitemoehybrid`: Mamba-2 or attention, each with a gated MLP or experts, and one factor for
 * all that is added to the residual stream (transformers `models/granitemoehybrid` at 023633d).
 */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import type { BuiltLayer } from '../layers';
import { attentionOf, common, factor, FUSED, hybrid, mambaKeys, mambaOf, rope, ropeBase } from './hybrid';
import { attentionKeysOf, firstOf, mambaKeysOf, mixersOf } from './hybrid-keys';
import { ForeignModelError, parse, Placements, size, type ForeignModel } from './types';

const scale = z.number().positive().default(1);
const kinds = z
  .array(z.enum(['mamba', 'attention']))
  .max(4096)
  .nullish();
const schema = z.looseObject({
  ...common,
  intermediate_size: size.default(11_008),
  rms_norm_eps: z.number().positive().default(1e-6),
  hidden_act: z.literal('silu').default('silu'),
  num_local_experts: z.int().min(0).max(4096).default(8),
  num_experts_per_tok: z.int().min(0).default(2),
  shared_intermediate_size: size.default(1024),
  position_embedding_type: z.enum(['rope', 'nope']).nullish(),
  layer_types: kinds,
  layers_block_type: kinds,
  ...mambaKeys,
  embedding_multiplier: scale,
  logits_scaling: scale,
  residual_multiplier: scale,
  attention_multiplier: scale,
  ...rope,
});

const OUTER = {
  'backbone.embedding.weight': ['model.embed_tokens.weight'],
  'backbone.norm_f.weight': ['model.norm.weight'],
};

const EXPERTS = {
  router: 'block_sparse_moe.router.layer',
  experts: { all: ['block_sparse_moe.input_linear', 'block_sparse_moe.output_linear'] },
  shared: 'shared_mlp',
} as const;

/** @throws ForeignModelError */
export function fromGranite(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const words = c.layer_types ?? c.layers_block_type ?? new Array<'mamba'>(c.num_hidden_layers).fill('mamba');
  if (words.length !== c.num_hidden_layers) {
    throw new ForeignModelError(
      `layer_types has ${words.length} layers, but num_hidden_layers is ${c.num_hidden_layers}.`,
    );
  }
  const head_dim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const added = factor('out_scale', c.residual_multiplier);
  const mamba = { ...mambaOf(c), ...added };
  const attention = {
    ...attentionOf(c, head_dim),
    ...(c.position_embedding_type === 'rope'
      ? { rotary_emb_dim: head_dim, rotary_emb_base: ropeBase(c) }
      : {}),
    softmax_scale: c.attention_multiplier,
    ...added,
  };
  const mlp =
    c.num_local_experts > 0
      ? {
          mixer: 'moe',
          num_experts: c.num_local_experts,
          top_k: c.num_experts_per_tok,
          d_intermediate: c.intermediate_size,
          d_shared: c.shared_intermediate_size,
          ...added,
        }
      : { mixer: 'mlp', d_intermediate: c.shared_intermediate_size, multiple_of: 1, ...added };
  const places = new Placements();
  words.forEach((word, i) => {
    const theirs = `model.layers.${i}.`;
    const part = word === 'mamba' ? 'mamba.' : 'self_attn.';
    places.add(word === 'mamba' ? mamba : attention, `${theirs}input_layernorm.`, theirs + part);
    const further = c.num_local_experts > 0 ? theirs : `${theirs}shared_mlp.`;
    places.add(mlp, `${theirs}post_attention_layernorm.`, further);
  });
  const scales = {
    ...factor('embed_scale', c.embedding_multiplier),
    ...factor('logit_scale', 1 / c.logits_scaling),
  };
  return hybrid('granitemoehybrid', c, places, c.rms_norm_eps, OUTER, {
    mlp: FUSED,
    experts: EXPERTS,
    scales,
  });
}

/** The keys of a stack of Mamba-2 or attention with an MLP each, as far as the first of each kind say them. */
export function toGranite(
  { d_model, embed_scale = 1, logit_scale = 1 }: ModelConfig,
  layers: readonly BuiltLayer[],
): Record<string, unknown> | undefined {
  const mixers = mixersOf(layers);
  const [m, a, dense, experts] = firstOf(layers, ['mamba2', 'attention', 'mlp', 'moe']);
  const f = experts ?? dense;
  if (!m || !f || mixers.some(({ mixer }) => mixer !== 'mamba2' && mixer !== 'attention')) return undefined;
  return {
    architectures: ['GraniteMoeHybridForCausalLM'],
    model_type: 'granitemoehybrid',
    num_hidden_layers: mixers.length,
    layer_types: mixers.map(({ mixer }) => (mixer === 'mamba2' ? 'mamba' : 'attention')),
    num_local_experts: f['num_experts'] ?? 0,
    num_experts_per_tok: f['top_k'] ?? 0,
    intermediate_size: f['d_hidden'],
    shared_intermediate_size: f['d_shared'] ?? f['d_hidden'],
    ...mambaKeysOf(m),
    ...attentionKeysOf(a, d_model),
    position_embedding_type: a?.['rotary_emb_dim'] ? 'rope' : 'nope',
    rope_theta: a?.['rotary_emb_base'] ?? 10_000,
    attention_multiplier: a?.['softmax_scale'] ?? 1,
    residual_multiplier: mixers[0]!.place.out_scale ?? 1,
    embedding_multiplier: embed_scale,
    logits_scaling: 1 / logit_scale,
  };
}
