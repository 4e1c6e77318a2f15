/** @file Tasks beyond plain tokens: marked answers, numbers, and pooling that leaves padding out. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, defaultTask, ModelError, type ModelData, type TaskConfig } from '../../src/models';
import { IGNORED } from '../../src/util/ignored';

const make = (data: ModelData, task: TaskConfig = defaultTask(data)) =>
  buildModel({
    model: {
      d_model: 8,
      layers: [{ mixer: 'mamba', d_state: 2 }],
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: false,
    },
    task,
    data,
  });

/** Outputs of a graph in float64. */
const run = (program: Record<string, g.Tensor>, feeds: Record<string, Float32Array | Int32Array>) => {
  const names = Object.keys(program);
  const results = g.interpret(Object.values(program), feeds);
  return Object.fromEntries(results.map((result, i) => [names[i]!, Array.from(result)]));
};

const near = (found: number | undefined, expected: number): void =>
  assert.ok(Math.abs(found! - expected) < 1e-6, `${found} is not ${expected}`);
const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
const rowOf = (flat: readonly number[], width: number, row: number): number[] =>
  flat.slice(row * width, (row + 1) * width);
const softmaxLoss = (row: readonly number[], target: number): number =>
  Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[target]!;

describe('marked answers', () => {
  const data: ModelData = {
    length: 4,
    input: { kind: 'tokens', vocab_size: 7 },
    target: { kind: 'marked' },
  };
  const inputs = Int32Array.of(1, 2, 3, 4, 5, 6, 0, 1);
  const targets = Int32Array.of(IGNORED, 3, IGNORED, 0, IGNORED, IGNORED, IGNORED, 6);
  const counted = [1, 3, 7];

  it('are the task `answer`, scored where there is a target and only there', () => {
    const model = make(data);
    assert.equal(model.task.type, 'answer');
    const feeds = { ...Object.fromEntries(model.initialise(1)), inputs, targets };
    const found = run({ ...model.evaluation(2), logits: model.logits(2)['logits']! }, feeds);
    const each = counted.map((at) => softmaxLoss(rowOf(found['logits']!, 7, at), targets[at]!));
    near(found['losses']![0], mean(each.slice(0, 2)));
    near(found['losses']![1], each[2]!);
    near(run({ loss: model.trainingStep(2)['loss']! }, feeds)['loss']![0], mean(each));
    const right = counted.map((at) => {
      const row = rowOf(found['logits']!, 7, at);
      return Number(row.indexOf(Math.max(...row)) === targets[at]);
    });
    assert.deepEqual(found['correct'], [right[0]! + right[1]!, right[2]]);
  });

  it('give no gradient to what comes behind the last of them', () => {
    const model = make(data);
    const only = Int32Array.of(IGNORED, 3, IGNORED, IGNORED, IGNORED, 2, IGNORED, IGNORED);
    const { 'grad.backbone.embedding.weight': gradient } = run(model.trainingStep(2), {
      ...Object.fromEntries(model.initialise(1)),
      inputs,
      targets: only,
    });
    const moved = [0, 1, 2, 3, 4, 5, 6].filter((id) => rowOf(gradient!, 8, id).some((value) => value !== 0));
    assert.deepEqual(moved, [1, 2, 5, 6]);
  });

  it('give a loss of zero, not NaN, where a whole batch has none', () => {
    const model = make(data);
    const feeds = { ...Object.fromEntries(model.initialise(1)), inputs, targets: targets.map(() => IGNORED) };
    assert.deepEqual(run({ loss: model.trainingStep(2)['loss']! }, feeds)['loss'], [0]);
  });
});

describe('regression', () => {
  const data: ModelData = {
    length: 5,
    input: { kind: 'vectors', features: 2 },
    target: { kind: 'values', positions: 2, features: 3 },
  };
  const inputs = Float32Array.from({ length: 20 }, (_, i) => Math.sin(i));
  const targets = Float32Array.from({ length: 12 }, (_, i) => Math.cos(3 * i));

  for (const loss of ['mse', 'mae'] as const) {
    it(`lowers the ${loss} of the last positions and reports both errors`, () => {
      const model = make(data, { type: 'regression', loss });
      assert.deepEqual([...model.parameters.keys()].slice(-2), ['regressor.weight', 'regressor.bias']);
      const feeds = { ...Object.fromEntries(model.initialise(1)), inputs, targets };
      const found = run({ ...model.evaluation(2), logits: model.logits(2)['logits']! }, feeds);
      const errors = [0, 1].map((example) =>
        rowOf(found['logits']!, 15, example)
          .slice(-6)
          .map((value, i) => value - targets[6 * example + i]!),
      );
      const of = { mse: (e: number): number => e * e, mae: Math.abs };
      for (const [example, list] of errors.entries()) {
        near(found['mse']![example], mean(list.map(of.mse)));
        near(found['mae']![example], mean(list.map(of.mae)));
        near(found['losses']![example], mean(list.map(of[loss])));
      }
      near(
        run({ loss: model.trainingStep(2)['loss']! }, feeds)['loss']![0],
        mean(errors.flat().map(of[loss])),
      );
    });
  }

  it('is refused where tokens are asked for, and the other way round', () => {
    assert.throws(() => make(data, { type: 'answer' }), ModelError);
    const words: ModelData = {
      ...data,
      input: { kind: 'tokens', vocab_size: 4 },
      target: { kind: 'next-token' },
    };
    assert.throws(() => make(words, { type: 'regression', loss: 'mse' }), /does not fit/);
  });
});

describe('padding', () => {
  const data = (length: number): ModelData => ({
    length,
    input: { kind: 'tokens', vocab_size: 7, padding: 0 },
    target: { kind: 'class', classes: 3 },
  });
  for (const pooling of ['mean', 'last'] as const) {
    it(`changes nothing with ${pooling} pooling`, () => {
      const logits = (length: number, inputs: number[]): number[] => {
        const model = make(data(length), { type: 'classification', pooling });
        const feeds = { ...Object.fromEntries(model.initialise(1)), inputs: Int32Array.from(inputs) };
        return run(model.logits(1), feeds)['logits']!;
      };
      const short = logits(3, [4, 1, 6]);
      logits(6, [4, 1, 6, 0, 0, 0]).forEach((value, i) => near(value, short[i]!));
      assert.notDeepEqual(logits(6, [4, 1, 6, 1, 1, 1]), short);
    });
  }
});
