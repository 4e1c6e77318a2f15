/**
 * @file Hugging Face's `zamba2`: Mamba-2 layers, some of which read one of a few shared transformer blocks first
 * (transformers `models/zamba2` at 00511f5; Glorioso et al., 2024). As there, limits of Δ are `time_step_limit` alone.
 */
import * as z from 'zod';
import {
  brief,
  dtLimit,
  endKeys,
  endOf,
  ForeignModelError,
  layerCount,
  limits,
  parse,
  size,
  type ForeignModel,
  type WrittenMixer,
} from './types';
import { isCopy, zamba2Pieces, type Zamba2Layer } from './zamba2-names';

const kinds = z.array(z.string().max(100)).max(4096).nullish();
const schema = z.looseObject({
  hidden_size: size.default(2560),
  num_hidden_layers: layerCount.default(54),
  vocab_size: size.default(32_000),
  layers_block_type: kinds,
  layer_types: kinds,
  mamba_d_state: size.default(64),
  mamba_d_conv: size.default(4),
  mamba_expand: size.default(2),
  mamba_ngroups: size.default(1),
  n_mamba_heads: size.default(8),
  time_step_limit: limits.nullish(),
  chunk_size: size.default(256),
  add_bias_linear: z.boolean().default(false),
  intermediate_size: size.nullish(),
  hidden_act: z.enum(['gelu', 'silu', 'relu']).default('gelu'),
  num_attention_heads: size.default(32),
  num_key_value_heads: size.nullish(),
  num_mem_blocks: size.default(1),
  use_shared_attention_adapter: z.boolean().default(false),
  adapter_rank: size.default(128),
  use_mem_rope: z.boolean().default(false),
  use_long_context: z.literal(false, { error: 'models with rescaled positions are not read' }).default(false),
  rope_theta: z.number().positive().optional(),
  rope_parameters: z
    .looseObject({
      rope_type: z.literal('default').default('default'),
      rope_theta: z.number().positive().optional(),
    })
    .nullish(),
  rms_norm_eps: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  ...endKeys,
});

/** Words for layers with and without a block in front; they changed over time. */
const WORDS: Readonly<Record<string, 'mamba' | 'hybrid'>> = {
  mamba: 'mamba',
  mamba2: 'mamba',
  linear_attention: 'mamba',
  hybrid: 'hybrid',
  attention: 'hybrid',
  full_attention: 'hybrid',
};

/** Of the gated norm inside the Mamba-2 layers, whatever the config says. */
export const GATED_NORM_EPS = 1e-5;

/** Layers of one block under which its tensors are looked for; published files have them under the first. */
const MAX_SITES = 64;

/** Layers with a block where the config names none. */
const USUAL: ReadonlySet<number> = new Set([6, 12, 18, 24, 30, 36, 42, 47, 51]);

/** @throws ForeignModelError */
export function fromZamba2(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const hybrid = hybridLayers(c.layers_block_type ?? c.layer_types ?? undefined, c.num_hidden_layers);
  const d_inner = c.mamba_expand * c.hidden_size;
  if (d_inner % c.n_mamba_heads !== 0)
    throw new ForeignModelError('n_mamba_heads must divide mamba_expand · hidden_size.');
  if ((2 * c.hidden_size) % c.num_attention_heads !== 0)
    throw new ForeignModelError('num_attention_heads must divide 2 · hidden_size.');
  const head_dim = (2 * c.hidden_size) / c.num_attention_heads;
  const heads_kv = c.num_key_value_heads ?? c.num_attention_heads;
  const mamba = {
    mixer: 'mamba2',
    d_state: c.mamba_d_state,
    d_conv: c.mamba_d_conv,
    expand: c.mamba_expand,
    headdim: d_inner / c.n_mamba_heads,
    ngroups: c.mamba_ngroups,
    chunk_size: c.chunk_size,
    gated_norm_eps: GATED_NORM_EPS,
    dt_limit: dtLimit(c.time_step_limit ?? [0, Infinity]),
    bias: c.add_bias_linear,
  };
  const block = {
    mixer: 'zamba',
    heads: c.num_attention_heads,
    num_heads_kv: heads_kv,
    rotary_emb_dim: c.use_mem_rope ? head_dim : 0,
    rotary_emb_base: c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000,
    d_intermediate: c.intermediate_size ?? 4 * c.hidden_size,
    activation: c.hidden_act,
    adapter_rank: c.adapter_rank,
    attention_adapter: c.use_shared_attention_adapter,
    bias: c.add_bias_linear,
  };
  const rows = [c.num_attention_heads * head_dim, heads_kv * head_dim, heads_kv * head_dim] as const;
  const sitesOf = Array.from({ length: Math.min(c.num_mem_blocks, hybrid.length) }, (_, which) =>
    hybrid.filter((_at, i) => i % c.num_mem_blocks === which && i < which + MAX_SITES * c.num_mem_blocks),
  );
  const uses = new Map(hybrid.map((at, use) => [at, use]));
  const layers: WrittenMixer[] = [];
  const places: Zamba2Layer[] = [];
  for (let at = 0; at < c.num_hidden_layers; at++) {
    const use = uses.get(at);
    if (use !== undefined) {
      const which = use % c.num_mem_blocks;
      layers.push({ ...block, share: `block-${which}` });
      places.push({ kind: 'block', at, use, sites: sitesOf[which]!, rows });
    }
    layers.push(mamba);
    places.push({ kind: 'mamba', at, hybrid: use !== undefined });
  }
  return {
    family: 'Hugging Face zamba2',
    model: {
      d_model: c.hidden_size,
      layers: brief(layers),
      norm: 'rms',
      norm_eps: c.rms_norm_eps,
      tie_embeddings: c.tie_word_embeddings,
      vocab_size: c.vocab_size,
    },
    vocab_size: c.vocab_size,
    ...endOf(c),
    pieces: (name) =>
      zamba2Pieces(places, name).map(({ names, ...piece }) => ({
        ...piece,
        names: [...names, ...names.map((one) => one.replace(/^model\./, ''))],
      })),
    ignored: (name) =>
      isCopy(name) ||
      (c.tie_word_embeddings && name === 'lm_head.weight') ||
      name.endsWith('rotary_emb.inv_freq'),
  };
}

/** Indices of the layers that read a block. */
function hybridLayers(words: readonly string[] | undefined, count: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (!words) {
    if (count !== 54)
      throw new ForeignModelError(
        'layers_block_type is missing, which only models of 54 layers may leave out.',
      );
    return all.filter((i) => USUAL.has(i));
  }
  if (words.length !== count) {
    throw new ForeignModelError(
      `layers_block_type has ${words.length} layers, but num_hidden_layers is ${count}.`,
    );
  }
  return all.filter((i) => {
    const word = words[i]!;
    const kind = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (kind === undefined)
      throw new ForeignModelError(`layer ${i} is of the unknown kind ${JSON.stringify(word)}.`);
    return kind === 'hybrid';
  });
}
