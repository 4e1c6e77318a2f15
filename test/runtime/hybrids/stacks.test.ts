/** @file falcon_h1, granitemoehybrid, jamba, bamba and nemotron_h against float64 loops, token by token, and back into the same file. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromConfig } from '../../../src/models';
import { Random } from '../../../src/util/random';
import { silu } from '../../layers/slow';
import { checkRoundTrip, continuations, errorsOf, openShort, writeCheckpoint } from './check';
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
import { bamba, nemotronH } from './further-families';
import { best, graniteExperts, softmax, sumOf } from './mixture';
import {
  add,
  attentionLayer,
  get,
  jambaMamba,
  linear,
  mamba2,
  mlp,
  randomFile,
  times,
  type Rows,
} from './reference';

const falconH1: Family = {
  base: {
    ...usual,
    ...mamba2Keys,
    model_type: 'falcon_h1',
    mamba_d_ssm: 16,
    mamba_chunk_size: 8,
    mamba_rms_norm: false,
    mamba_norm_before_gate: true,
    rope_theta: 1e5,
    key_multiplier: 0.7,
    attention_in_multiplier: 1.5,
    attention_out_multiplier: 0.6,
    ssm_in_multiplier: 1.25,
    ssm_out_multiplier: 0.8,
    ssm_multipliers: [0.5, 1.5, 0.75, 1.25, 2],
    mlp_multipliers: [0.9, 1.2],
    embedding_multiplier: 2,
    lm_head_multiplier: 0.5,
  },
  finalNorm: 'model.final_layernorm',
  shapes: (c) =>
    Array.from({ length: number(c, 'num_hidden_layers') }, (_, i): Shapes => {
      const at = `model.layers.${i}.`;
      return [
        ...mamba2Shapes(c, `${at}mamba.`, c['mamba_rms_norm'] === true),
        ...attentionShapes(c, `${at}self_attn.`),
        ...mlpShapes(c, `${at}feed_forward.`),
        [`${at}input_layernorm.weight`, [8]],
        [`${at}pre_ff_layernorm.weight`, [8]],
      ];
    }).flat(),
  layer(file, c, i, stream) {
    const at = `model.layers.${i}.`;
    const h = normed(file, c, `${at}input_layernorm`, stream);
    const { d_inner: E, groups, d_state, heads, ...rest } = mamba2Of(c);
    const scale = [E, E, groups * d_state, groups * d_state, heads].flatMap((count, part) =>
      new Array<number>(count).fill(numbers(c, 'ssm_multipliers')[part]!),
    );
    const mixed = mamba2(
      file,
      `${at}mamba`,
      h.map((row) => times(row, number(c, 'ssm_in_multiplier'))),
      {
        ...rest,
        d_inner: E,
        groups,
        d_state,
        heads,
        scale,
        normGroups: c['mamba_rms_norm'] ? groups : 0,
        normFirst: c['mamba_norm_before_gate'] === true,
      },
    );
    const options = attentionOf(c, true);
    const attended = attentionLayer(
      file,
      `${at}self_attn`,
      h.map((row) => times(row, number(c, 'attention_in_multiplier'))),
      { ...options, scale: options.scale * number(c, 'key_multiplier') },
    );
    const both = mixed.map((row, t) =>
      add(
        times(row, number(c, 'ssm_out_multiplier')),
        times(attended[t]!, number(c, 'attention_out_multiplier')),
      ),
    );
    const x = plus(stream, both);
    const [gate, down] = numbers(c, 'mlp_multipliers') as [number, number];
    return plus(
      x,
      normed(file, c, `${at}pre_ff_layernorm`, x).map((row) =>
        times(mlp(file, `${at}feed_forward`, row, gate), down),
      ),
    );
  },
  scales: (c) => ({ embedded: number(c, 'embedding_multiplier'), logits: number(c, 'lm_head_multiplier') }),
};

/** All experts in one tensor. */
function mixtureShapes(c: Config, at: string): Shapes {
  const [E, f] = [number(c, 'num_local_experts'), number(c, 'intermediate_size')];
  if (E === 0) return [];
  return [
    [`${at}router.layer.weight`, [E, 8]],
    [`${at}input_linear.weight`, [E, 2 * f, 8]],
    [`${at}output_linear.weight`, [E, 8, f]],
  ];
}

