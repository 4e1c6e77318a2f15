/** @file How keys of hybrids' configs are written: the inverse of what `hybrid.ts` reads. */
import type { BuiltLayer } from '../layers';

type Options = Readonly<Record<string, unknown>>;

/** Options of the first layer of each kind. */
export const firstOf = (layers: readonly BuiltLayer[], kinds: readonly string[]): (Options | undefined)[] =>
  kinds.map((kind) => layers.find(({ mixer }) => mixer === kind)?.resolved as Options | undefined);

/** What stands in front of the MLPs, where every other layer is one. */
export const mixersOf = (layers: readonly BuiltLayer[]): BuiltLayer[] => layers.filter((_, i) => i % 2 === 0);

/** Where the layers of a kind stand. */
export const indicesOf = (layers: readonly BuiltLayer[], kind: string): number[] =>
  layers.flatMap(({ mixer }, i) => (mixer === kind ? [i] : []));

/** Keys of Mamba-2 layers. */
export const mambaKeysOf = (m: Options) => ({
  mamba_n_heads: m['nheads'],
  mamba_d_head: m['headdim'],
  mamba_n_groups: m['ngroups'],
  mamba_d_state: m['d_state'],
  mamba_d_conv: m['d_conv'],
  mamba_expand: m['expand'],
  mamba_chunk_size: m['chunk_size'],
  mamba_conv_bias: m['conv_bias'],
  mamba_proj_bias: m['bias'],
  time_step_limit: m['dt_limit'],
});

/** Keys of attention; a model without any still has some. */
export function attentionKeysOf(a: Options = {}, d_model: number) {
  const heads = (a['heads'] as number | undefined) ?? 1;
  return {
    num_attention_heads: heads,
    num_key_value_heads: a['num_heads_kv'] ?? heads,
    head_dim: a['head_dim'] ?? d_model / heads,
    attention_bias: a['qkv_proj_bias'] ?? false,
  };
}
