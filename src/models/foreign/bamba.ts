/** @file Hugging Face's `bamba`: Mamba-2 or attention, each with a gated MLP (transformers `models/bamba` at 001f85b). */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import type { BuiltLayer } from '../layers';
import { attentionOf, common, hybrid, mambaKeys, mambaOf, rope, ropeBase } from './hybrid';
import { attentionKeysOf, firstOf, indicesOf, mambaKeysOf, mixersOf } from './hybrid-keys';
import { parse, Placements, type ForeignModel } from './types';

const schema = z.looseObject({
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
  const c = parse(schema, config);
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

/** The keys of a stack of Mamba-2 or attention with an MLP each, as far as the first of each kind say them. */
export function toBamba(
  { d_model }: ModelConfig,
  layers: readonly BuiltLayer[],
): Record<string, unknown> | undefined {
  const mixers = mixersOf(layers);
  const [m, a, f] = firstOf(layers, ['mamba2', 'attention', 'mlp']);
  if (!m || !f) return undefined;
  const head_dim = (a?.['head_dim'] as number | undefined) ?? d_model;
  const turned = (a?.['rotary_emb_dim'] as number | undefined) ?? head_dim;
  // Its attention always knows positions.
  if (turned === 0) return undefined;
  return {
    architectures: ['BambaForCausalLM'],
    model_type: 'bamba',
    num_hidden_layers: mixers.length,
    attn_layer_indices: indicesOf(mixers, 'attention'),
    intermediate_size: f['d_hidden'],
    mlp_bias: f['bias'],
    ...mambaKeysOf(m),
    ...attentionKeysOf(a, d_model),
    partial_rotary_factor: turned / head_dim,
    rope_theta: a?.['rotary_emb_base'] ?? 10_000,
  };
}
