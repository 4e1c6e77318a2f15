/** @file The estimate of memory against processes that train. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildModel, resolvedCheckpointing, trainingMemory } from '../../src/models';
import type { Dataset } from '../../src/data';
import { trainSchema, type LayerItem, type RunConfig } from '../../src/models/config';
import { compile, exp, input, memoryNeed, type Tensor } from '../../src/graph';
import { stepGraphs } from '../../src/optimizer';
import { openSession, TensorTooLarge } from '../../src/runtime/ort';
import { buildingOf } from '../../src/runtime/train/engine';
import { affordableBatch, boundBatch, explainMemory, planMemory } from '../../src/runtime/train/memory';
import type { PeakRequest } from './support/peak';
import { tinyModel } from './support/engines';

/** Measured without the program's own size, which depends on how it is started. */
const cases: readonly PeakRequest[] = [
  { layer: { mixer: 'mamba', repeat: 4 }, length: 512, d_model: 128, batch: 8 },
  { layer: { mixer: 'mamba2', headdim: 32, repeat: 3 }, length: 256, d_model: 256, batch: 8 },
  { layer: { mixer: 'attention', heads: 4, repeat: 4 }, length: 256, d_model: 128, batch: 8 },
  // Weights that are computed again.
  { layer: { mixer: 'attention', heads: 8, repeat: 4 }, length: 1024, d_model: 128, batch: 4, looks: true },
  { layer: { mixer: 'mlp', repeat: 6 }, length: 128, d_model: 256, batch: 16 },
  { layer: { mixer: 's4d', repeat: 3 }, length: 512, d_model: 128, batch: 8 },
  {
    layer: { mixer: 'mamba2', headdim: 32, repeat: 6 },
    ...{ length: 256, d_model: 128, batch: 8 },
    train: { activation_checkpointing: 'blocks' },
  },
  { layer: { mixer: 'mamba2', headdim: 32, repeat: 4 }, length: 512, d_model: 128, batch: 8, looks: true },
  { layer: { mixer: 's4d', repeat: 4 }, length: 512, d_model: 128, batch: 8, looks: true },
  {
    layer: { mixer: 'mamba3', headdim: 32, d_state: 64, repeat: 3 },
    ...{ length: 512, d_model: 128, batch: 8, looks: true },
    train: { activation_checkpointing: 'blocks' },
  },
  // Each thread keeps as many states of its scans as one alone would.
  { layer: { mixer: 'mamba', repeat: 3 }, length: 512, d_model: 128, batch: 16, shards: 2 },
  // Nearly all is frozen weights, which have neither gradients nor moments.
  {
    layer: { mixer: 'mamba', repeat: 8 },
    ...{ length: 32, d_model: 768, batch: 2 },
    lora: { rank: 4, alpha: 8, targets: ['in_proj', 'out_proj'] },
  },
];

describe('the estimate of memory', function () {
  this.timeout(120_000);
  for (const request of cases) {
    const { layer, length, d_model, batch, train: asked = {}, lora, looks, shards = 1 } = request;
    const title = [
      (layer as { mixer: string }).mixer,
      ...Object.values(asked),
      ...(lora ? ['low-rank updates'] : []),
      ...(shards > 1 ? [`${shards} threads`] : []),
      ...(looks ? ['with an evaluation and probes'] : []),
    ].join(', ');
    it(`is within 20 % of what a process takes: ${title}`, async () => {
      const model = tinyModel([layer], length, d_model, lora);
      const train = trainSchema.parse({ batch_size: batch, ...(looks ? {} : { probe_every: 0 }), ...asked });
      const spec = { model: model.config, task: model.task, data: model.data };
      // One example is enough where the process does not evaluate.
      const estimate = trainingMemory({ ...spec, train, shards, evaluated: looks ? batch : 1 });
      const script = join(__dirname, 'support/peak.ts');
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...['--import', 'tsx', script, JSON.stringify(request)],
      ]);
      const { total } = JSON.parse(stdout) as { total: number };
      const ratio = estimate.total / total;

      assert.ok(ratio > 0.8 && ratio < 1.25, `${estimate.total} of ${total} bytes, ${ratio.toFixed(2)}`);
    });
  }

  it('grows with the batch and with accumulation, and shrinks with checkpointing', () => {
    const model = tinyModel([{ mixer: 'mamba', repeat: 6 }], 128, 64);
    const spec = { model: model.config, task: model.task, data: model.data };
    const of = (train: object) => trainingMemory({ ...spec, train: trainSchema.parse(train), evaluated: 1 });
    const plain = of({ batch_size: 8 });
    assert.ok(of({ batch_size: 16 }).activations > 1.8 * plain.activations);
    assert.ok(of({ batch_size: 8, accumulate: 2 }).parameters > plain.parameters);
    assert.ok(of({ batch_size: 8, optimizer: { name: 'sgd' } }).parameters < plain.parameters);
    const shared = trainingMemory({
      ...spec,
      train: trainSchema.parse({ batch_size: 8 }),
      evaluated: 1,
      shards: 2,
    });
    assert.ok(shared.parameters > plain.parameters && shared.program > plain.program);
    const checkpointed = of({ batch_size: 8, activation_checkpointing: 'blocks' });
    assert.ok(checkpointed.activations < 0.5 * plain.activations);
  });
});

