/** @file Where the norms stand: before the mixers, behind them, or inside the layer; forward and token by token. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, type Model, type ModelConfig } from '../../src/models';

const rows = 7;
const length = 6;

const make = (part: Partial<ModelConfig>): Model =>
  buildModel({
    model: {
      d_model: 4,
      layers: [{ mixer: 'mamba', d_state: 2 }, { mixer: 'glu' }],
      norm: 'layer',
      norm_eps: 1e-5,
      tie_embeddings: true,
      ...part,
    },
    task: { type: 'language-model' },
    data: { length, input: { kind: 'tokens', vocab_size: rows }, target: { kind: 'next-token' } },
    cacheLength: length,
  });

/** Larger than at the start, so that no layer is lost beside the residual. */
const values = (model: Model): Record<string, Float32Array> =>
  Object.fromEntries(
    [...model.initialise(5)].map(([name, value]) => [name, value.map((one) => 2 * one + 0.1)]),
  );

const ids = Int32Array.from({ length: 2 * length }, (_, i) => (3 * i * i + i) % rows);

const logitsOf = (model: Model): Float64Array =>
  g.interpret([model.logits(2)['logits']!], { ...values(model), inputs: ids })[0]!;

const layerNorm = (x: number[], p: Record<string, Float32Array>, name: string): number[] => {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map(
    (value, i) =>
      ((value - mean) / Math.sqrt(variance + 1e-5)) * p[`${name}.weight`]![i]! + p[`${name}.bias`]![i]!,
  );
};

describe('norms', () => {
  it('stand behind the layers when asked to, and then not before the head', () => {
    const model = make({ layers: [{ mixer: 'glu' }], norm_position: 'post' });
    assert.equal(model.parameters.has('backbone.norm_f.weight'), false);
    const p = values(model);
    const table = p['backbone.embedding.weight']!;
    const found = logitsOf(model);
    ids.forEach((id, at) => {
      const x = Array.from(table.subarray(4 * id, 4 * id + 4));
      const wide = Array.from({ length: 8 }, (_, o) => {
        const weight = p['backbone.layers.0.mixer.linear.weight']!;
        return x.reduce(
          (sum, value, i) => sum + weight[4 * o + i]! * value,
          p['backbone.layers.0.mixer.linear.bias']![o]!,
        );
      });
      const mixed = x.map((value, i) => value + wide[i]! / (1 + Math.exp(-wide[4 + i]!)));
      const stream = layerNorm(mixed, p, 'backbone.layers.0.norm');
      for (let row = 0; row < rows; row++) {
        const logit = stream.reduce((sum, value, i) => sum + value * table[4 * row + i]!, 0);
        assert.ok(Math.abs(found[at * rows + row]! - logit) < 1e-9, `${at}, ${row}`);
      }
    });
  });

  it('are left to a layer that has its own', () => {
    const model = make({ layers: [{ mixer: 'sma', zdim: 2, ndim: 2, window_size: 2 }] });
    assert.equal(model.parameters.has('backbone.layers.0.norm.weight'), false);
    assert.equal(model.parameters.has('backbone.layers.0.mixer.norm.norm.weight'), true);
    const { definition, resolved } = model.layers[0]!;
    const p = values(model);
    const own = Object.fromEntries(
      Object.keys(model.layers[0]!.parameters).map((name) => [
        name,
        g.input(name, model.layers[0]!.parameters[name]!.shape),
      ]),
    );
    const x = g.embedding(g.input('ids', [2, length], 'int32'), g.input('table', [rows, 4]));
    const dims = { d_model: 4, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
    const y = definition.forward(x, own, resolved, dims, { probing: false, probe: () => undefined });
    const normed = g.layerNorm(y, g.input('w', [4]), g.input('b', [4]), 1e-5);
    const logits = g.linear(normed, g.input('table', [rows, 4]));
    const feeds = {
      ...Object.fromEntries(Object.keys(own).map((name) => [name, p[`backbone.layers.0.mixer.${name}`]!])),
      ids,
      table: p['backbone.embedding.weight']!,
      w: p['backbone.norm_f.weight']!,
      b: p['backbone.norm_f.bias']!,
    };
    const [expected] = g.interpret([logits], feeds);
    logitsOf(model).forEach((value, i) => assert.ok(Math.abs(value - expected![i]!) < 1e-9, String(i)));
  });

  for (const part of [
    { norm_position: 'post' },
    {
      layers: [
        { mixer: 'sma', zdim: 2, ndim: 2, window_size: 2 },
        { mixer: 'mamba3', d_state: 4, headdim: 2 },
      ],
    },
    {
      layers: [
        { mixer: 'mamba2', d_state: 2, headdim: 4, learnable_init_states: true },
        { mixer: 'attention', heads: 2, window: 2, rotary_emb_dim: 2 },
      ],
      norm_position: 'post',
      norm: 'rms',
    },
  ] satisfies Partial<ModelConfig>[]) {
    it(`decode to the same logits: ${JSON.stringify(part)}`, () => {
      const model = make(part);
      const expected = logitsOf(model);
      const program = model.decodeStep(2);
      const names = Object.keys(program);
      let states: Record<string, Float64Array> = Object.fromEntries(
        Object.entries(model.states(2)).map(([name, shape]) => [
          name,
          new Float64Array(shape.reduce((size, extent) => size * extent, 1)),
        ]),
      );
      for (let t = 0; t < length; t++) {
        const feeds = { ...values(model), ...states, ids: Int32Array.of(ids[t]!, ids[length + t]!) };
        const results = g.interpret(Object.values(program), feeds);
        results[names.indexOf('logits')]!.forEach((logit, i) => {
          const at = (Math.floor(i / rows) * length + t) * rows + (i % rows);
          assert.ok(Math.abs(logit - expected[at]!) < 1e-9, `token ${t}`);
        });
        states = Object.fromEntries(
          Object.keys(states).map((name) => [name, results[names.indexOf(`next.${name}`)]!]),
        );
      }
    });
  }
});
