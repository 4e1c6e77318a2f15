/** @file Batch norms while they are trained: what they keep, who uses it, and what happens to it on the way. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from '../../src/inspect/inspect';
import { resolveText } from '../../src/language';
import { buildModel, mergeAdapters, type Model } from '../../src/models';
import { trainSchema, type ModelConfig } from '../../src/models/config';
import { onnxFiles } from '../../src/runtime/export/onnx';
import { pytorchProblem } from '../../src/runtime/export/pytorch';
import { couplesExamples } from '../../src/runtime/engine/shards';
import type { TrainingEngine } from '../../src/runtime/engine/types';
import { logitsOf } from '../../src/runtime/logits';
import { RunControl } from '../../src/runtime/process/control';
import { train } from '../../src/runtime/train';
import { openEngine } from '../../src/runtime/train/engine';
import { Evaluator } from '../../src/runtime/train/evaluate';
import { openTiny, tinyBatch } from './support/engines';
import { SlowClassifier } from './support/slow-batch-norm';

const LENGTH = 8;
const feedForward = { mixer: 'mlp', activation: 'relu', d_intermediate: 6, multiple_of: 6 };

/** Classes of sequences, as `tinyBatch` has them. */
const classifier = (changes: Partial<ModelConfig> = {}, pooling: 'mean' | 'last' = 'mean'): Model =>
  buildModel({
    model: {
      ...{ d_model: 4, layers: [feedForward], norm: 'batch', norm_eps: 1e-5, tie_embeddings: false },
      ...changes,
    },
    task: { type: 'classification', pooling },
    data: {
      length: LENGTH,
      input: { kind: 'tokens', vocab_size: 11 },
      target: { kind: 'class', classes: 5 },
    },
  });

const isBuffer = (name: string): boolean => /running_(mean|var)$/.test(name);

async function copyOf(engine: TrainingEngine): Promise<Map<string, Float32Array>> {
  const { parameters } = await engine.read();
  return new Map([...parameters].map(([name, values]) => [name, values.slice()]));
}

async function steps(engine: TrainingEngine, from: number, to: number, accumulate = 1): Promise<void> {
  for (let step = from; step <= to; step++) {
    const batches = Array.from({ length: accumulate }, (_, i) => tinyBatch(step * accumulate + i, 4));
    await engine.step(batches, { step, rate: (peak) => peak });
  }
}

const close = (found: number, wanted: number, what: string): void =>
  assert.ok(Math.abs(found - wanted) < 1e-5, `${what}: ${found}, not ${wanted}`);

