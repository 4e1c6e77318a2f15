/**
 * @file Models that Hugging Face's `MambaForCausalLM` and `Mamba2ForCausalLM` can express: their config.json and
 * tensor names, both ways. (transformers `models/mamba` at 00328d4, `models/mamba2` at 020a37d.)
 */
import * as z from 'zod';
import type { ModelConfig } from './config';
import type { Model } from './model';

export interface HuggingFaceForm {
  /** Contents of config.json; may hold Infinity, see `formats/python-json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Their name of one of our parameters. */
  tensorName(name: string): string;
}

const OURS = 'backbone.embedding.weight';
const THEIRS = 'backbone.embeddings.weight';

/** Our name of a tensor of a Hugging Face Mamba file. */
export const nameFromHuggingFace = (name: string): string => (name === THEIRS ? OURS : name);
/** The name of one of our parameters in a Hugging Face Mamba file. */
export const nameToHuggingFace = (name: string): string => (name === OURS ? THEIRS : name);

/** How a resolved mixer answers, as far as the two classes know it. */
interface Mixer {
  readonly [option: string]: unknown;
}

/** The Hugging Face form, or the first reason why there is none. */
export function toHuggingFace(model: Model): HuggingFaceForm | { readonly reason: string } {
  const { config: ours, layers } = model;
  const kind = layers[0]!.mixer;
  if (kind !== 'mamba' && kind !== 'mamba2') return { reason: `layers of kind ${kind}` };
  if (layers.some((layer) => layer.mixer !== kind)) return { reason: 'layers of different kinds' };
  const options = layers.map((layer) => JSON.stringify(layer.resolved));
  if (new Set(options).size > 1) return { reason: 'layers with different options' };
  if (ours.norm !== 'rms') return { reason: 'layer norms' };
  const { type } = model.task;
  if (model.data.input.kind !== 'tokens' || type === 'classification' || type === 'regression') {
    return { reason: 'a head that is not over tokens' };
  }
  const r = layers[0]!.resolved as Mixer;
  if (kind === 'mamba2') {
    if (r['d_ssm'] !== r['d_inner']) return { reason: 'd_ssm smaller than d_inner' };
    if (r['D_has_hdim']) return { reason: 'D_has_hdim' };
    if (!r['rmsnorm']) return { reason: 'no norm inside the mixer' };
    if (r['learnable_init_states']) return { reason: 'learned initial states' };
    if (r['norm_before_gate']) return { reason: 'norm_before_gate' };
    // Their norm runs over the whole width, the authors' over each group.
    if (r['ngroups'] !== 1) return { reason: 'norm statistics per group' };
  }
  const shared = {
    architectures: [kind === 'mamba' ? 'MambaForCausalLM' : 'Mamba2ForCausalLM'],
    model_type: kind,
    hidden_size: ours.d_model,
    state_size: r['d_state'],
    num_hidden_layers: layers.length,
    expand: r['expand'],
    conv_kernel: r['d_conv'],
    use_bias: r['bias'],
    use_conv_bias: r['conv_bias'],
    hidden_act: 'silu',
    layer_norm_epsilon: ours.norm_eps,
    residual_in_fp32: true,
    rescale_prenorm_residual: true,
    initializer_range: 0.02,
    time_step_min: r['dt_min'],
    time_step_max: r['dt_max'],
    time_step_floor: r['dt_init_floor'],
    vocab_size: model.rows,
    tie_word_embeddings: ours.tie_embeddings,
    bos_token_id: null,
    eos_token_id: null,
    pad_token_id: null,
    torch_dtype: 'float32',
  };
  const own =
    kind === 'mamba'
      ? {
          intermediate_size: r['d_inner'],
          time_step_rank: r['dt_rank'],
          time_step_scale: r['dt_scale'],
          time_step_init_scheme: r['dt_init'],
          use_mambapy: false,
        }
      : {
          num_heads: r['nheads'],
          head_dim: r['headdim'],
          n_groups: r['ngroups'],
          chunk_size: r['chunk_size'],
          rms_norm: true,
          norm_before_gate: false,
          time_step_limit: r['dt_limit'],
        };
  return { config: { ...shared, ...own }, tensorName: nameToHuggingFace };
}

const size = z.int().positive();
const limit = z.union([z.number(), z.literal('Infinity'), z.custom<number>((value) => value === Infinity)]);

/** Keys that change the result, with the defaults of the classes; everything else is ignored. */
const shared = {
  hidden_size: size,
  num_hidden_layers: size,
  vocab_size: size,
  expand: size.default(2),
  conv_kernel: size.default(4),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  use_bias: z.boolean().default(false),
  use_conv_bias: z.boolean().default(true),
  hidden_act: z.literal('silu').default('silu'),
};
const schema = z.discriminatedUnion('model_type', [
  z.looseObject({
    ...shared,
    model_type: z.literal('mamba'),
    state_size: size.default(16),
    intermediate_size: size.optional(),
    time_step_rank: z.union([size, z.literal('auto')]).default('auto'),
    tie_word_embeddings: z.boolean().default(true),
  }),
  z.looseObject({
    ...shared,
    model_type: z.literal('mamba2'),
    state_size: size.default(128),
    num_heads: size.default(128),
    head_dim: size.default(64),
    n_groups: size.default(8),
    chunk_size: size.default(256),
    rms_norm: z.boolean().default(true),
    time_step_limit: z.tuple([z.number().min(0), limit]).default([0, Infinity]),
    tie_word_embeddings: z.boolean().default(false),
  }),
]);

/**
 * The model that a Hugging Face config.json describes.
 * @param config parsed with `parsePythonJson`
 * @throws Error saying which key is wrong or cannot be expressed
 */
export function fromHuggingFace(config: unknown): {
  readonly model: ModelConfig;
  readonly vocab_size: number;
} {
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Error(`config.json: ${issue.path.map(String).join('.') || 'contents'}: ${issue.message}.`);
  }
  const c = parsed.data;
  const common = { repeat: c.num_hidden_layers, d_state: c.state_size, d_conv: c.conv_kernel };
  const biases = { bias: c.use_bias, conv_bias: c.use_conv_bias };
  let layer: { mixer: string; [option: string]: unknown };
  if (c.model_type === 'mamba') {
    // An explicit intermediate_size wins over expand.
    const expand = (c.intermediate_size ?? c.expand * c.hidden_size) / c.hidden_size;
    if (!Number.isInteger(expand)) {
      const found = `${c.intermediate_size} and ${c.hidden_size}`;
      throw new Error(`config.json: intermediate_size must be a multiple of hidden_size, found ${found}.`);
    }
    layer = { mixer: 'mamba', ...common, ...biases, expand, dt_rank: c.time_step_rank };
  } else {
    if (c.num_heads * c.head_dim !== c.expand * c.hidden_size) {
      throw new Error('config.json: num_heads · head_dim must be expand · hidden_size.');
    }
    if (c.n_groups !== 1 && c.rms_norm) {
      throw new Error('config.json: n_groups above 1 with a norm over the whole width is not supported.');
    }
    const [low, high] = c.time_step_limit;
    const dt_limit = [low, high === Infinity || high === 'Infinity' ? 'inf' : high];
    layer = {
      mixer: 'mamba2',
      ...common,
      ...biases,
      expand: c.expand,
      headdim: c.head_dim,
      ngroups: c.n_groups,
      chunk_size: c.chunk_size,
      rmsnorm: c.rms_norm,
      dt_limit,
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
  return { model, vocab_size: c.vocab_size };
}