const granite: Family = {
  base: {
    ...usual,
    ...mamba2Keys,
    model_type: 'granitemoehybrid',
    num_local_experts: 0,
    shared_intermediate_size: 12,
    layer_types: ['mamba', 'attention'],
    mamba_chunk_size: 8,
    embedding_multiplier: 3,
    logits_scaling: 4,
    residual_multiplier: 0.4,
    attention_multiplier: 0.3,
    position_embedding_type: null,
  },
  finalNorm: 'model.norm',
  shapes: (c) =>
    (c['layer_types'] as string[]).flatMap((word, i): Shapes => {
      const at = `model.layers.${i}.`;
      const f = number(c, 'shared_intermediate_size');
      return [
        ...(word === 'mamba' ? mamba2Shapes(c, `${at}mamba.`, true) : attentionShapes(c, `${at}self_attn.`)),
        ...mixtureShapes(c, `${at}block_sparse_moe.`),
        ...affine(`${at}shared_mlp.input_linear`, 2 * f, 8, false),
        ...affine(`${at}shared_mlp.output_linear`, 8, f, false),
        [`${at}input_layernorm.weight`, [8]],
        [`${at}post_attention_layernorm.weight`, [8]],
      ];
    }),
  layer(file, c, i, stream) {
    const at = `model.layers.${i}.`;
    const added = number(c, 'residual_multiplier');
    const h = normed(file, c, `${at}input_layernorm`, stream);
    const rotary = c['position_embedding_type'] === 'rope';
    const mixed =
      (c['layer_types'] as string[])[i] === 'mamba'
        ? mamba2(file, `${at}mamba`, h, { ...mamba2Of(c), normGroups: 1 })
        : attentionLayer(
            file,
            `${at}self_attn`,
            h,
            attentionOf(c, rotary, number(c, 'attention_multiplier')),
          );
    const x = plus(
      stream,
      mixed.map((row) => times(row, added)),
    );
    const further = normed(file, c, `${at}post_attention_layernorm`, x).map((row) => {
      const wide = linear(file, `${at}shared_mlp.input_linear`, row);
      const half = wide.length / 2;
      const hidden = wide.slice(0, half).map((gate, k) => silu(gate) * wide[half + k]!);
      const shared = linear(file, `${at}shared_mlp.output_linear`, hidden);
      if (number(c, 'num_local_experts') === 0) return times(shared, added);
      const mixed = graniteExperts(file, `${at}block_sparse_moe.`, number(c, 'num_experts_per_tok'), row);
      return times(add(shared, mixed), added);
    });
    return plus(x, further);
  },
  scales: (c) => ({ embedded: number(c, 'embedding_multiplier'), logits: 1 / number(c, 'logits_scaling') }),
};

const isAttention = (c: Config, i: number): boolean =>
  i % number(c, 'attn_layer_period') === number(c, 'attn_layer_offset');

const hasExperts = (c: Config, i: number): boolean =>
  number(c, 'num_experts') > 1 && i % number(c, 'expert_layer_period') === number(c, 'expert_layer_offset');

