/** @file Bamba and Nemotron-H in float64, from the tensors of a file. */
import {
  affine,
  attentionOf,
  attentionShapes,
  mamba2Keys,
  mamba2Of,
  mamba2Shapes,
  mlpShapes,
  normed,
  number,
  numbers,
  plus,
  usual,
  type Config,
  type Family,
  type Shapes,
} from './family';
import { attentionLayer, linear, mamba2, mlp } from './reference';

export const bamba: Family = {
  base: {
    ...usual,
    ...mamba2Keys,
    model_type: 'bamba',
    num_hidden_layers: 3,
    attn_layer_indices: [1],
    mamba_expand: 2,
    mamba_chunk_size: 8,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    partial_rotary_factor: 0.5,
    time_step_limit: [0.02, 0.6],
  },
  finalNorm: 'model.final_layernorm',
  shapes: (c) =>
    Array.from({ length: number(c, 'num_hidden_layers') }, (_, i): Shapes => {
      const at = `model.layers.${i}.`;
      return [
        ...(numbers(c, 'attn_layer_indices').includes(i)
          ? attentionShapes(c, `${at}self_attn.`)
          : mamba2Shapes(c, `${at}mamba.`, true)),
        ...mlpShapes(c, `${at}feed_forward.`),
        [`${at}input_layernorm.weight`, [8]],
        [`${at}pre_ff_layernorm.weight`, [8]],
      ];
    }).flat(),
  layer(file, c, i, stream) {
    const at = `model.layers.${i}.`;
    const h = normed(file, c, `${at}input_layernorm`, stream);
    const o = attentionOf(c, true);
    const limit = numbers(c, 'time_step_limit') as [number, number];
    const mixed = numbers(c, 'attn_layer_indices').includes(i)
      ? attentionLayer(file, `${at}self_attn`, h, {
          ...o,
          rotary: o.head_dim * number(c, 'partial_rotary_factor'),
        })
      : mamba2(file, `${at}mamba`, h, { ...mamba2Of(c), normGroups: 1, limit });
    const x = plus(stream, mixed);
    return plus(
      x,
      normed(file, c, `${at}pre_ff_layernorm`, x).map((row) => mlp(file, `${at}feed_forward`, row)),
    );
  },
};

/** Its Mamba-2 layers under the keys of the others. */
const usualKeys = (c: Config): Config => ({
  ...c,
  mamba_n_heads: c['mamba_num_heads'],
  mamba_d_head: c['mamba_head_dim'],
  mamba_n_groups: c['n_groups'],
  mamba_d_state: c['ssm_state_size'],
  mamba_d_conv: c['conv_kernel'],
  mamba_proj_bias: c['use_bias'],
  mamba_conv_bias: c['use_conv_bias'],
  rms_norm_eps: c['layer_norm_epsilon'],
});

const signOf = (c: Config, i: number): string => (c['hybrid_override_pattern'] as string)[i]!;

export const nemotronH: Family = {
  base: {
    ...usual,
    model_type: 'nemotron_h',
    hybrid_override_pattern: 'M-*M-',
    num_hidden_layers: undefined,
    layer_norm_epsilon: 1e-4,
    head_dim: 6,
    mamba_num_heads: 3,
    mamba_head_dim: 5,
    n_groups: 3,
    ssm_state_size: 4,
    conv_kernel: 3,
    chunk_size: 8,
  },
  embedding: 'backbone.embeddings',
  finalNorm: 'backbone.norm_f',
  shapes: (c) =>
    [...(c['hybrid_override_pattern'] as string)].flatMap((sign, i): Shapes => {
      const at = `backbone.layers.${i}.mixer.`;
      const f = number(c, 'intermediate_size');
      const mixer: Readonly<Record<string, () => Shapes>> = {
        M: () => mamba2Shapes(usualKeys(c), at, true),
        '*': () => attentionShapes(c, at),
        '-': () => [
          ...affine(`${at}up_proj`, f, 8, c['mlp_bias']),
          ...affine(`${at}down_proj`, 8, f, c['mlp_bias']),
        ],
      };
      return [...mixer[sign]!(), [`backbone.layers.${i}.norm.weight`, [8]]];
    }),
  layer(file, c, i, stream) {
    const at = `backbone.layers.${i}.`;
    const keys = usualKeys(c);
    const h = normed(file, keys, `${at}norm`, stream);
    const sign = signOf(c, i);
    if (sign === 'M') {
      const groups = number(c, 'n_groups');
      return plus(stream, mamba2(file, `${at}mixer`, h, { ...mamba2Of(keys), normGroups: groups }));
    }
    if (sign === '*') return plus(stream, attentionLayer(file, `${at}mixer`, h, attentionOf(c, false)));
    return plus(
      stream,
      h.map((row) => {
        const hidden = linear(file, `${at}mixer.up_proj`, row).map((value) => Math.max(value, 0) ** 2);
        return linear(file, `${at}mixer.down_proj`, hidden);
      }),
    );
  },
};
