/** @file What layers drop while they train: at which places, at which rate, and what a time step shares. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, type ModelConfig } from '../../src/models';
import { setUp } from './check-layer';

interface Dropped {
  readonly site: string;
  readonly rate: number;
  readonly shared: readonly number[];
  readonly before: g.Tensor;
  readonly after: g.Tensor;
}

/** The layer's training graph with its dropouts, and what it makes of given values. */
function trained(mixer: string, options: Record<string, unknown>) {
  const variant = { mixer, options, d_model: 4, batch: 2, length: 6 };
  const { definition, dims, resolved, specs, values, shape, x } = setUp(variant);
  const dropped: Dropped[] = [];
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const y = definition.forward(g.input('x', shape), p, resolved, dims, {
    probing: false,
    probe: () => undefined,
    dropout(before, rate, site, shared = []) {
      const after = g.dropout(before, rate, g.randomState(), { site, shared });
      dropped.push({ site, rate, shared, before, after });
      return after;
    },
  });
  const feeds = {
    ...values,
    x,
    'random.key': Float64Array.of(17, 4),
    'random.step': Float64Array.of(3),
  };
  return { dropped, y, feeds };
}

const places: [mixer: string, options: Record<string, unknown>, sites: Record<string, number>][] = [
  ['s4', { d_state: 2, l_max: 6, dropout: 0.5 }, { convolution: 0.5, activation: 0.5 }],
  ['s4d', { d_state: 2, dropout: 0.25 }, { convolution: 0.25, activation: 0.25 }],
  ['dss', { d_state: 2, l_max: 6, dropout: 0.5 }, { convolution: 0.5, activation: 0.5 }],
  ['long-conv', { l_max: 6, dropout: 0.5, kernel_dropout: 0.25 }, { kernel: 0.25, activation: 0.5 }],
  [
    'sma',
    { zdim: 2, dropout: 0.5, attention_dropout: 0.25, hidden_dropout: 0.125 },
    { average: 0.5, values: 0.125, attention: 0.25, added: 0.5 },
  ],
  [
    'sma',
    { zdim: 2, dropout: 0.5, bidirectional: true },
    { average: 0.5, values: 0, attention: 0, attended: 0.5 },
  ],
  ['spacetime', { kernel_dim: 2, dropout: 0.5 }, { mlp: 0.5 }],
  ['mamba', { d_state: 2 }, {}],
];

describe('dropout in layers', () => {
  for (const [mixer, options, sites] of places) {
    it(`of ${mixer} ${JSON.stringify(options)} is where its authors drop`, () => {
      const { dropped, y, feeds } = trained(mixer, options);
      assert.deepEqual(Object.fromEntries(dropped.map(({ site, rate }) => [site, rate])), sites);
      for (const { rate, before, after } of dropped) {
        const [was, is] = g.interpret([before, after], feeds);
        is!.forEach((value, i) => {
          const kept = Math.abs(value - was![i]! / (1 - rate)) < 1e-6 * (1 + Math.abs(value));
          assert.ok(value === 0 || kept, `${value} of ${was![i]}`);
        });
      }
      const outputs = [3, 4].map((step) => {
        const [values] = g.interpret([y], { ...feeds, 'random.step': Float64Array.of(step) });
        return [...values!].join();
      });
      const drops = Object.values(sites).some((rate) => rate > 0);
      assert.equal(outputs[0] !== outputs[1], drops, 'another step drops something else');
    });
  }

  for (const tie_dropout of [false, true]) {
    it(`drops ${tie_dropout ? 'whole channels' : 'single values'} with tie_dropout: ${tie_dropout}`, () => {
      const { dropped, feeds } = trained('s4d', { d_state: 2, dropout: 0.5, tie_dropout });
      const [{ after }] = dropped as [Dropped];
      const [values] = g.interpret([after], feeds);
      const rows = Array.from({ length: 8 }, (_, row) =>
        [...values!.slice(6 * row, 6 * row + 6)].map((value) => value === 0),
      );
      assert.ok(rows.flat().includes(true) && rows.flat().includes(false));
      assert.equal(
        rows.every((row) => new Set(row).size === 1),
        tie_dropout,
      );
    });
  }
});

describe('dropout of the residual stream', () => {
  const build = (config: Partial<ModelConfig>) =>
    buildModel({
      model: {
        d_model: 4,
        layers: [
          { mixer: 'mlp', d_intermediate: 4 },
          { mixer: 'spacetime', kernel_dim: 2 },
        ],
        norm: 'rms',
        norm_eps: 1e-5,
        tie_embeddings: true,
        vocab_size: 8,
        ...config,
      },
      task: { type: 'language-model' },
      data: { length: 4, input: { kind: 'tokens', vocab_size: 8 }, target: { kind: 'next-token' } },
    });
  const dropsIn = (program: Record<string, g.Tensor>): string[] =>
    g
      .compile(program, { target: 'cpu' })
      .inputs.map(({ name }) => name)
      .filter((name) => name.startsWith('random.'));

  for (const key of ['embed_dropout', 'resid_dropout'] as const) {
    it(`is in the training step alone with ${key}`, () => {
      const model = build({ [key]: 0.5 });
      assert.notDeepEqual(dropsIn(model.trainingStep(2)), []);
      assert.deepEqual(dropsIn(model.evaluation(2)), []);
      assert.deepEqual(dropsIn(model.decodeStep(2)), []);
    });
  }

  it('leaves layers alone that hold their residual themselves', () => {
    const layers = [{ mixer: 'spacetime', kernel_dim: 2 }];
    assert.deepEqual(dropsIn(build({ layers, resid_dropout: 0.5 }).trainingStep(2)), []);
  });
});
