/** @file Which models are Hugging Face models, under which names and with which config.json. */
import * as assert from 'node:assert/strict';
import { parsePythonJson, stringifyPythonJson } from '../../src/formats/python-json';
import {
  buildModel,
  fromHuggingFace,
  nameFromHuggingFace,
  toHuggingFace,
  type ModelConfig,
  type ModelData,
} from '../../src/models';

const data: ModelData = {
  length: 6,
  input: { kind: 'tokens', vocab_size: 11 },
  target: { kind: 'next-token' },
};

const make = (part: Partial<ModelConfig>) =>
  buildModel({
    model: { d_model: 8, layers: [], norm: 'rms', norm_eps: 1e-4, tie_embeddings: true, ...part },
    task: { type: 'language-model' },
    data,
  });

/** The options of the one layer that a config describes. */
const only = (config: unknown): Record<string, unknown> =>
  fromHuggingFace(config).model.layers[0] as unknown as Record<string, unknown>;

describe('Hugging Face form', () => {
  for (const layer of [
    { mixer: 'mamba', repeat: 2, d_state: 3, expand: 3, dt_rank: 2, bias: true, conv_bias: false },
    {
      mixer: 'mamba2',
      repeat: 2,
      d_state: 3,
      headdim: 4,
      chunk_size: 8,
      dt_limit: [0.1, 0.5],
      gated_norm_eps: 1e-4,
    },
    { mixer: 'mamba2', headdim: 4, ngroups: 4, norm_groups: 1, gated_norm_eps: 1e-4 },
    { mixer: 'mamba', repeat: 2, d_inner: 20, bcdt_norm_eps: 1e-6 },
    { mixer: 'mamba2', repeat: 1, headdim: 8, gated_norm_eps: 1e-4 },
  ]) {
    it(`of ${JSON.stringify(layer)} comes back as the same model`, () => {
      const model = make({ layers: [layer] });
      const form = toHuggingFace(model);
      assert.ok('config' in form);
      const { model: config, vocab_size } = fromHuggingFace(
        parsePythonJson(stringifyPythonJson(form.config)),
      );
      assert.equal(vocab_size, 11);
      const again = buildModel({ model: config, task: { type: 'language-model' }, data });
      assert.deepEqual(
        again.layers.map(({ resolved }) => resolved),
        model.layers.map(({ resolved }) => resolved),
      );
      assert.deepEqual([...again.parameters.keys()], [...model.parameters.keys()]);
      assert.equal(again.config.norm_eps, 1e-4);
      for (const name of model.parameters.keys())
        assert.deepEqual(
          form.pieces(name).map((piece) => nameFromHuggingFace(piece.name)),
          [name],
        );
    });
  }

  it('calls the embedding as the classes do, and leaves a tied head out', () => {
    const form = toHuggingFace(make({ layers: [{ mixer: 'mamba' }] }));
    assert.ok('config' in form);
    assert.deepEqual(form.pieces('backbone.embedding.weight'), [{ name: 'backbone.embeddings.weight' }]);
    assert.equal(form.config['tie_word_embeddings'], true);
    assert.equal(form.config['time_step_rank'], 1);
    assert.ok(!make({ layers: [{ mixer: 'mamba' }] }).parameters.has('lm_head.weight'));
  });

  for (const [part, reason] of [
    [{ layers: [{ mixer: 'mamba' }, { mixer: 'mamba2', headdim: 4 }] }, /different kinds/],
    [{ layers: [{ mixer: 'mamba' }, { mixer: 'mamba', d_state: 4 }] }, /different options/],
    [{ layers: [{ mixer: 'attention', heads: 2 }] }, /attention/],
    [{ layers: [{ mixer: 'mamba' }], norm: 'layer' }, /layer norms/],
    [{ layers: [{ mixer: 'mamba2', headdim: 4, ngroups: 2 }] }, /per group/],
    [{ layers: [{ mixer: 'mamba2', headdim: 4 }] }, /eps/],
    [{ layers: [{ mixer: 'mamba2', headdim: 4, rmsnorm: false }] }, /no norm/],
    [{ layers: [{ mixer: 'mamba2', headdim: 4, norm_before_gate: true }] }, /norm_before_gate/],
    [{ layers: [{ mixer: 'mamba2', headdim: 4, d_ssm: 8 }] }, /d_ssm/],
  ] as const) {
    it(`is refused for ${JSON.stringify(part)}`, () => {
      const form = toHuggingFace(make(part as Partial<ModelConfig>));
      assert.ok('reason' in form);
      assert.match(form.reason, reason);
    });
  }

  it('reads configs as Python writes them', () => {
    const text = '{"time_step_limit": [0.0, Infinity], "note": "Infinity \\" NaN", "x": -Infinity}';
    assert.deepEqual(parsePythonJson(text), {
      time_step_limit: [0, Infinity],
      note: 'Infinity " NaN',
      x: -Infinity,
    });
    assert.match(
      stringifyPythonJson({ a: [Infinity, NaN, -Infinity], b: 'Infinity' }),
      /Infinity,\s+NaN,\s+-Infinity[^]*"Infinity"/,
    );
    assert.throws(() => parsePythonJson('{"a": Infinite}'), SyntaxError);
  });

  it('refuses a config.json that the layers cannot express, naming the key', () => {
    const base = {
      model_type: 'mamba2',
      hidden_size: 8,
      num_hidden_layers: 1,
      vocab_size: 5,
      num_heads: 4,
      head_dim: 4,
      n_groups: 1,
    };
    assert.doesNotThrow(() => fromHuggingFace(base));
    assert.equal(only({ ...base, n_groups: 2 })['norm_groups'], 1);
    assert.throws(() => fromHuggingFace({ ...base, n_groups: 'x' }), /n_groups/);
    assert.throws(() => fromHuggingFace({ ...base, num_heads: 3 }), /num_heads/);
    assert.throws(() => fromHuggingFace({ ...base, hidden_size: 'x' }), /hidden_size/);
    assert.throws(() => fromHuggingFace({ ...base, model_type: 'gpt2' }), /model_type/);
    assert.throws(() => fromHuggingFace({ ...base, hidden_act: 'gelu' }), /hidden_act/);
    const mamba = { model_type: 'mamba', hidden_size: 8, num_hidden_layers: 1, vocab_size: 5 };
    assert.equal(only({ ...mamba, intermediate_size: 12, expand: 16 })['d_inner'], 12);
    assert.equal(only({ ...mamba, intermediate_size: 24, expand: 16 })['expand'], 3);
    assert.throws(() => fromHuggingFace(null), /contents/);
  });
});