const jamba: Family = {
  base: {
    ...usual,
    model_type: 'jamba',
    num_hidden_layers: 3,
    num_experts: 1,
    num_experts_per_tok: 1,
    expert_layer_period: 2,
    expert_layer_offset: 1,
    attn_layer_period: 4,
    attn_layer_offset: 1,
    mamba_d_state: 4,
    mamba_d_conv: 4,
    mamba_expand: 2,
    mamba_dt_rank: 2,
  },
  finalNorm: 'model.final_layernorm',
  shapes: (c) =>
    Array.from({ length: number(c, 'num_hidden_layers') }, (_, i): Shapes => {
      const at = `model.layers.${i}.`;
      const [E, N, R] = [16, number(c, 'mamba_d_state'), number(c, 'mamba_dt_rank')];
      const m = `${at}mamba.`;
      const mamba: Shapes = [
        ...affine(`${m}in_proj`, 2 * E, 8, c['mamba_proj_bias']),
        ...affine(`${m}out_proj`, 8, E, c['mamba_proj_bias']),
        ...affine(`${m}x_proj`, R + 2 * N, E, false),
        ...affine(`${m}dt_proj`, E, R, true),
        [`${m}conv1d.weight`, [E, 1, 4]],
        [`${m}conv1d.bias`, [E]],
        [`${m}A_log`, [E, N]],
        [`${m}D`, [E]],
        [`${m}dt_layernorm.weight`, [R]],
        [`${m}b_layernorm.weight`, [N]],
        [`${m}c_layernorm.weight`, [N]],
      ];
      return [
        ...(isAttention(c, i) ? attentionShapes(c, `${at}self_attn.`) : mamba),
        ...(hasExperts(c, i)
          ? [
              ...affine(`${at}feed_forward.router`, number(c, 'num_experts'), 8, false),
              ...Array.from({ length: number(c, 'num_experts') }, (_unused, e) =>
                mlpShapes(c, `${at}feed_forward.experts.${e}.`),
              ).flat(),
            ]
          : mlpShapes(c, `${at}feed_forward.`)),
        [`${at}input_layernorm.weight`, [8]],
        [`${at}pre_ff_layernorm.weight`, [8]],
      ];
    }).flat(),
  layer(file, c, i, stream) {
    const at = `model.layers.${i}.`;
    const h = normed(file, c, `${at}input_layernorm`, stream);
    const sizes = { d_inner: 16, d_state: number(c, 'mamba_d_state'), dt_rank: number(c, 'mamba_dt_rank') };
    const mixed = isAttention(c, i)
      ? attentionLayer(file, `${at}self_attn`, h, attentionOf(c, false))
      : jambaMamba(file, `${at}mamba`, h, { ...sizes, eps: number(c, 'rms_norm_eps') });
    const x = plus(stream, mixed);
    return plus(
      x,
      normed(file, c, `${at}pre_ff_layernorm`, x).map((row) => {
        if (!hasExperts(c, i)) return mlp(file, `${at}feed_forward`, row);
        // A softmax over all: the chosen do not make one.
        const scores = softmax(linear(file, `${at}feed_forward.router`, row));
        const chosen = best(scores, number(c, 'num_experts_per_tok'));
        return sumOf(
          chosen.map((e) => times(mlp(file, `${at}feed_forward.experts.${e}`, row), scores[e]!)),
          8,
        );
      }),
    );
  },
};

const families = { falcon_h1: falconH1, granitemoehybrid: granite, jamba, bamba, nemotron_h: nemotronH };

const cases: [kind: keyof typeof families, part: Config][] = [
  ['falcon_h1', {}],
  ['falcon_h1', { mamba_rms_norm: true, tie_word_embeddings: true, attention_bias: true, mlp_bias: true }],
  [
    'falcon_h1',
    { mamba_rms_norm: true, mamba_norm_before_gate: false, mamba_proj_bias: true, projectors_bias: true },
  ],
  ['granitemoehybrid', {}],
  ['granitemoehybrid', { position_embedding_type: 'rope', tie_word_embeddings: true, attention_bias: true }],
  ['granitemoehybrid', { layer_types: ['mamba', 'mamba'], mamba_n_groups: 1, mamba_proj_bias: true }],
  ['jamba', {}],
  ['jamba', { attn_layer_period: 2, attn_layer_offset: 0, mamba_proj_bias: true, tie_word_embeddings: true }],
  ['granitemoehybrid', { num_local_experts: 3, num_experts_per_tok: 2, intermediate_size: 3 }],
  // So few of so many that a token meets copies of its experts.
  ['granitemoehybrid', { num_local_experts: 7, num_experts_per_tok: 2, intermediate_size: 5 }],
  ['jamba', { num_experts: 4, num_experts_per_tok: 2, intermediate_size: 5 }],
  ['jamba', { num_experts: 3, num_experts_per_tok: 1, expert_layer_period: 1, expert_layer_offset: 0 }],
  ['nemotron_h', { hybrid_override_pattern: 'ME*E-' }],
  [
    'nemotron_h',
    { hybrid_override_pattern: 'EM', norm_topk_prob: false, num_experts_per_tok: 3, mlp_bias: true },
  ],
  [
    'nemotron_h',
    {
      ...{ hybrid_override_pattern: 'EME', n_routed_experts: 8, num_experts_per_tok: 3 },
      ...{ n_group: 4, topk_group: 2 },
    },
  ],
  ['bamba', {}],
  [
    'bamba',
    { attn_layer_indices: [0, 2], partial_rotary_factor: 1, tie_word_embeddings: true, mlp_bias: true },
  ],
  ['bamba', { attn_layer_indices: [], mamba_proj_bias: true, mamba_conv_bias: false, rope_theta: 500 }],
  ['nemotron_h', {}],
  ['nemotron_h', { hybrid_override_pattern: 'MMM', n_groups: 1, use_bias: true, use_conv_bias: false }],
  [
    'nemotron_h',
    { hybrid_override_pattern: 'M*-M', tie_word_embeddings: true, mlp_bias: true, attention_bias: true },
  ],
];

