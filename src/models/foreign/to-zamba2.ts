/** @file Models that Hugging Face's `Zamba2ForCausalLM` can express (transformers `models/zamba2` at 00511f5). */
import type { BuiltLayer } from '../layers';
import type { Model } from '../model';
import type { HuggingFaceForm } from './to-hugging-face';
import { GATED_NORM_EPS } from './zamba2';
import { zamba2Pieces, type Zamba2Layer } from './zamba2-names';

type Options = Readonly<Record<string, unknown>>;
const optionsOf = (layer: BuiltLayer): Options => layer.resolved as Options;
const alike = (layers: readonly BuiltLayer[]): boolean =>
  new Set(layers.map(({ resolved }) => JSON.stringify(resolved))).size === 1;

/** Models whose layers are Mamba-2 and Zamba blocks; the caller has looked at norms, head and updates. */
export function toZamba2(model: Model): HuggingFaceForm | { readonly reason: string } {
  const { config: ours, layers } = model;
  const blocks = layers.filter(({ mixer }) => mixer === 'zamba');
  const mambas = layers.filter(({ mixer }) => mixer === 'mamba2');
  if (blocks.length + mambas.length < layers.length) return { reason: 'layers of different kinds' };
  if (layers.some(({ mixer }, i) => mixer === 'zamba' && layers[i + 1]?.mixer !== 'mamba2'))
    return { reason: 'a zamba block without a Mamba-2 layer behind it' };
  if (!alike(blocks) || !alike(mambas)) return { reason: 'layers with different options' };
  const homes = [...new Set(blocks.map(({ home }) => home))];
  if (blocks.some(({ home }, use) => home !== homes[use % homes.length]))
    return { reason: 'shared blocks that do not take turns' };
  const [b, m] = [optionsOf(blocks[0]!), optionsOf(mambas[0]!)];
  const problem = blockProblem(b, m) ?? mambaProblem(m, ours.d_model);
  if (problem !== undefined) return { reason: problem };
  const head_dim = b['head_dim'] as number;
  const rows = [b['heads'], b['num_heads_kv'], b['num_heads_kv']].map((n) => (n as number) * head_dim);
  const places = placesOf(layers, homes.length, rows as [number, number, number]);
  const hybrids = new Set(places.flatMap((place) => (place.kind === 'block' ? [place.at] : [])));
  const words = mambas.map((_, at) => (hybrids.has(at) ? 'hybrid' : 'mamba'));
  return {
    config: {
      architectures: ['Zamba2ForCausalLM'],
      model_type: 'zamba2',
      hidden_size: ours.d_model,
      num_hidden_layers: mambas.length,
      layers_block_type: words,
      vocab_size: model.rows,
      mamba_d_state: m['d_state'],
      mamba_d_conv: m['d_conv'],
      mamba_expand: m['expand'],
      mamba_ngroups: m['ngroups'],
      n_mamba_heads: m['nheads'],
      use_conv_bias: true,
      chunk_size: m['chunk_size'],
      time_step_min: m['dt_min'],
      time_step_max: m['dt_max'],
      time_step_floor: m['dt_init_floor'],
      time_step_limit: m['dt_limit'],
      add_bias_linear: b['bias'],
      intermediate_size: b['d_intermediate'],
      hidden_act: b['activation'],
      num_attention_heads: b['heads'],
      num_key_value_heads: b['num_heads_kv'],
      num_mem_blocks: homes.length,
      use_shared_mlp_adapter: true,
      use_shared_attention_adapter: b['attention_adapter'],
      adapter_rank: b['adapter_rank'],
      use_mem_rope: b['rotary_emb_dim'] !== 0,
      rope_theta: b['rotary_emb_base'],
      use_long_context: false,
      rms_norm_eps: ours.norm_eps,
      tie_word_embeddings: ours.tie_embeddings,
      bos_token_id: null,
      eos_token_id: null,
      pad_token_id: null,
      torch_dtype: 'float32',
    },
    pieces: (name) =>
      zamba2Pieces(places, name).map(({ names, ...piece }) => ({ name: names[0]!, ...piece })),
  };
}

function placesOf(
  layers: readonly BuiltLayer[],
  count: number,
  rows: readonly [number, number, number],
): Zamba2Layer[] {
  // A block stands in front of the Mamba-2 layer that it belongs to.
  let at = 0;
  const ats = layers.map(({ mixer }) => (mixer === 'zamba' ? at : at++));
  const used = layers.flatMap(({ mixer }, i) => (mixer === 'zamba' ? [ats[i]!] : []));
  return layers.map(({ mixer }, i): Zamba2Layer => {
    if (mixer !== 'zamba') return { kind: 'mamba', at: ats[i]!, hybrid: used.includes(ats[i]!) };
    const use = used.indexOf(ats[i]!);
    return { kind: 'block', at: ats[i]!, use, sites: used.filter((_, j) => j % count === use % count), rows };
  });
}

function blockProblem(b: Options, m: Options): string | undefined {
  if (b['adapter_rank'] === 0) return 'zamba blocks without low-rank maps';
  if (b['rotary_emb_dim'] !== 0 && b['rotary_emb_dim'] !== b['head_dim'])
    return 'rotary positions in a part of a head';
  if (b['attention_adapter'] && b['heads'] !== b['num_heads_kv'])
    return 'low-rank maps of keys that are fewer than the queries';
  return b['bias'] === m['bias'] ? undefined : 'biases in a part of the layers';
}

function mambaProblem(m: Options, d_model: number): string | undefined {
  if (m['d_ssm'] !== m['d_inner']) return 'd_ssm smaller than d_inner';
  if (m['D_has_hdim']) return 'D_has_hdim';
  if (!m['rmsnorm']) return 'no norm inside the mixer';
  if (m['learnable_init_states']) return 'learned initial states';
  if (m['norm_before_gate']) return 'norm_before_gate';
  if (m['norm_groups'] !== m['ngroups']) return 'norm statistics over other groups';
  if (m['gated_norm_eps'] !== GATED_NORM_EPS) return `a gated norm with another eps than ${GATED_NORM_EPS}`;
  if (!m['conv_bias']) return 'a convolution without bias';
  return m['d_inner'] === (m['expand'] as number) * d_model
    ? undefined
    : 'an inner width that is not expand · d_model';
}
