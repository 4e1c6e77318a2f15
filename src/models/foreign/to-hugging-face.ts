/**
 * @file Models that Hugging Face's `MambaForCausalLM`, `FalconMambaForCausalLM`, `Mamba2ForCausalLM` and hybrids can
 * express: their config.json and tensor names. (transformers `models/mamba` at 00328d4, `models/falcon_mamba` at 00a11b6,
 * `models/mamba2` at 020a37d.)
 */
import type { Model } from '../model';
import { toHybrid } from './to-hybrid';
import { toZamba2 } from './to-zamba2';
import type { Piece } from './types';

/** A tensor of theirs: so many rows of one of our parameters, the next from the top; all unless given. */
export interface WrittenPiece extends Omit<Partial<Piece>, 'names'> {
  readonly name: string;
}

export interface HuggingFaceForm {
  /** Contents of config.json; may hold Infinity, see `formats/python-json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What one of our parameters is called there, in pieces from the top. */
  pieces(name: string): readonly WrittenPiece[];
}

const OURS = 'backbone.embedding.weight';
const THEIRS = 'backbone.embeddings.weight';

/** Our name of a tensor of a Hugging Face Mamba file. */
export const nameFromHuggingFace = (name: string): string => (name === THEIRS ? OURS : name);
/** The name of one of our parameters in a Hugging Face Mamba file. */
const nameToHuggingFace = (name: string): string => (name === OURS ? THEIRS : name);

/** How a resolved mixer answers, as far as the two classes know it. */
interface Mixer {
  readonly [option: string]: unknown;
}

const CLASSES = {
  mamba: 'MambaForCausalLM',
  falcon_mamba: 'FalconMambaForCausalLM',
  mamba2: 'Mamba2ForCausalLM',
} as const;

/** The Hugging Face form, or the first reason why there is none. */
export function toHuggingFace(model: Model): HuggingFaceForm | { readonly reason: string } {
  const reason = outerProblem(model);
  if (reason !== undefined) return { reason };
  const kinds = new Set(model.layers.map(({ mixer }) => mixer));
  if (kinds.has('zamba')) return toZamba2(model);
  const plain = toMamba(model);
  if ('config' in plain) return plain;
  const hybrid = toHybrid(model);
  return 'config' in hybrid || kinds.has('mlp') ? hybrid : plain;
}

/** As one of the classes whose layers are all alike. */
function toMamba(model: Model): HuggingFaceForm | { readonly reason: string } {
  const { config: ours, layers } = model;
  const kind = layers[0]!.mixer;
  if (kind !== 'mamba' && kind !== 'mamba2') return { reason: `layers of kind ${kind}` };
  if (layers.some((layer) => layer.mixer !== kind)) return { reason: 'layers of different kinds' };
  const options = layers.map((layer) => JSON.stringify(layer.resolved));
  if (new Set(options).size > 1) return { reason: 'layers with different options' };
  const special = unusual(model);
  if (special !== undefined) return { reason: special };
  const r = layers[0]!.resolved as Mixer;
  if (kind === 'mamba2') {
    if (r['d_ssm'] !== r['d_inner']) return { reason: 'd_ssm smaller than d_inner' };
    if (r['D_has_hdim']) return { reason: 'D_has_hdim' };
    if (!r['rmsnorm']) return { reason: 'no norm inside the mixer' };
    if (r['learnable_init_states']) return { reason: 'learned initial states' };
    if (r['norm_before_gate']) return { reason: 'norm_before_gate' };
    // Their norm runs over the whole width, the authors' over each group.
    if (r['norm_groups'] !== 1) return { reason: 'norm statistics per group' };
    if (r['gated_norm_eps'] !== ours.norm_eps) return { reason: 'a gated norm with an eps of its own' };
    if ((r['nheads'] as number) * (r['headdim'] as number) !== (r['expand'] as number) * ours.d_model) {
      return { reason: 'an inner width that is not expand · d_model' };
    }
  }
  const falcon = kind === 'mamba' && r['bcdt_norm_eps'] !== undefined;
  const type = falcon ? 'falcon_mamba' : kind;
  const shared = {
    architectures: [CLASSES[type]],
    model_type: type,
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
          ...(falcon ? { mixer_rms_eps: r['bcdt_norm_eps'] } : {}),
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
  return { config: { ...shared, ...own }, pieces: (name) => [{ name: nameToHuggingFace(name) }] };
}

/** What makes a stack of one kind of layers another than the plain one; undefined when nothing does. */
export function unusual({
  config: { embed_scale = 1, logit_scale = 1 },
  layers,
}: Pick<Model, 'config' | 'layers'>): string | undefined {
  if (layers.some(({ place }) => place.share !== undefined)) return 'layers that share their parameters';
  if (layers.some(({ place }) => place.beside)) return 'layers side by side';
  const factors = layers.flatMap(({ place, resolved }) => [
    place.in_scale ?? 1,
    place.out_scale ?? 1,
    ...(((resolved as Mixer)['in_proj_scales'] as number[] | undefined) ?? []),
  ]);
  if ([embed_scale, logit_scale, ...factors].some((factor) => factor !== 1)) return 'scaled parts';
  return layers.some(({ resolved }) => (resolved as Mixer)['bcdt_norm_weights'])
    ? 'weights of the norms of B, C and Δ'
    : undefined;
}

/** What no class of theirs can express, whatever the layers. */
function outerProblem({ config: ours, task, data }: Model): string | undefined {
  if (ours.lora) return 'low-rank updates that are not merged';
  if (ours.norm !== 'rms') return `${ours.norm} norms`;
  if (ours.norm_position === 'post') return 'norms behind the layers';
  const tokens = data.input.kind === 'tokens' && task.type !== 'classification' && task.type !== 'regression';
  return tokens ? undefined : 'a head that is not over tokens';
}
