/** @file What Hugging Face's hybrids have in common: keys of their configs, names of attention and MLPs, the model. */
import * as z from 'zod';
import type { ModelConfig } from '../config';
import { expertPieces, sizesOf, type ExpertNames } from './experts';
import {
  brief,
  dtLimit,
  endKeys,
  endOf,
  ForeignModelError,
  layerCount,
  limits,
  projections,
  size,
  type ForeignModel,
  type Piece,
  type Placements,
  type WrittenMixer,
} from './types';

/** Keys that all of them have. */
export const common = {
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  vocab_size: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  mamba_proj_bias: z.boolean().default(false),
  time_step_limit: limits.default([0, Infinity]),
  ...endKeys,
};

/** Keys of Mamba-2 layers, as most of them write them. */
export const mambaKeys = {
  mamba_n_heads: size.default(128),
  mamba_d_head: z.union([size, z.literal('auto')]).default('auto'),
  mamba_n_groups: size.default(1),
  mamba_d_state: size.default(256),
  mamba_d_conv: size.default(4),
  mamba_expand: size.default(2),
  mamba_chunk_size: size.default(256),
  mamba_conv_bias: z.boolean().default(true),
};

type MambaKeys = z.output<z.ZodObject<typeof mambaKeys>>;

/**
 * Channels per head.
 * @param words what d_inner is called
 * @throws ForeignModelError when heads and channels do not make d_inner
 */
export function headdimOf(c: MambaKeys, d_inner: number, words: string): number {
  const headdim = c.mamba_d_head === 'auto' ? d_inner / c.mamba_n_heads : c.mamba_d_head;
  if (headdim * c.mamba_n_heads !== d_inner || !Number.isInteger(headdim))
    throw new ForeignModelError(`mamba_n_heads · mamba_d_head must be ${words}.`);
  return headdim;
}

/** Our Mamba-2 layer of theirs, whose norm runs over all channels. */
export const mambaOf = (
  c: MambaKeys & {
    hidden_size: number;
    rms_norm_eps: number;
    mamba_proj_bias: boolean;
    time_step_limit: z.output<typeof limits>;
  },
) => ({
  mixer: 'mamba2',
  d_state: c.mamba_d_state,
  d_conv: c.mamba_d_conv,
  expand: c.mamba_expand,
  headdim: headdimOf(c, c.mamba_expand * c.hidden_size, 'mamba_expand · hidden_size'),
  ngroups: c.mamba_n_groups,
  chunk_size: c.mamba_chunk_size,
  ...(c.mamba_n_groups === 1 ? {} : { norm_groups: 1 }),
  gated_norm_eps: c.rms_norm_eps,
  dt_limit: dtLimit(c.time_step_limit),
  bias: c.mamba_proj_bias,
  conv_bias: c.mamba_conv_bias,
});

/** Keys of rotary positions, whose place changed over time. */
export const rope = {
  rope_theta: z.number().positive().optional(),
  rope_parameters: z
    .looseObject({
      rope_type: z.literal('default').default('default'),
      rope_theta: z.number().positive().optional(),
      partial_rotary_factor: z.number().min(0).max(1).optional(),
    })
    .nullish(),
  rope_scaling: z.null().optional(),
};

export const ropeBase = (c: {
  rope_theta?: number | undefined;
  rope_parameters?: { rope_theta?: number | undefined } | null | undefined;
}): number => c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000;

/** Their names of what a mixer of ours calls otherwise; several lie below each other. */
type Renaming = Readonly<Record<string, readonly string[]>>;

const ATTENTION: Renaming = { in_proj: projections, out_proj: ['o_proj'] };
// Ours: value, then gate.
const GATED: Renaming = { fc1: ['up_proj', 'gate_proj'], fc2: ['down_proj'] };
const PLAIN: Renaming = { fc1: ['up_proj'], fc2: ['down_proj'] };

/** Names of an MLP whose gate and value are one tensor, the gate first. */
export const FUSED: Renaming = { fc1: ['input_linear'], fc2: ['output_linear'] };

const isGated = ({ mixer, activation = 'swiglu' }: WrittenMixer): boolean =>
  mixer === 'mlp' && activation === 'swiglu';

function renamingOf(layer: WrittenMixer): Renaming {
  if (layer.mixer === 'attention') return ATTENTION;
  if (layer.mixer !== 'mlp') return {};
  return isGated(layer) ? GATED : PLAIN;
}

