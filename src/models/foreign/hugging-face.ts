/**
 * @file Configs of Hugging Face's `mamba`, `mamba2` and `falcon_mamba` (transformers `models/mamba` at 00328d4,
 * `models/mamba2` at 020a37d, `models/falcon_mamba` at 00a11b6).
 */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import {
  dtLimit,
  endKeys,
  endOf,
  ForeignModelError,
  layerCount,
  limits,
  parse,
  size,
  type ForeignModel,
} from './types';

/** Keys that change the result, with the defaults of the classes; everything else is ignored. */
const shared = {
  hidden_size: size,
  num_hidden_layers: layerCount,
  vocab_size: size,
  expand: size.default(2),
  conv_kernel: size.default(4),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  use_bias: z.boolean().default(false),
  use_conv_bias: z.boolean().default(true),
  hidden_act: z.literal('silu').default('silu'),
  ...endKeys,
};
const firstMamba = {
  ...shared,
  state_size: size.default(16),
  intermediate_size: size.optional(),
  time_step_rank: z.union([size, z.literal('auto')]).default('auto'),
  tie_word_embeddings: z.boolean().default(true),
};
const schema = z.discriminatedUnion('model_type', [
  z.looseObject({ ...firstMamba, model_type: z.literal('mamba') }),
  z.looseObject({
    ...firstMamba,
    model_type: z.literal('falcon_mamba'),
    mixer_rms_eps: z.number().positive().default(1e-6),
  }),
  z.looseObject({
    ...shared,
    model_type: z.literal('mamba2'),
    hidden_size: size.default(4096),
    num_hidden_layers: layerCount.default(64),
    vocab_size: size.default(32_768),
    state_size: size.default(128),
    num_heads: size.default(128),
    head_dim: size.default(64),
    n_groups: size.default(8),
    chunk_size: size.default(256),
    time_step_limit: limits.default([0, Infinity]),
    tie_word_embeddings: z.boolean().default(false),
  }),
]);

export const HUGGING_FACE_MAMBAS = ['mamba', 'mamba2', 'falcon_mamba'];

/**
 * The model that a Hugging Face config.json describes.
 * @param config parsed with `parsePythonJson`
 * @throws ForeignModelError saying which key is wrong or cannot be expressed
 */
export function fromHuggingFace(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const common = { repeat: c.num_hidden_layers, d_state: c.state_size, d_conv: c.conv_kernel };
  const biases = { bias: c.use_bias, conv_bias: c.use_conv_bias };
  let layer: { mixer: string; [option: string]: unknown };
  if (c.model_type === 'mamba2') {
    if (c.num_heads * c.head_dim !== c.expand * c.hidden_size) {
      throw new ForeignModelError('num_heads · head_dim must be expand · hidden_size.');
    }
    layer = {
      mixer: 'mamba2',
      ...common,
      ...biases,
      expand: c.expand,
      headdim: c.head_dim,
      ngroups: c.n_groups,
      chunk_size: c.chunk_size,
      // Their norm runs over the whole width, and takes the eps of the layer norms.
      ...(c.n_groups === 1 ? {} : { norm_groups: 1 }),
      gated_norm_eps: c.layer_norm_epsilon,
      dt_limit: dtLimit(c.time_step_limit),
    };
  } else {
    // An explicit intermediate_size wins over expand.
    const d_inner = c.intermediate_size ?? c.expand * c.hidden_size;
    const expand = d_inner / c.hidden_size;
    layer = {
      mixer: 'mamba',
      ...common,
      ...biases,
      ...(Number.isInteger(expand) ? { expand } : { d_inner }),
      dt_rank: c.time_step_rank,
      ...(c.model_type === 'falcon_mamba' ? { bcdt_norm_eps: c.mixer_rms_eps } : {}),
    };
  }
  const model: ModelConfig = {
    d_model: c.hidden_size,
    layers: [layer],
    norm: 'rms',
    norm_eps: c.layer_norm_epsilon,
    tie_embeddings: c.tie_word_embeddings,
    vocab_size: c.vocab_size,
  };
  return {
    family: `Hugging Face ${c.model_type}`,
    model,
    vocab_size: c.vocab_size,
    ...endOf(c),
    ...backboneNames(c.tie_word_embeddings),
  };
}

/** Names of files whose layers are ours one by one; either form of the embedding, with or without `backbone.`. */
export function backboneNames(tied: boolean): Pick<ForeignModel, 'pieces' | 'ignored'> {
  return {
    pieces(name) {
      const forms =
        name === 'backbone.embedding.weight'
          ? ['backbone.embeddings.weight', 'backbone.embedding.weight']
          : [name];
      return [{ names: [...forms, ...forms.map((form) => form.replace(/^backbone\./, ''))] }];
    },
    ignored: (name) => tied && name === 'lm_head.weight',
  };
}