const ids = [5, 9, 1, 22, 7, 2, 9, 13, 0, 4, 11];

describe('checkpoints of hybrids', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'stacks-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [kind, part] of cases) {
    it(`of ${kind} compute, decode and come back: ${JSON.stringify(part)}`, async () => {
      const family: Family = families[kind];
      const config = { ...family.base, ...part };
      const embedding = family.embedding ?? 'model.embed_tokens';
      const random = new Random(3, kind, JSON.stringify(part));
      const depth =
        (config['num_hidden_layers'] as number | undefined) ??
        (config['hybrid_override_pattern'] as string).length;
      const tied = config['tie_word_embeddings'] === true;
      const shapes: Shapes = [
        [`${embedding}.weight`, [23, 8]],
        ...family.shapes(config),
        [`${family.finalNorm}.weight`, [8]],
        ...(tied ? [] : ([['lm_head.weight', [23, 8]]] satisfies Shapes)),
      ];
      const file = randomFile(new Map(shapes), () => random.normal());
      writeCheckpoint(folder, config, file);
      const opened = await openShort(folder);
      assert.equal(opened.family, `Hugging Face ${kind}`);
      const scales = family.scales?.(config) ?? { embedded: 1, logits: 1 };
      const theirs = (known: readonly number[]): Rows => {
        const table = get(file, `${embedding}.weight`);
        let stream: Rows = known.map((id) =>
          times(Array.from(table.slice(8 * id, 8 * id + 8)), scales.embedded),
        );
        for (let i = 0; i < depth; i++) stream = family.layer(file, config, i, stream);
        const head = tied ? embedding : 'lm_head';
        return normed(file, config, family.finalNorm, stream).map((row) =>
          times(linear(file, head, row), scales.logits),
        );
      };
      const { parallel, decoding } = await errorsOf(opened, theirs, ids);
      assert.ok(parallel < 1e-4 && decoding < 2e-6, `logits are off by ${parallel} and ${decoding}`);
      const { ours, theirs: wanted } = continuations(opened, theirs, ids, 6);
      assert.deepEqual(ours, wanted);
      const count = [...file.values()].reduce((sum, { data }) => sum + data.length, 0);
      assert.equal(opened.model.parameterCount, count);
      await checkRoundTrip(opened, file, join(folder, 'again'));
    });
  }

  it('are refused with the key that is wrong', () => {
    assert.throws(
      () => fromConfig({ ...nemotronH.base, moe_latent_size: 4 }),
      /moe_latent_size: experts behind a narrower map are not read; run such a checkpoint with transformers/,
    );
    assert.throws(
      () => fromConfig({ ...falconH1.base, projectors_bias: true }),
      /mamba_proj_bias and projectors_bias must be alike/,
    );
    assert.throws(() => fromConfig({ ...falconH1.base, mamba_d_head: 3 }), /must be mamba_d_ssm/);
  });
});
