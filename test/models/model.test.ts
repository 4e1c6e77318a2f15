/** @file Models: checkpoint names, published sizes, what does not fit, tasks and their losses. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import {
  buildModel,
  defaultTask,
  inspectionOf,
  type ModelConfig,
  type ModelData,
  ModelError,
  type TaskConfig,
} from '../../src/models';

const tokens = (vocab_size: number, length = 6): ModelData => ({
  length,
  input: { kind: 'tokens', vocab_size },
  target: { kind: 'next-token' },
});

const config = (part: Partial<ModelConfig> = {}): ModelConfig => ({
  d_model: 8,
  layers: [{ mixer: 'mamba', d_state: 2 }],
  norm: 'rms',
  norm_eps: 1e-5,
  tie_embeddings: true,
  ...part,
});

const make = (
  part: Partial<ModelConfig> = {},
  data: ModelData = tokens(11),
  task: TaskConfig = defaultTask(data),
) => buildModel({ model: config(part), task, data });

const values = (model: ReturnType<typeof make>): Record<string, Float32Array> =>
  Object.fromEntries(model.initialise(3));

describe('parameters', () => {
  it('carry the names of the authors, in checkpoint order', () => {
    const model = make({ tie_embeddings: false, layers: [{ mixer: 'mamba', d_state: 2 }, { mixer: 'mlp' }] });
    assert.deepEqual(
      [...model.parameters.keys()],
      [
        'backbone.embedding.weight',
        'backbone.layers.0.norm.weight',
        'backbone.layers.0.mixer.A_log',
        'backbone.layers.0.mixer.D',
        'backbone.layers.0.mixer.in_proj.weight',
        'backbone.layers.0.mixer.conv1d.weight',
        'backbone.layers.0.mixer.conv1d.bias',
        'backbone.layers.0.mixer.x_proj.weight',
        'backbone.layers.0.mixer.dt_proj.weight',
        'backbone.layers.0.mixer.dt_proj.bias',
        'backbone.layers.0.mixer.out_proj.weight',
        'backbone.layers.1.norm.weight',
        'backbone.layers.1.mixer.fc1.weight',
        'backbone.layers.1.mixer.fc2.weight',
        'backbone.norm_f.weight',
        'lm_head.weight',
      ],
    );
  });

  for (const [name, mixer, n_layer, d_model, rows, count] of [
    ['mamba-130m', 'mamba', 24, 768, 50280, 129_135_360],
    ['mamba-2.8b', 'mamba', 64, 2560, 50280, 2_768_345_600],
    ['mamba2-130m', 'mamba2', 24, 768, 50288, 128_989_632],
    ['mamba2-2.7b', 'mamba2', 64, 2560, 50288, 2_702_599_680],
  ] as const) {
    it(`${name} has ${count.toLocaleString('en')} parameters`, () => {
      const model = make({ d_model, layers: [{ mixer, repeat: n_layer }], vocab_size: rows }, tokens(50277));
      let total = 0;
      for (const { shape } of model.parameters.values())
        total += shape.reduce((size, extent) => size * extent, 1);
      assert.equal(total, count);
    });
  }

  it('start the same whatever stands before a layer with the same index and name', () => {
    const one = make().initialise(5);
    const two = make({ layers: [{ mixer: 'mamba', d_state: 2 }, { mixer: 'mlp' }] }).initialise(5);
    const name = 'backbone.layers.0.mixer.in_proj.weight';
    assert.deepEqual(one.get(name), two.get(name));
    assert.notDeepEqual(one.get(name), make().initialise(6).get(name));
  });

  it('of the embedding have deviation 0.02', () => {
    const embedding = make({ d_model: 64 }, tokens(500)).initialise(1).get('backbone.embedding.weight')!;
    const square = embedding.reduce((sum, value) => sum + value * value, 0) / embedding.length;
    assert.ok(Math.abs(Math.sqrt(square) - 0.02) < 5e-4);
  });
});

describe('what does not fit is refused with its place', () => {
  const vectors: ModelData = {
    length: 5,
    input: { kind: 'vectors', features: 3 },
    target: { kind: 'class', classes: 4 },
  };
  for (const [what, attempt, message, path] of [
    [
      'an unknown mixer',
      () => make({ layers: [{ mixer: 'mambo' }] }),
      /no mixer mambo; there are mamba/,
      'model.layers.0.mixer',
    ],
    [
      'a mixer named like a method',
      () => make({ layers: [{ mixer: 'toString' }] }),
      /no mixer toString/,
      'model.layers.0.mixer',
    ],
    [
      'a wrong option',
      () => make({ layers: [{ mixer: 'mamba', d_state: -1 }] }),
      /Layer 0 \(mamba\)/,
      'model.layers.0.d_state',
    ],
    [
      'sizes that do not divide',
      () => make({ layers: [{ mixer: 'mamba2', headdim: 5 }] }),
      /headdim \(5\) must divide/,
      'model.layers.0.headdim',
    ],
    ['no layers', () => make({ layers: [] }), /at least one layer/, 'model.layers'],
    [
      'later tokens in a language model',
      () => make({ layers: [{ mixer: 'attention', heads: 1, causal: false }] }),
      /sees later tokens/,
      'model.layers.0',
    ],
    [
      'too small a vocabulary',
      () => make({ vocab_size: 10 }),
      /smaller than the 11 tokens/,
      'model.vocab_size',
    ],
    [
      'a task for other data',
      () => make({}, tokens(11), { type: 'classification', pooling: 'mean' }),
      /does not fit/,
      'task',
    ],
    [
      'a language model over vectors',
      () => make({}, { ...vectors, target: { kind: 'next-token' } }),
      /vectors/,
      'task',
    ],
  ] as const) {
    it(what, () => {
      assert.throws(attempt, (error: unknown) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, message);
        assert.equal(error.path.join('.'), path);
        return true;
      });
    });
  }
});

describe('tasks', () => {
  const ids = (count: number, below: number): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => (i * 7 + 3) % below);

  /** Mean negative log probability of the targets, from logits row by row. */
  const nats = (logits: Float64Array, rows: number, targets: ArrayLike<number>): number[] =>
    Array.from({ length: targets.length }, (_, i) => {
      const row = logits.subarray(i * rows, (i + 1) * rows);
      return Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[targets[i]!]!;
    });
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

  it('language model: loss over every position, padding rows in the softmax', () => {
    const model = make({ vocab_size: 16, tie_embeddings: false });
    const feeds = { ...values(model), inputs: ids(12, 11), targets: ids(12, 11).reverse() };
    const { logits } = model.logits(2);
    assert.deepEqual([...logits!.shape], [2, 6, 16]);
    const { losses, correct } = model.evaluation(2);
    const { loss } = model.trainingStep(2);
    const [l, perExample, hits, whole] = g.interpret([logits!, losses!, correct!, loss!], feeds);
    const expected = nats(l!, 16, feeds.targets);
    // The divisor of a mean is a float32 number in the graph.
    assert.ok(Math.abs(whole![0]! - mean(expected)) < 1e-6);
    assert.ok(Math.abs(perExample![1]! - mean(expected.slice(6))) < 1e-6);
    const right = Array.from({ length: 12 }, (_, i) => {
      const row = Array.from(l!.subarray(i * 16, (i + 1) * 16));
      return Number(row.indexOf(Math.max(...row)) === feeds.targets[i]);
    });
    assert.equal(
      hits![0]! + hits![1]!,
      right.reduce((sum, one) => sum + one, 0),
    );
  });

  it('the size of the residual stream in front of every layer', () => {
    const model = make();
    const feeds = { ...values(model), inputs: ids(12, 11), targets: ids(12, 11) };
    const found = model.evaluation(2, 6, { activations: true });
    const names = Object.keys(found).filter((name) => name.endsWith('.rms'));
    assert.deepEqual(
      names,
      model.layers.map(({ index }) => `layers.${index}.rms`),
    );
    const [first] = g.interpret([found['layers.0.rms']!], feeds);
    const table = feeds['backbone.embedding.weight' as keyof typeof feeds] as unknown as Float32Array;
    const d = table.length / model.rows;
    const squares = [...feeds.inputs.subarray(6)].flatMap((id) =>
      Array.from(table.subarray(id * d, (id + 1) * d), (x) => x * x),
    );
    assert.ok(Math.abs(first![1]! - Math.sqrt(mean(squares))) < 1e-6);
    assert.ok(!('layers.0.rms' in model.evaluation(2)));
  });

  it('the share of tokens that sma activates, as the layer shows them', () => {
    const model = make({ layers: [{ mixer: 'sma', zdim: 4, window_size: 4, repeat: 2 }] });
    const feeds = { ...values(model), inputs: ids(12, 11), targets: ids(12, 11) };
    const found = model.evaluation(2, 6, { activations: true });
    for (const layer of [0, 1]) {
      const [active] = g.interpret([inspectionOf(model, 2, 6, layer)['probe.active']!], feeds);
      const [share] = g.interpret([found[`layers.${layer}.active`]!], feeds);
      const shares = [0, 1].map(
        (b) => active!.slice(6 * b, 6 * b + 6).reduce((sum, one) => sum + one, 0) / 6,
      );
      assert.ok(shares.some((one) => one > 0) && shares.some((one) => one < 1));
      shares.forEach((one, b) => assert.ok(Math.abs(share![b]! - one) < 1e-6));
    }
  });

  it('answer: the head is computed at the answers alone', () => {
    const data: ModelData = { ...tokens(11), target: { kind: 'answer', positions: 2 } };
    const model = make({}, data);
    const feeds = { ...values(model), inputs: ids(12, 11), targets: ids(4, 11) };
    const { losses } = model.evaluation(2);
    const { logits } = model.logits(2);
    const [l, perExample] = g.interpret([logits!, losses!], feeds);
    const answers = Float64Array.from(
      [0, 1].flatMap((b) => [...l!.subarray((b * 6 + 4) * 11, (b * 6 + 6) * 11)]),
    );
    const expected = nats(answers, 11, feeds.targets);
    assert.ok(Math.abs(perExample![0]! - mean(expected.slice(0, 2))) < 1e-12);
    const heads = g
      .reachable(g.lowered([losses!], 'cpu'))
      .filter((node) => node.outputs[0]!.shape.at(-1) === 11 && /^(gemm|linear)$/.test(node.operator.name));
    assert.ok(heads.length > 0);
    for (const node of heads)
      assert.ok(node.outputs[0]!.shape.reduce((size, extent) => size * extent, 1) <= 2 * 2 * 11);
  });

  for (const pooling of ['mean', 'last'] as const) {
    it(`classification with ${pooling} pooling, over vectors`, () => {
      const data: ModelData = {
        length: 5,
        input: { kind: 'vectors', features: 3 },
        target: { kind: 'class', classes: 4 },
      };
      const model = make({ norm: 'layer' }, data, { type: 'classification', pooling });
      assert.deepEqual([...model.parameters.keys()].slice(-2), ['classifier.weight', 'classifier.bias']);
      const inputs = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i));
      const feeds = { ...values(model), inputs, targets: Int32Array.of(3, 1) };
      const { losses } = model.evaluation(2);
      const { logits } = model.logits(2);
      assert.deepEqual([...logits!.shape], [2, 4]);
      const [l, perExample] = g.interpret([logits!, losses!], feeds);
      const expected = nats(l!, 4, feeds.targets);
      assert.ok(Math.abs(perExample![1]! - expected[1]!) < 1e-12);
    });
  }

  it('the squared gradient norm is that of all gradients', () => {
    const model = make();
    const program = model.trainingStep(1, 4, { gradNorm: true, accuracy: true });
    const names = Object.keys(program);
    const feeds = { ...values(model), inputs: ids(4, 11), targets: ids(4, 11) };
    const results = Object.fromEntries(
      g.interpret(Object.values(program), feeds).map((value, i) => [names[i]!, value]),
    );
    let square = 0;
    for (const name of model.parameters.keys()) {
      for (const value of results[`grad.${name}`]!) square += value * value;
    }
    assert.ok(Math.abs(results['grad_norm_squared']![0]! / square - 1) < 1e-12);
    assert.equal(results['correct']!.length, 1);
  });

  it('decoding gives the logits of the whole sequence, for every causal mixer', () => {
    const layers = [
      { mixer: 'mamba', d_state: 2 },
      { mixer: 'attention', heads: 2, rotary_emb_dim: 2 },
      { mixer: 'mamba2', d_state: 2, headdim: 4 },
      { mixer: 'mlp', multiple_of: 4 },
    ];
    const model = buildModel({
      model: config({ layers }),
      task: { type: 'language-model' },
      data: tokens(11),
      cacheLength: 6,
    });
    const inputs = ids(12, 11);
    const [expected] = g.interpret([model.logits(2)['logits']!], { ...values(model), inputs });
    const program = model.decodeStep(2);
    const names = Object.keys(program);
    let states: Record<string, Float64Array> = Object.fromEntries(
      Object.entries(model.states(2)).map(([name, shape]) => [
        name,
        new Float64Array(shape.reduce((size, extent) => size * extent, 1)),
      ]),
    );
    for (let t = 0; t < 6; t++) {
      const feeds = { ...values(model), ...states, ids: Int32Array.of(inputs[t]!, inputs[6 + t]!) };
      const results = g.interpret(Object.values(program), feeds);
      const logits = results[names.indexOf('logits')]!;
      for (let i = 0; i < 22; i++) {
        const at = (Math.floor(i / 11) * 6 + t) * 11 + (i % 11);
        assert.ok(Math.abs(logits[i]! - expected![at]!) < 1e-10, `token ${t}`);
      }
      states = Object.fromEntries(
        Object.keys(states).map((name) => [name, results[names.indexOf(`next.${name}`)]!]),
      );
    }
  });

  it('a model that sees later tokens says that it cannot decode', () => {
    const data: ModelData = { ...tokens(11), target: { kind: 'answer', positions: 1 } };
    const model = make({ layers: [{ mixer: 'attention', heads: 1, causal: false }] }, data);
    assert.equal(model.decodeProblem, 'Layer 0 (attention) is not causal.');
    assert.throws(() => model.decodeStep(1), /cannot generate token by token/);
  });
});
