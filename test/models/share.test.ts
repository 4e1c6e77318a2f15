/** @file Layers with one set of parameters, and layers whose output only the next one reads. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import {
  buildModel,
  lensOf,
  mergeAdapters,
  type Model,
  type ModelConfig,
  ModelError,
  trainingMemory,
} from '../../src/models';
import { trainSchema } from '../../src/models/config';

const [rows, length] = [7, 6];
const mamba = { mixer: 'mamba', d_state: 2 };
const mlp = { mixer: 'mlp', d_intermediate: 6, multiple_of: 1 };

const make = (layers: ModelConfig['layers'], part: Partial<ModelConfig> = {}): Model =>
  buildModel({
    model: { d_model: 4, layers, norm: 'rms', norm_eps: 1e-5, tie_embeddings: true, ...part },
    task: { type: 'language-model' },
    data: { length, input: { kind: 'tokens', vocab_size: rows }, target: { kind: 'next-token' } },
    cacheLength: length,
  });

const ids = Int32Array.from({ length: 2 * length }, (_, i) => (3 * i * i + i) % rows);
const targets = Int32Array.from({ length: 2 * length }, (_, i) => (5 * i + 1) % rows);

type Values = Record<string, Float32Array>;
const values = (model: Model): Values =>
  Object.fromEntries(
    [...model.initialise(5)].map(([name, value]) => [
      name,
      value.map((one, i) => 2 * one + 0.05 * Math.sin(i + 1)),
    ]),
  );

function step(model: Model, p: Values, checkpointing = false): Record<string, Float64Array> {
  const program = model.trainingStep(2, length, { checkpointing });
  const found = g.interpret(Object.values(program), { ...p, inputs: ids, targets });
  return Object.fromEntries(Object.keys(program).map((name, i) => [name, found[i]!]));
}

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void => {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    assert.ok(
      error <= 1e-10 * (1 + Math.abs(expected[i]!)),
      `${what}[${i}]: ${actual[i]} against ${expected[i]}`,
    );
  }
};

describe('shared layers', () => {
  it('have one set of parameters, and its gradient is the sum over all of them', () => {
    const shared = make([{ ...mlp, share: 'A' }, mamba, { ...mlp, share: 'A', repeat: 2 }]);
    const apart = make([mlp, mamba, { ...mlp, repeat: 2 }]);
    assert.ok([...shared.parameters.keys()].every((name) => !/layers\.[23]\./.test(name)));
    const p = values(shared);
    const source = (name: string): string => name.replace(/layers\.[23]\./, 'layers.0.');
    const copies = Object.fromEntries([...apart.parameters.keys()].map((name) => [name, p[source(name)]!]));
    for (const checkpointing of [false, true]) {
      const [one, many] = [step(shared, p, checkpointing), step(apart, copies)];
      close(one['loss']!, many['loss']!, 'loss');
      for (const name of shared.parameters.keys()) {
        const parts = [...apart.parameters.keys()].filter((other) => source(other) === name);
        const sum = many[`grad.${parts[0]!}`]!.map((_, i) =>
          parts.reduce((total, part) => total + many[`grad.${part}`]![i]!, 0),
        );
        close(one[`grad.${name}`]!, sum, name);
      }
    }
  });

  it('are counted once, at the first', () => {
    const { perLayer, parameters } = make([{ ...mlp, share: 'A', repeat: 3 }]).cost();
    assert.deepEqual(
      perLayer.map((layer) => layer.parameters),
      [4 + 12 * 4 + 4 * 6, 0, 0],
    );
    assert.equal(parameters, perLayer[0]!.parameters + 4 * rows + 4);
    assert.ok(perLayer[2]!.flopsPerToken > 0);
  });

  it('need memory for one set of weights', () => {
    const need = (layers: ModelConfig['layers']): number => {
      const { config: model, task, data } = make(layers);
      return trainingMemory({ model, task, data, train: trainSchema.parse({}), evaluated: 8 }).parameters;
    };
    const others = [mamba, { ...mamba, d_state: 3 }];
    const sets = (count: number): number => need([...others, { ...mlp, repeat: count }]);
    assert.equal(need([...others, { ...mlp, repeat: 9, share: 'A' }]), sets(1));
    assert.ok(sets(9) > sets(1));
  });

  it('are estimated with updates that only some of the layers have', () => {
    const { config, task, data } = make([mamba, mlp]);
    const lora = { rank: 2, alpha: 4, targets: ['in_proj', 'fc1'] };
    const train = trainSchema.parse({});
    const need = trainingMemory({ model: { ...config, lora }, task, data, train, evaluated: 8 });
    assert.ok(need.total > 0);
  });

  it('must be alike', () => {
    for (const other of [{ ...mlp, d_intermediate: 5 }, mamba]) {
      assert.throws(
        () =>
          make([
            { ...mlp, share: 'A' },
            { ...other, share: 'A' },
          ]),
        (error) => error instanceof ModelError && /Layer 1: share: A .*must be alike/.test(error.message),
      );
    }
    assert.doesNotThrow(() =>
      make([
        { ...mlp, share: 'A' },
        { ...mamba, share: 'B' },
      ]),
    );
  });

  it('share their low-rank updates, which merge into the one weight', () => {
    const layers = [{ ...mlp, share: 'A' }, mamba, { ...mlp, share: 'A' }];
    const model = make(layers, { lora: { rank: 2, alpha: 4, targets: ['fc1'] } });
    const trained = [...model.parameters].filter(([, { frozen }]) => !frozen).map(([name]) => name);
    assert.deepEqual(trained, ['backbone.layers.0.mixer.fc1.lora_A', 'backbone.layers.0.mixer.fc1.lora_B']);
    const p = values(model);
    const merged = mergeAdapters(model.config, new Map(Object.entries(p)));
    const plain = make(layers);
    assert.deepEqual([...merged.parameters.keys()], [...plain.parameters.keys()]);
    const logits = (of: Model, from: Values): Float64Array =>
      g.interpret([of.logits(2)['logits']!], { ...from, inputs: ids })[0]!;
    const [before, after] = [logits(model, p), logits(plain, Object.fromEntries(merged.parameters))];
    before.forEach((value, i) => assert.ok(Math.abs(value - after[i]!) < 1e-6, String(i)));
  });
});

describe('a Zamba block', () => {
  const block = { mixer: 'zamba', heads: 2, d_intermediate: 6, adapter_rank: 2, share: 'A' };

  it('is read by the next layer, and leaves the residual stream as it is', () => {
    const model = make([mamba, block, mamba, block]);
    const p = values(model);
    const program = lensOf(model, 2, length);
    const names = Object.keys(program);
    const found = g.interpret(Object.values(program), { ...p, inputs: ids });
    const at = (name: string): Float64Array => found[names.indexOf(name)]!;
    assert.deepEqual(at('residual.1'), at('residual.2'));
    assert.notDeepEqual(at('residual.2'), at('residual.3'));
    // Behind the last layer only the head is left to read it.
    const [logits] = g.interpret([model.logits(2)['logits']!], { ...p, inputs: ids });
    assert.notDeepEqual(logits, at('lens.4'));
  });

  it('keeps its linear map and its low-rank maps to each layer', () => {
    const model = make([block, mamba, block, mamba, block, mamba]);
    const own = [...model.parameters.keys()].filter((name) => name.startsWith('backbone.layers.4.'));
    assert.deepEqual(
      own,
      ['linear', 'fc1_adapter.down', 'fc1_adapter.up'].map(
        (part) => `backbone.layers.4.mixer.${part}.weight`,
      ),
    );
    const p = values(model);
    const [plain, checkpointed] = [step(model, p), step(model, p, true)];
    for (const name of Object.keys(plain)) close(checkpointed[name]!, plain[name]!, name);
    assert.ok(plain['grad.backbone.layers.4.mixer.fc1_adapter.up.weight']!.some((value) => value !== 0));
  });

  it('decodes to the same logits, in one piece or several', () => {
    const model = make([block, mamba, { ...block, share: 'B' }, block, mamba]);
    const p = values(model);
    const [expected] = g.interpret([model.logits(2)['logits']!], { ...p, inputs: ids });
    const states: Record<string, Float64Array> = Object.fromEntries(
      Object.entries(model.states(2)).map(([name, shape]) => [name, new Float64Array(g.size(shape))]),
    );
    assert.equal(model.prefillProblem, undefined);
    let known = states;
    const pieces = [4, 2];
    let at = 0;
    for (const count of pieces) {
      const program = model.prefill(2, count, { every: true });
      const names = Object.keys(program);
      const piece = Int32Array.from(
        { length: 2 * count },
        (_, i) => ids[Math.floor(i / count) * length + at + (i % count)]!,
      );
      const found = g.interpret(Object.values(program), { ...p, ...known, ids: piece });
      const logits = found[names.indexOf('logits')]!;
      logits.forEach((value, i) => {
        const [b, t, row] = [Math.floor(i / rows / count), Math.floor(i / rows) % count, i % rows];
        const wanted = expected![(b * length + at + t) * rows + row]!;
        assert.ok(Math.abs(value - wanted) < 1e-6 * (1 + Math.abs(wanted)), `${at + t}`);
      });
      known = Object.fromEntries(
        Object.keys(states).map((name) => [name, found[names.indexOf(`next.${name}`)]!]),
      );
      at += count;
    }
  });
});
