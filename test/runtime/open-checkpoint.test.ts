/** @file Checkpoints of others: what the golden cases do not hold, written here from their definitions. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringifyPythonJson } from '../../src/formats/python-json';
import {
  encodeSafetensors,
  float32Of,
  parseSafetensors,
  type SafetensorsEntry,
} from '../../src/formats/safetensors';
import { buildModel, type Model, type ModelConfig } from '../../src/models';
import { modelFiles, openModelFolder, summarise } from '../../src/runtime/checkpoint';
import { logitsOf } from '../../src/runtime/logits';
import { tokenizerText } from '../../src/tokenizers/text';

const golden = resolve(__dirname, '../golden');
const ids = [5, 9, 1, 33, 7, 2];

describe('opening checkpoints', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'open-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const tensorsOf = (name: string): Map<string, SafetensorsEntry> =>
    new Map(
      [...parseSafetensors(readFileSync(join(golden, name, 'model.safetensors'))).tensors].map(
        ([key, tensor]) => [key, { shape: tensor.shape, data: float32Of(tensor) }],
      ),
    );
  const write = (name: string, entries: Iterable<readonly [string, SafetensorsEntry]>): void =>
    writeFileSync(join(folder, name), encodeSafetensors(entries));
  const logits = async (path: string): Promise<Float32Array[]> => {
    const { model, parameters } = await openModelFolder(path);
    return logitsOf(model, parameters, ids, 1);
  };
  const config = (name: string): void =>
    cpSync(join(golden, name, 'config.json'), join(folder, 'config.json'));

  it('in several files', async () => {
    config('hf-mamba2-tiny');
    const all = [...tensorsOf('hf-mamba2-tiny')];
    const shard = (i: number): string => `model-0000${i + 1}-of-00003.safetensors`;
    for (let i = 0; i < 3; i++)
      write(
        shard(i),
        all.filter((_, index) => index % 3 === i),
      );
    const weight_map = Object.fromEntries(all.map(([name], index) => [name, shard(index % 3)]));
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map }));
    assert.deepEqual(await logits(folder), await logits(join(golden, 'hf-mamba2-tiny')));
    for (const wrong of [
      '../model.safetensors',
      '/etc/passwd',
      'a/b.safetensors',
      '..\\x.safetensors',
      'x.py',
    ]) {
      writeFileSync(index, JSON.stringify({ weight_map: { ...weight_map, [all[0]![0]]: wrong } }));
      await assert.rejects(openModelFolder(folder), /no file of tensors in this folder/);
    }
    writeFileSync(index, JSON.stringify({ weight_map: { ...weight_map, extra: shard(0) } }));
    await assert.rejects(openModelFolder(folder), /does not have the tensor extra/);
  });

  for (const dtype of ['BF16', 'F16'] as const) {
    it(`in ${dtype}, and saves them with the same bits`, async () => {
      config('hf-mamba-tiny');
      const entries = [...tensorsOf('hf-mamba-tiny')].map(
        ([name, { shape, data }]): [string, SafetensorsEntry] => {
          const values = data as Float32Array;
          if (dtype === 'BF16') return [name, { shape, data: values, dtype }];
          // Quarters are whole in half precision.
          const bits = Uint16Array.from(values, (value) => (value < 0 ? 0xb400 : 0x3400));
          return [name, { shape, data: new Uint8Array(bits.buffer), dtype }];
        },
      );
      write('model.safetensors', entries);
      const opened = await openModelFolder(folder);
      for (const value of opened.parameters.get('backbone.layers.0.mixer.D')!) {
        assert.equal(
          dtype === 'F16' ? Math.abs(value) : new Uint32Array(Float32Array.of(value).buffer)[0]! & 0xffff,
          dtype === 'F16' ? 0.25 : 0,
        );
      }
      const again = mkdtempSync(join(tmpdir(), 'again-'));
      try {
        for (const { name, parts } of modelFiles(opened.model, opened.parameters))
          writeFileSync(join(again, name), Buffer.concat(parts));
        const second = await openModelFolder(again);
        assert.deepEqual([...second.parameters], [...opened.parameters]);
      } finally {
        rmSync(again, { recursive: true });
      }
    });
  }

  it('says which tensors are missing, of another shape or left over', async () => {
    config('hf-mamba-tiny');
    const all = tensorsOf('hf-mamba-tiny');
    all.delete('backbone.layers.1.mixer.D');
    all.set('backbone.layers.0.norm.weight', { shape: [3], data: new Float32Array(3) });
    all.set('extra.weight', { shape: [1], data: new Float32Array(1) });
    write('model.safetensors', all);
    const { problems, unknown } = await summarise(folder);
    assert.equal(problems.length, 2);
    assert.match(
      problems.join(),
      /layers\.0\.norm\.weight has the shape \[3\].*\[24\].*layers\.1\.mixer\.D is missing/s,
    );
    assert.deepEqual(unknown, ['extra.weight']);
    await assert.rejects(openModelFolder(folder), /model\.safetensors: the tensor/);
  });

  it('through links, as in the cache of Hugging Face, and nothing but tensors at their ends', async function () {
    if (process.platform === 'win32') this.skip();
    config('hf-mamba-tiny');
    const link = join(folder, 'model.safetensors');
    symlinkSync(join(golden, 'hf-mamba-tiny', 'model.safetensors'), link);
    assert.deepEqual(await logits(folder), await logits(join(golden, 'hf-mamba-tiny')));
    for (const [target, message] of [
      ['/etc/passwd', /Not a valid safetensors file/],
      ['/dev/zero', /cannot be read/],
      [link, /cannot be read \(ELOOP\)/],
    ] as const) {
      rmSync(link);
      symlinkSync(target, link);
      await assert.rejects(openModelFolder(folder), message);
    }
  });

  it('does not wait at a pipe in the place of a file', async function () {
    if (process.platform === 'win32') this.skip();
    config('hf-mamba-tiny');
    for (const name of ['model.safetensors', 'config.json']) {
      rmSync(join(folder, name), { force: true });
      execFileSync('mkfifo', [join(folder, name)]);
      await assert.rejects(openModelFolder(folder), /cannot be read/);
    }
    execFileSync('mkfifo', [join(folder, 'tokenizer.json')]);
    assert.throws(() => tokenizerText(join(folder, 'tokenizer.json')), /cannot be read/);
  });

  it('refuses kinds that it does not know, with those that it does', async () => {
    write('model.safetensors', []);
    writeFileSync(join(folder, 'config.json'), '{"model_type": "gpt2"}');
    await assert.rejects(openModelFolder(folder), /model_type "gpt2".*mamba2.*nemotron_h/s);
    writeFileSync(join(folder, 'config.json'), '{"model_type": "zamba"}');
    await assert.rejects(
      openModelFolder(folder),
      /"zamba", which is not read: its Mamba layers have several heads/,
    );
    writeFileSync(join(folder, 'config.json'), '[');
    await assert.rejects(openModelFolder(folder), /config\.json/);
    rmSync(join(folder, 'config.json'));
    await assert.rejects(openModelFolder(folder), /config\.json is missing/);
  });

  /** Writes our model under their names; what comes back must compute the same. */
  async function asTheirs(
    ours: ModelConfig,
    config: object,
    rename: (
      name: string,
      values: Float32Array,
      shape: readonly number[],
    ) => (readonly [string, SafetensorsEntry])[],
  ): Promise<{ ours: Model; theirs: Model }> {
    const model = buildModel({
      model: ours,
      task: { type: 'language-model' },
      data: { length: 8, input: { kind: 'tokens', vocab_size: 40 }, target: { kind: 'next-token' } },
    });
    const parameters = model.initialise(4);
    write(
      'model.safetensors',
      [...model.parameters].flatMap(([name, { shape }]) => rename(name, parameters.get(name)!, shape)),
    );
    writeFileSync(join(folder, 'config.json'), stringifyPythonJson(config));
    const opened = await openModelFolder(folder);
    assert.deepEqual(
      await logitsOf(opened.model, opened.parameters, ids, 1),
      await logitsOf(model, parameters, ids, 1),
    );
    return { ours: model, theirs: opened.model };
  }

  const rows = (
    values: Float32Array,
    shape: readonly number[],
    from: number,
    to: number,
  ): SafetensorsEntry => {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    return { shape: [to - from, ...shape.slice(1)], data: values.slice(from * width, to * width) };
  };

  it('of falcon_mamba: an explicit inner width, B, C and Δ normalised', async () => {
    const layer = { mixer: 'mamba', d_state: 4, d_inner: 20, dt_rank: 2, bcdt_norm_eps: 1e-6 };
    const { theirs } = await asTheirs(
      { d_model: 16, layers: [layer, layer], norm: 'rms', norm_eps: 1e-4, tie_embeddings: false },
      {
        model_type: 'falcon_mamba',
        hidden_size: 16,
        intermediate_size: 20,
        expand: 16,
        state_size: 4,
        num_hidden_layers: 2,
        time_step_rank: 2,
        vocab_size: 40,
        layer_norm_epsilon: 1e-4,
        tie_word_embeddings: false,
      },
      (name, data, shape) => [[name.replace('embedding', 'embeddings'), { shape, data }]],
    );
    assert.equal(theirs.layers.length, 2);
  });

  const plain = (name: string, data: Float32Array, shape: readonly number[]) =>
    [[name, { shape, data }]] as (readonly [string, SafetensorsEntry])[];
  const ours2 = { mixer: 'mamba2', d_state: 4, headdim: 8, ngroups: 2 };
  const theirs2 = { layer: 'Mamba2', d_state: 4, headdim: 8, ngroups: 2 };
  const stateSpaces = {
    d_model: 16,
    n_layer: 2,
    vocab_size: 37,
    residual_in_fp32: true,
    fused_add_norm: true,
  };
  const common = { d_model: 16, norm_eps: 1e-5 };

  it('of state-spaces with attention, by the keys of the published files alone', async () => {
    const attention = {
      ...{ mixer: 'attention', heads: 4, head_dim: 4, d_conv: 4, rotary_emb_dim: 2, causal: true },
      ...{ qkv_proj_bias: false, out_proj_bias: false },
    };
    const { theirs } = await asTheirs(
      { ...common, layers: [ours2, attention], norm: 'rms', tie_embeddings: true },
      {
        ...stateSpaces,
        d_intermediate: 0,
        ssm_cfg: theirs2,
        attn_layer_idx: [1],
        attn_cfg: {
          ...{ causal: true, d_conv: 4, head_dim: 4, num_heads: 4, rotary_emb_dim: 2 },
          ...{ qkv_proj_bias: false, out_proj_bias: false },
        },
        rms_norm: true,
        pad_vocab_size_multiple: 8,
      },
      plain,
    );
    assert.deepEqual(
      theirs.layers.map(({ mixer }) => mixer),
      ['mamba2', 'attention'],
    );
  });

  it('of state-spaces with keys that say nothing', async () => {
    const none = { ssm_cfg: null, attn_layer_idx: null, attn_cfg: null };
    const config = { ...stateSpaces, ...none, rms_norm: true, pad_vocab_size_multiple: 8 };
    const layers = [{ mixer: 'mamba', repeat: 2 }];
    await asTheirs({ ...common, layers, norm: 'rms', tie_embeddings: true }, config, plain);
  });

  it('with a head that is not the embedding, whatever the config says of it', async () => {
    const config = JSON.parse(
      readFileSync(join(golden, 'hf-mamba-tiny', 'config.json'), 'utf8').replaceAll('Infinity', '1e999'),
    ) as object;
    const entries = tensorsOf('hf-mamba-tiny');
    const { shape, data } = entries.get('backbone.embeddings.weight')!;
    const opened = async (tied: boolean, head: Float32Array) => {
      write('model.safetensors', new Map([...entries, ['lm_head.weight', { shape, data: head }]]));
      const text = stringifyPythonJson({ ...config, tie_word_embeddings: tied });
      writeFileSync(join(folder, 'config.json'), text);
      const { tied: is, note, problems } = await summarise(folder);
      assert.deepEqual(problems, []);
      return { is, note, rows: await logits(folder) };
    };
    const same = await opened(true, (data as Float32Array).slice());
    assert.deepEqual([same.is, same.note], [true, undefined]);
    const other = (data as Float32Array).map((value) => value + 0.125);
    const [believed, plainly] = [await opened(true, other), await opened(false, other)];
    assert.equal(believed.is, false);
    assert.match(believed.note!, /the file has another head; that one is taken/);
    assert.deepEqual(believed.rows, plainly.rows);
    assert.notDeepEqual(believed.rows, same.rows);
    assert.equal(plainly.note, undefined);
  });

  for (const [what, options] of [
    ['a gate behind the norm', { norm_before_gate: true }],
    ['no gated norm', { rmsnorm: false }],
    ['bounded steps and biases', { dt_limit: [0.05, 0.4], bias: true, conv_bias: false }],
    ['D for every channel', { D_has_hdim: true }],
    ['a gated MLP beside the state space', { d_ssm: 16 }],
    ['another width and convolution', { expand: 3, d_conv: 3, chunk_size: 4 }],
  ] as const) {
    it(`of state-spaces with ${what}, layer norms and a head of its own`, async () => {
      await asTheirs(
        { ...common, layers: [{ ...ours2, ...options, repeat: 2 }], norm: 'layer', tie_embeddings: false },
        {
          ...stateSpaces,
          ssm_cfg: { ...theirs2, ...options },
          rms_norm: false,
          pad_vocab_size_multiple: 8,
          tie_embeddings: false,
        },
        plain,
      );
    });
  }

  it('of bamba: Mamba-2 and attention, each with a gated MLP', async () => {
    const mamba = { mixer: 'mamba2', d_state: 4, headdim: 8, ngroups: 2, norm_groups: 1, chunk_size: 8 };
    const attention = {
      mixer: 'attention',
      heads: 4,
      num_heads_kv: 2,
      head_dim: 4,
      rotary_emb_dim: 2,
      qkv_proj_bias: false,
      out_proj_bias: false,
    };
    const mlp = { mixer: 'mlp', d_intermediate: 24, multiple_of: 1 };
    const kinds = ['mamba', 'self_attn'];
    await asTheirs(
      {
        d_model: 16,
        layers: [mamba, mlp, attention, mlp],
        norm: 'rms',
        norm_eps: 1e-5,
        tie_embeddings: false,
      },
      {
        model_type: 'bamba',
        hidden_size: 16,
        intermediate_size: 24,
        num_hidden_layers: 2,
        vocab_size: 40,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        attn_layer_indices: [1],
        mamba_n_heads: 4,
        mamba_d_head: 8,
        mamba_n_groups: 2,
        mamba_d_state: 4,
        mamba_chunk_size: 8,
        partial_rotary_factor: 0.5,
        time_step_limit: [0, Infinity],
      },
      (name, data, shape) => {
        const whole = { shape, data };
        if (name === 'backbone.embedding.weight') return [['model.embed_tokens.weight', whole]];
        if (name === 'backbone.norm_f.weight') return [['model.final_layernorm.weight', whole]];
        const match = /^backbone\.layers\.(\d+)\.(norm|mixer)\.(.*)$/.exec(name);
        if (!match) return [[name, whole]];
        const [layer, part, rest] = [Number(match[1]) >> 1, Number(match[1]) & 1, match[3]!];
        const prefix = `model.layers.${layer}.`;
        if (match[2] === 'norm')
          return [[`${prefix}${part ? 'pre_ff_layernorm' : 'input_layernorm'}.${rest}`, whole]];
        if (part === 1) {
          if (rest === 'fc2.weight') return [[`${prefix}feed_forward.down_proj.weight`, whole]];
          return [
            [`${prefix}feed_forward.up_proj.weight`, rows(data, shape, 0, 24)],
            [`${prefix}feed_forward.gate_proj.weight`, rows(data, shape, 24, 48)],
          ];
        }
        if (kinds[layer] === 'mamba') return [[`${prefix}mamba.${rest}`, whole]];
        if (rest === 'out_proj.weight') return [[`${prefix}self_attn.o_proj.weight`, whole]];
        return [
          [`${prefix}self_attn.q_proj.weight`, rows(data, shape, 0, 16)],
          [`${prefix}self_attn.k_proj.weight`, rows(data, shape, 16, 24)],
          [`${prefix}self_attn.v_proj.weight`, rows(data, shape, 24, 32)],
        ];
      },
    );
  });

  for (const layers of [
    { hybrid_override_pattern: 'M-*' },
    { layers_block_type: ['linear_attention', 'mlp', 'full_attention'] },
  ]) {
    it(`of nemotron_h: ${JSON.stringify(layers)}`, async () => {
      const mamba = {
        mixer: 'mamba2',
        d_state: 4,
        d_inner: 24,
        headdim: 8,
        ngroups: 3,
        chunk_size: 8,
        gated_norm_eps: 1e-4,
      };
      const attention = {
        mixer: 'attention',
        heads: 2,
        num_heads_kv: 1,
        head_dim: 12,
        qkv_proj_bias: false,
        out_proj_bias: false,
      };
      const mlp = { mixer: 'mlp', activation: 'relu2', d_intermediate: 20, multiple_of: 1 };
      await asTheirs(
        { d_model: 16, layers: [mamba, mlp, attention], norm: 'rms', norm_eps: 1e-4, tie_embeddings: false },
        {
          model_type: 'nemotron_h',
          ...layers,
          hidden_size: 16,
          intermediate_size: 20,
          num_hidden_layers: 3,
          vocab_size: 40,
          num_attention_heads: 2,
          num_key_value_heads: 1,
          head_dim: 12,
          mamba_num_heads: 3,
          mamba_head_dim: 8,
          n_groups: 3,
          ssm_state_size: 4,
          chunk_size: 8,
          layer_norm_epsilon: 1e-4,
        },
        (name, data, shape) => {
          const theirs = name
            .replace('embedding.', 'embeddings.')
            .replace('1.mixer.fc1', '1.mixer.up_proj')
            .replace('1.mixer.fc2', '1.mixer.down_proj')
            .replace('2.mixer.out_proj', '2.mixer.o_proj');
          if (!name.includes('2.mixer.in_proj')) return [[theirs, { shape, data }]];
          return ['q_proj', 'k_proj', 'v_proj'].map((part, i) => [
            name.replace('in_proj', part),
            rows(data, shape, [0, 24, 36][i]!, [24, 36, 48][i]!),
          ]);
        },
      );
    });
  }
});
