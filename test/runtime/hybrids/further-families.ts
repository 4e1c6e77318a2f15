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
import { best, sigmoids, sumOf } from './mixture';
import { add, attentionLayer, get, linear, mamba2, mlp, times, type File } from './reference';

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

function plain(file: File, name: string, row: number[]): number[] {
  const hidden = linear(file, `${name}.up_proj`, row).map((value) => Math.max(value, 0) ** 2);
  return linear(file, `${name}.down_proj`, hidden);
}

/** Numbers of the best groups, each as good as its two best; 0 in the place of all others. */
function inBestGroups(numbers: number[], groups: number, most: number): number[] {
  if (groups === 1) return numbers;
  const size = numbers.length / groups;
  const worth = Array.from({ length: groups }, (_, i) => {
    const [first, second] = numbers.slice(i * size, (i + 1) * size).sort((a, b) => b - a);
    return first! + second!;
  });
  const open = new Set(best(worth, most));
  return numbers.map((value, e) => (open.has(Math.floor(e / size)) ? value : 0));
}

/** Sigmoids as weights; a bias counts in the choice alone. */
function mixture(file: File, c: Config, name: string, row: number[]): number[] {
  const scores = sigmoids(linear(file, `${name}.gate`, row));
  const bias = get(file, `${name}.gate.e_score_correction_bias`);
  const chosen = best(
    inBestGroups(
      scores.map((score, e) => score + bias[e]!),
      Number(c['n_group'] ?? 1),
      Number(c['topk_group'] ?? 1),
    ),
    number(c, 'num_experts_per_tok'),
  );
  const total = c['norm_topk_prob'] === false ? 1 : chosen.reduce((sum, e) => sum + scores[e]!, 0);
  const parts = chosen.map((e) =>
    times(
      plain(file, `${name}.experts.${e}`, row),
      (number(c, 'routed_scaling_factor') * scores[e]!) / total,
    ),
  );
  return add(sumOf(parts, row.length), plain(file, `${name}.shared_experts`, row));
}

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
    n_routed_experts: 4,
    num_experts_per_tok: 2,
    moe_intermediate_size: 5,
    moe_shared_expert_intermediate_size: 7,
    routed_scaling_factor: 2.5,
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
        E: () => [
          ...affine(`${at}gate`, number(c, 'n_routed_experts'), 8, false),
          [`${at}gate.e_score_correction_bias`, [number(c, 'n_routed_experts')]],
          ...Array.from({ length: number(c, 'n_routed_experts') }, (_, e): Shapes => {
            const width = number(c, 'moe_intermediate_size');
            return [
              [`${at}experts.${e}.up_proj.weight`, [width, 8]],
              [`${at}experts.${e}.down_proj.weight`, [8, width]],
            ];
          }).flat(),
          ...affine(
            `${at}shared_experts.up_proj`,
            number(c, 'moe_shared_expert_intermediate_size'),
            8,
            c['mlp_bias'],
          ),
          ...affine(
            `${at}shared_experts.down_proj`,
            8,
            number(c, 'moe_shared_expert_intermediate_size'),
            c['mlp_bias'],
          ),
        ],
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
      h.map((row) => (sign === 'E' ? mixture(file, c, `${at}mixer`, row) : plain(file, `${at}mixer`, row))),
    );
  },
};
