/** @file Zamba2 checkpoints against float64 loops, token by token, and back into the same file. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../../src/util/random';
import { fromConfig } from '../../../src/models';
import { checkRoundTrip, openShort, errorsOf, continuations, writeCheckpoint } from './check';
import { randomFile } from './reference';
import { zamba2Logits, zamba2Shapes, type Zamba2Config } from './zamba2-reference';

const base: Zamba2Config & Record<string, unknown> = {
  model_type: 'zamba2',
  hidden_size: 8,
  vocab_size: 23,
  num_hidden_layers: 5,
  layers_block_type: ['mamba', 'hybrid', 'mamba', 'hybrid', 'hybrid'],
  mamba_d_state: 4,
  mamba_d_conv: 4,
  mamba_expand: 2,
  mamba_ngroups: 2,
  n_mamba_heads: 4,
  chunk_size: 8,
  add_bias_linear: false,
  intermediate_size: 12,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  num_mem_blocks: 1,
  use_shared_attention_adapter: false,
  adapter_rank: 3,
  use_mem_rope: false,
  rms_norm_eps: 1e-4,
  tie_word_embeddings: true,
};

const variants: [title: string, part: Partial<Zamba2Config> & Record<string, unknown>][] = [
  ['one block', {}],
  [
    'two blocks, rotary positions, maps in attention',
    { num_mem_blocks: 2, use_mem_rope: true, use_shared_attention_adapter: true },
  ],
  [
    'two blocks, biases, fewer keys, an untied head',
    { num_mem_blocks: 2, add_bias_linear: true, num_key_value_heads: 2, tie_word_embeddings: false },
  ],
  [
    'newer words, one group, maps in attention',
    {
      layers_block_type: ['full_attention', 'linear_attention', 'full_attention'],
      num_hidden_layers: 3,
      mamba_ngroups: 1,
      use_shared_attention_adapter: true,
    },
  ],
];

const ids = [5, 9, 1, 22, 7, 2, 9, 13, 0, 4, 11];

describe('zamba2 checkpoints', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'zamba2-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [title, part] of variants) {
    it(`compute, decode and come back: ${title}`, async () => {
      const config = { ...base, ...part };
      const random = new Random(3, title);
      const file = randomFile(zamba2Shapes(config), () => random.normal());
      writeCheckpoint(folder, config, file);
      const opened = await openShort(folder);
      assert.equal(opened.family, 'Hugging Face zamba2');
      const theirs = (known: readonly number[]) => zamba2Logits(file, config, known);
      const { parallel, decoding } = await errorsOf(opened, theirs, ids);
      assert.ok(parallel < 1e-4 && decoding < 1e-6, `logits are off by ${parallel} and ${decoding}`);
      const { ours, theirs: wanted } = continuations(opened, theirs, ids, 6);
      assert.deepEqual(ours, wanted);
      const numbers = [...file.values()].reduce((sum, { data }) => sum + data.length, 0);
      assert.equal(opened.model.parameterCount, numbers);
      await checkRoundTrip(opened, file, join(folder, 'again'));
    });
  }

  it('look for a block under few of its layers, however many an absurd config has', () => {
    const count = 4096;
    const layers_block_type = new Array<string>(count).fill('hybrid');
    const { pieces } = fromConfig({ ...base, num_hidden_layers: count, layers_block_type });
    const [piece] = pieces('backbone.layers.0.mixer.fc2.weight');
    assert.equal(piece!.names[0], 'model.layers.0.shared_transformer.feed_forward.down_proj.weight');
    assert.ok(piece!.names.length <= 128, String(piece!.names.length));
  });

  it('are refused with the key that is wrong', () => {
    for (const [part, message] of [
      [
        { layers_block_type: ['mamba', 'rwkv', 'mamba', 'mamba', 'mamba'] },
        /layer 1 is of the unknown kind "rwkv"/,
      ],
      [{ layers_block_type: ['mamba'] }, /layers_block_type has 1 layers, but num_hidden_layers is 5/],
      [{ layers_block_type: undefined }, /layers_block_type is missing/],
      [{ use_long_context: true }, /use_long_context: models with rescaled positions are not read/],
      [{ n_mamba_heads: 3 }, /n_mamba_heads must divide/],
      [{ num_attention_heads: 3 }, /num_attention_heads must divide/],
      [{ hidden_act: 'swish' }, /hidden_act/],
    ] as const) {
      assert.throws(() => fromConfig({ ...base, ...part }), message);
    }
  });
});