/** Rows of the parts of a parameter that is several tensors there. */
function rowsOf(layer: WrittenMixer, part: string): readonly number[] | undefined {
  const number = (key: string): number => layer[key] as number;
  if (part === 'in_proj' && layer.mixer === 'attention') {
    const keys = number('num_heads_kv') * number('head_dim');
    return [number('heads') * number('head_dim'), keys, keys];
  }
  const hidden = number('d_intermediate');
  return part === 'fc1' && isGated(layer) ? [hidden, hidden] : undefined;
}

/** What a parameter of a mixer is made of, by names relative to theirs. */
function renamed(name: string, layer: WrittenMixer, renaming: Renaming): Piece[] {
  const [part, ...rest] = name.split('.') as [string, ...string[]];
  const parts = Object.hasOwn(renaming, part) ? renaming[part]! : [part];
  const rows = parts.length > 1 ? rowsOf(layer, part) : undefined;
  const swapped = parts.length === 1 && part === 'fc1' && isGated(layer);
  return parts.map((theirs, i) => ({
    names: [[theirs, ...rest].join('.')],
    ...(rows ? { rows: rows[i]! } : {}),
    ...(swapped ? { convert: 'swap-halves' as const } : {}),
  }));
}

/** The same for a mixture of experts; the expert that every token meets is an MLP like others. */
function mixturePieces(
  name: string,
  layer: WrittenMixer,
  experts: ExpertNames,
  d_model: number,
  mlp?: Renaming,
): Piece[] {
  const [part, ...rest] = name.split('.') as [string, ...string[]];
  if (part === 'router') return [{ names: [[experts.router, ...rest].join('.')] }];
  if (part === 'experts') return expertPieces(rest[0] as 'fc1' | 'fc2', experts, sizesOf(layer, d_model));
  const { activation = 'swiglu' } = layer;
  const shared: WrittenMixer = { mixer: 'mlp', activation, d_intermediate: layer['d_shared'] };
  return renamed(rest.join('.'), shared, mlp ?? renamingOf(shared)).map(({ names, ...how }) => ({
    ...how,
    names: names.map((one) => `${experts.shared!}.${one}`),
  }));
}

export const attentionOf = (
  c: {
    num_attention_heads: number;
    num_key_value_heads?: number | null | undefined;
    attention_bias: boolean;
  },
  head_dim: number,
): WrittenMixer => ({
  mixer: 'attention',
  heads: c.num_attention_heads,
  num_heads_kv: c.num_key_value_heads ?? c.num_attention_heads,
  head_dim,
  qkv_proj_bias: c.attention_bias,
  out_proj_bias: c.attention_bias,
});

/** A factor where it is one: 1 is left out. */
export const factor = <K extends string>(key: K, value: number): Partial<Record<K, number>> =>
  value === 1 ? {} : ({ [key]: value } as Partial<Record<K, number>>);

/**
 * @param kind their model_type
 * @param outer their names of what belongs to no layer
 * @param mlp names of the MLPs' parts, unless they are the usual ones
 */
export function hybrid(
  kind: string,
  c: {
    hidden_size: number;
    vocab_size: number;
    tie_word_embeddings: boolean;
    eos_token_id?: number | number[] | null | undefined;
  },
  places: Placements,
  norm_eps: number,
  outer: Readonly<Record<string, readonly string[]>>,
  {
    mlp,
    experts,
    scales = {},
  }: {
    mlp?: Renaming;
    experts?: ExpertNames;
    scales?: Pick<ModelConfig, 'embed_scale' | 'logit_scale'>;
  } = {},
): ForeignModel {
  const model: ModelConfig = {
    d_model: c.hidden_size,
    layers: brief(places.layers),
    norm: 'rms',
    norm_eps,
    tie_embeddings: c.tie_word_embeddings,
    ...scales,
    vocab_size: c.vocab_size,
  };
  return {
    family: `Hugging Face ${kind}`,
    model,
    vocab_size: c.vocab_size,
    ...endOf(c),
    pieces(name): readonly Piece[] {
      const place = places.nameOf(name);
      if (!place) return [{ names: outer[name] ?? [name] }];
      const layer = places.layers[Number(/\d+/.exec(name)![0])]!;
      const inside = /\.mixer\./.test(name);
      const found =
        inside && layer.mixer === 'moe'
          ? mixturePieces(place.rest, layer, experts!, c.hidden_size, mlp)
          : renamed(place.rest, layer, inside ? (layer.mixer === 'mlp' && mlp) || renamingOf(layer) : {});
      return found.map(({ names: [theirs], ...how }) => {
        const full = place.prefix + theirs!;
        return { ...how, names: [full, full.replace(/^backbone\./, 'model.')] };
      });
    },
    ignored: (name) =>
      (c.tie_word_embeddings && name === 'lm_head.weight') || name.endsWith('rotary_emb.inv_freq'),
  };
}