describe('batch norms', function () {
  this.timeout(60_000);

  it('normalise with the batch, keep running statistics over every micro-batch, and evaluate with these', async () => {
    const model = classifier();
    const slow = new SlowClassifier(model.initialise(1), LENGTH);
    const engine = await openTiny(model, { train: { accumulate: 2, batch_size: 4 } });
    for (let step = 1; step <= 6; step++) {
      const batches = [0, 1].map((i) => tinyBatch(2 * step + i, 4));
      // The parameters stay, so that one formulation holds for all steps.
      const { loss } = await engine.step(batches, { step, rate: () => 0 });
      const expected = batches.flatMap((batch) => slow.losses(batch, true));
      close(loss, expected.reduce((sum, one) => sum + one, 0) / expected.length, `loss ${step}`);
      const { parameters } = await engine.read();
      for (const [name, wanted] of slow.running) {
        wanted.forEach((value, i) =>
          close(parameters.get(name)![i]!, value, `${name}[${i}] of step ${step}`),
        );
      }
    }
    assert.equal(slow.running.size, 4);
    const evaluator = await Evaluator.open(model, LENGTH, 4, { device: 'cpu', threads: 1 });
    const batch = tinyBatch(99, 4);
    const { losses } = await (await evaluator.graph.scoring(engine.parameterFeeds()))(batch);
    const expected = slow.losses(batch, false);
    losses.forEach((loss, i) => close(loss, expected[i]!, `evaluation of example ${i}`));
    await Promise.all([engine.release(), evaluator.release()]);
  });

  it('are not parameters: neither counted, nor trained, nor decayed', async () => {
    const model = classifier();
    const buffers = [...model.parameters].filter(([, { buffer }]) => buffer);
    assert.deepEqual(
      buffers.map(([name]) => name),
      [...model.parameters.keys()].filter(isBuffer),
    );
    assert.ok(buffers.every(([, { frozen, decay }]) => frozen && !decay));
    const numbers = 11 * 4 + (6 * 4 + 4 * 6) + 2 * (4 + 4) + (4 * 5 + 5);
    assert.equal(model.parameterCount, numbers);
    assert.equal(model.cost().parameters, numbers);
    const engine = await openTiny(model);
    const { states } = await engine.read();
    assert.ok([...states.values()].every((state) => ![...state.keys()].some(isBuffer)));
    await engine.release();
  });

  for (const [name, changes, pooling] of [
    ['behind the layers', { norm_position: 'post' }, 'mean'],
    ['before a head that looks at the last token', {}, 'last'],
    ['of a layer that holds its own', { layers: [{ mixer: 'sma', norm_type: 'batchnorm' }] }, 'mean'],
    [
      'of such a layer, behind it',
      { layers: [{ mixer: 'sma', norm_type: 'batchnorm', prenorm: false }] },
      'mean',
    ],
  ] as const) {
    it(`move on ${name}, and go on from a saved state with the same bits`, async () => {
      const model = classifier(changes, pooling);
      const [whole, first, second] = [await openTiny(model), await openTiny(model), await openTiny(model)];
      const before = await copyOf(whole);
      await steps(whole, 1, 4);
      await steps(first, 1, 2);
      await second.write(await first.read());
      await steps(second, 3, 4);
      const after = await copyOf(whole);
      assert.deepEqual(await copyOf(second), after);
      const buffers = [...after].filter(([key]) => isBuffer(key));
      assert.ok(buffers.length > 0);
      for (const [key, values] of buffers) assert.notDeepEqual(values, before.get(key), key);
      for (const engine of [whole, first, second]) await engine.release();
    });
  }

  it('count a batch once where two layers stand beside each other, twice where they share a norm', async () => {
    const after = async (layers: ModelConfig['layers']): Promise<Map<string, Float32Array>> => {
      const engine = await openTiny(classifier({ layers }));
      await engine.step([tinyBatch(0, 4)], { step: 1, rate: () => 0 });
      const found = await copyOf(engine);
      await engine.release();
      return found;
    };
    const name = 'backbone.layers.0.norm.running_mean';
    const single = await after([feedForward]);
    const beside = await after([feedForward, { ...feedForward, beside: true }]);
    assert.deepEqual(beside.get(name), single.get(name));
    const shared = await after([feedForward, feedForward].map((layer) => ({ ...layer, share: 'both' })));
    assert.deepEqual(
      [...shared.keys()].filter((key) => key.includes('running_mean')),
      [name, 'backbone.norm_f.running_mean'],
    );
    assert.notDeepEqual(shared.get(name), single.get(name));
  });

  it('keep the same with activation checkpointing', async () => {
    const model = classifier({ layers: [{ ...feedForward, repeat: 2 }] });
    const after = async (activation_checkpointing: string): Promise<Map<string, Float32Array>> => {
      const engine = await openTiny(model, { train: { activation_checkpointing } });
      await steps(engine, 1, 3);
      const found = await copyOf(engine);
      await engine.release();
      return found;
    };
    assert.deepEqual(await after('blocks'), await after('none'));
  });

  it('stay as they were where a step overflows, and move in mixed precision otherwise', async () => {
    const model = classifier();
    const engine = await openTiny(model, { train: { precision: 'fp16' } });
    const before = await copyOf(engine);
    const update = { step: 1, rate: (peak: number) => peak };
    const failed = await engine.step([tinyBatch(0, 4)], { ...update, lossScale: 2 ** 40 });
    assert.ok(!failed.finite);
    assert.deepEqual(await copyOf(engine), before);
    const passed = await engine.step([tinyBatch(0, 4)], { ...update, lossScale: 16 });
    assert.ok(passed.finite);
    for (const [name, values] of await copyOf(engine)) {
      if (isBuffer(name)) assert.notDeepEqual(values, before.get(name), name);
    }
    await engine.release();
  });

  it('see the whole batch, however many threads there are', async () => {
    const model = classifier();
    assert.ok(couplesExamples(model.trainingStep(4)));
    const config = { seed: 0, train: trainSchema.parse({ batch_size: 4 }) } as Parameters<
      typeof openEngine
    >[1]['config'];
    const after = async (threads: number): Promise<Map<string, Float32Array>> => {
      const engine = await openEngine('cpu', { config, model, threads });
      await engine.write({ parameters: model.initialise(1) });
      await steps(engine, 1, 2);
      const found = await copyOf(engine);
      await engine.release();
      return found;
    };
    const [one, two] = [await after(1), await after(2)];
    for (const [name, values] of one) values.forEach((value, i) => close(two.get(name)![i]!, value, name));
  });

  it('move beside frozen weights that low-rank updates are trained for, and are merged with them', async () => {
    const model = classifier({ lora: { rank: 2, alpha: 4, targets: ['fc1'] } });
    const engine = await openTiny(model);
    const before = await copyOf(engine);
    await steps(engine, 1, 3);
    const after = await copyOf(engine);
    await engine.release();
    for (const [name, values] of after) {
      const moves = isBuffer(name) || /lora_/.test(name);
      assert.equal(
        values.some((value, i) => value !== before.get(name)![i]),
        moves,
        name,
      );
    }
    const merged = mergeAdapters(model.config, after);
    const plain = buildModel({ model: merged.config, task: model.task, data: model.data });
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    const [expected] = await logitsOf(model, after, ids, 1);
    const [found] = await logitsOf(plain, merged.parameters, ids, 1);
    found!.forEach((value, i) => close(value, expected![i]!, `logit ${i}`));
  });

  it('decode and are exported with what they kept', async () => {
    const layers = [
      { mixer: 'mamba', d_state: 2 },
      { mixer: 'sma', norm_type: 'batchnorm', zdim: 4 },
    ];
    const model = buildModel({
      model: { d_model: 8, layers, norm: 'batch', norm_eps: 1e-5, tie_embeddings: true },
      task: { type: 'language-model' },
      data: { length: 6, input: { kind: 'tokens', vocab_size: 12 }, target: { kind: 'next-token' } },
    });
    const kept = new Map(
      [...model.initialise(3)].map(([name, values]) => [
        name,
        isBuffer(name) ? values.map((value, i) => value + 0.3 + 0.1 * i) : values,
      ]),
    );
    const files = await onnxFiles(model, kept, 6);
    assert.ok(files.difference! < 1e-5, String(files.difference));
    const ids = [3, 1, 4, 1, 5, 9];
    const [moved, initial] = [
      await logitsOf(model, kept, ids, 1),
      await logitsOf(model, model.initialise(3), ids, 1),
    ];
    assert.notDeepEqual(moved, initial);
    const mamba = { ...model.config, layers: layers.slice(0, 1) };
    assert.match(
      pytorchProblem(buildModel({ model: mamba, task: model.task, data: model.data }))!,
      /batch norms/,
    );
  });

  it('are in the checkpoints of a run, which continues to the same bits', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'batch-norm-'));
    const path = join(folder, 'tiny.ssm.yaml');
    const start = async (runDir: string, count: number, resumed = false): Promise<Uint8Array> => {
      const { config, text } = await resolveText(
        `
data: {type: induction-heads, length: 8, vocab_size: 4}
model: {d_model: 4, norm: batch, layers: [{mixer: mamba, d_state: 2}]}
train: {steps: ${count}, batch_size: 2, checkpoint_every: 4}
eval: {examples: 2}
device: cpu
`,
        path,
      );
      const result = await train({
        config: config!,
        configText: text!,
        configPath: path,
        ...{
          baseDir: folder,
          bundledDir: folder,
          runDir: join(folder, runDir),
          threads: 1,
          version: '0',
          inspect,
        },
        control: new RunControl(),
        ...(resumed && { resume: config! }),
      });
      assert.equal(result.status, 'finished');
      return readFile(join(folder, runDir, `checkpoints/step-00000${count}/model.safetensors`));
    };
    try {
      const whole = await start('whole', 8);
      const half = await start('parts', 4);
      assert.notDeepEqual(half, whole);
      assert.deepEqual(await start('parts', 8, true), whole);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