describe('running out of memory', () => {
  const config = (train: object) => ({ train: trainSchema.parse(train) });

  it('is answered with advice that fits the config', () => {
    const error = new Error('Non-zero status code … std::bad_alloc');
    const first = explainMemory(error, config({ batch_size: 8, accumulate: 2 })) as Error;
    assert.match(first.message, /batch_size: 4 with train\.accumulate: 4.*activation_checkpointing: blocks/);
    assert.equal(first.cause, error);
    const last = explainMemory(error, config({ batch_size: 1, activation_checkpointing: 'blocks' })) as Error;
    assert.doesNotMatch(last.message, /batch_size|checkpointing/);
    const buffer = new Error('[Invalid Buffer (unlabeled)] is invalid due to a previous error.');
    assert.match(
      (explainMemory(buffer, config({}), 'webgpu') as Error).message,
      /memory of the GPU does not/,
    );
    const large = new TensorTooLarge(3e9);
    assert.match((explainMemory(large, config({}), 'webgpu') as Error).message, /3\.0 GB.*batch_size: 16/);
    const other = new Error('something else');
    assert.equal(explainMemory(other, config({})), other);
  });

  it('is avoided in evaluation by fewer examples at a time', () => {
    const model = tinyModel([{ mixer: 'attention', heads: 4, repeat: 2 }], 1024, 32);
    const peakOf = (batch: number): number =>
      memoryNeed(Object.values(model.evaluation(batch)), { target: 'cpu' }).peak;
    assert.equal(affordableBatch(model, 32, Infinity), 32);
    const batch = affordableBatch(model, 32, 4 * peakOf(10));
    assert.ok(batch < 10 && batch > 4 && peakOf(batch) < peakOf(10), String(batch));
    assert.equal(affordableBatch(model, 32, 1), 1);
  });

  it('is said of a tensor that no GPU binds before anything is allocated', async () => {
    const compiled = compile({ y: exp(input('x', [2 ** 30 + 1])) }, { target: 'webgpu' });
    assert.equal(compiled.largest, 4 * (2 ** 30 + 1));
    await assert.rejects(openSession(compiled, { device: 'webgpu' }), TensorTooLarge);
  });

  it('is avoided on a GPU by scoring fewer examples where their logits would be too large', () => {
    const { config, task, data } = tinyModel([{ mixer: 'mlp' }], 1024, 8);
    const input = { kind: 'tokens', vocab_size: 50_000 } as const;
    const target = { kind: 'next-token' } as const;
    const words = {
      model: config,
      task: { type: 'language-model' as const },
      data: { ...data, input, target },
    };
    assert.equal(boundBatch(buildModel(words), 16), 4);
    assert.equal(boundBatch(buildModel({ model: config, task, data }), 16), 16);
  });

  it('is estimated for a GPU without the program, and with what a step starts from beside what it ends with', () => {
    const model = tinyModel([{ mixer: 'mamba', repeat: 6 }], 128, 64);
    const spec = { model: model.config, task: model.task, data: model.data, evaluated: 1 };
    const of = (train: object) =>
      trainingMemory({ ...spec, train: trainSchema.parse(train), target: 'webgpu' });
    const { parameters, program, activations } = of({});
    assert.equal(program, 0);
    assert.ok(Math.abs(parameters / (7 * 4 * model.parameterCount) - 1) < 0.05);
    assert.ok(of({ activation_checkpointing: 'blocks' }).activations < 0.6 * activations);
  });

  it('is avoided by checkpointing where the GPU is known not to suffice', () => {
    const model = tinyModel([{ mixer: 'mamba', repeat: 6 }], 128, 64);
    const { config, task, data } = model;
    const train = trainSchema.parse({ batch_size: 8 });
    const asked = { model: config, task, train, eval: { examples: 1 } } as RunConfig;
    const { total } = trainingMemory({ model: config, task, data, train, evaluated: 1, target: 'webgpu' });
    const plan = (bytes: number | undefined) =>
      planMemory(asked, { shape: data } as Dataset, 'webgpu', 1, (device) =>
        device === 'gpu' ? bytes : 2 ** 40,
      );
    const [small, large, unknown] = [plan(1.5 * total), plan(2 * total), plan(undefined)];
    assert.equal(small.train.activation_checkpointing, 'blocks');
    assert.match(small.shown, /of the GPU’s .* with activation checkpointing/);
    assert.equal(large.train.activation_checkpointing, 'none');
    assert.equal(unknown.train.activation_checkpointing, 'none');
    assert.match(unknown.shown, /of GPU memory$/);
  });

  /** Bytes of a GPU by the estimate, and counted on all layers: on the graphs that the engine compiles. */
  function onGpu(layer: LayerItem, settings: object): { estimate: number; counted: number } {
    const model = tinyModel([layer], 128, 64);
    const spec = { model: model.config, task: model.task, data: model.data };
    const train = trainSchema.parse({ batch_size: 2, ...settings });
    const { total } = trainingMemory({ ...spec, train, evaluated: 2, target: 'webgpu' });
    const needOf = (outputs: Readonly<Record<string, Tensor>>) =>
      memoryNeed(Object.values(outputs), { target: 'webgpu' });
    const step = model.trainingStep(train.batch_size, model.length, buildingOf(train));
    const { update, add } = stepGraphs(step, model.parameters, train);
    const { inputs } = needOf(update);
    const needs = [update, ...(add ? [add] : [])].map(needOf);
    const most = Math.max(...needs.map(({ outputs, peak }) => inputs + outputs + peak));
    return { estimate: total, counted: most + 1.5 * needOf(model.evaluation(2)).peak };
  }

  it('is estimated for a GPU on the graphs that its engine compiles', () => {
    for (const settings of [{}, { accumulate: 2 }, { clip: 0, optimizer: { name: 'sgd' } }]) {
      const { estimate, counted } = onGpu({ mixer: 'mamba', repeat: 3 }, settings);
      assert.ok(Math.abs(estimate / counted - 1) < 1e-9, JSON.stringify({ settings, estimate, counted }));
    }
  });

  it('is estimated for a deep model on a GPU from a few of its layers', () => {
    for (const settings of [{}, { activation_checkpointing: 'blocks' }]) {
      const { estimate, counted } = onGpu({ mixer: 'mlp', repeat: 12 }, settings);
      assert.ok(Math.abs(estimate / counted - 1) < 0.05, JSON.stringify({ settings, estimate, counted }));
    }
  });

  it('is estimated for a deep model with checkpoints from a few of its layers', () => {
    for (const mixer of ['mamba', 'mamba3', 'mlp']) {
      const model = tinyModel([{ mixer, repeat: 10 }], 128, 64);
      const spec = { model: model.config, task: model.task, data: model.data };
      const train = trainSchema.parse({ batch_size: 4, activation_checkpointing: 'blocks' });
      const estimate = trainingMemory({ ...spec, train, evaluated: 4 }).activations;
      const needOf = (outputs: Readonly<Record<string, Tensor>>) =>
        memoryNeed(Object.values(outputs), { target: 'cpu' }).peak;
      const step = model.trainingStep(train.batch_size, model.length, buildingOf(train));
      const counted = needOf(step) + 1.5 * needOf(model.evaluation(4));
      assert.ok(Math.abs(estimate / counted - 1) < 0.05, JSON.stringify({ mixer, estimate, counted }));
    }
  });

  it('is avoided by checkpointing where the machine would not suffice', () => {
    const model = tinyModel([{ mixer: 'mamba', repeat: 6 }], 128, 64);
    const train = trainSchema.parse({ batch_size: 8 });
    const request = { model: model.config, task: model.task, data: model.data, train, evaluated: 1 };
    const { total } = trainingMemory(request);
    assert.equal(resolvedCheckpointing(request, 2 * total), 'none');
    assert.equal(resolvedCheckpointing(request, 1.5 * total), 'blocks');
    const none = { ...train, activation_checkpointing: 'none' as const };
    assert.equal(resolvedCheckpointing({ ...request, train: none }, total), 'none');
  });
});
