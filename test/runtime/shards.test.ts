import assert from 'node:assert/strict';
import type { Batch } from '../../src/data/define';
import { batchNorm, input, reachable, sum, type Tensor } from '../../src/graph';
import { buildModel } from '../../src/models';
import { trainSchema } from '../../src/models/config';
import { openCpuEngine } from '../../src/runtime/engine/cpu';
import { ShardThread } from '../../src/runtime/engine/shard-thread';
import { couplesExamples, shardCount, splitBatch } from '../../src/runtime/engine/shards';
import { Evaluator } from '../../src/runtime/train/evaluate';
import type { BatchScores } from '../../src/runtime/train/evaluation-graph';
import { shardsFor } from '../../src/runtime/train/engine';
import { fastestParts, fixedShare, withoutKernels } from '../../src/runtime/train/kernels';
import { IGNORED } from '../../src/util/ignored';
import { losses, tinyBatch, tinyModel } from './support/engines';

const model = tinyModel([{ mixer: 'mamba' }]);

/** An engine on `shards` threads for batches of `batch` examples. */
async function open(shards: number, of = model, train: object = {}) {
  const config = trainSchema.parse({ batch_size: 6, optimizer: { lr: 3e-3 }, ...train });
  const engine = await openCpuEngine({
    parameters: of.parameters,
    graph: of.trainingStep(config.batch_size / shards),
    train: config,
    ...{ threads: shards, shards },
  });
  await engine.write({ parameters: of.initialise(1) });
  return engine;
}

const close = (got: number, expected: number): void =>
  assert.ok(Math.abs(got - expected) <= 1e-5 * Math.abs(expected), `${got} instead of ${expected}`);

describe('shards of a batch', () => {
  it('are as many as divide the batch and have a thread each, and one where the model is large', () => {
    assert.deepEqual(
      [
        [2, 32],
        [3, 32],
        [4, 6],
        [8, 1],
        [1, 8],
        [8, 7],
      ].map(([threads, batch]) => shardCount(threads!, batch!, 1000)),
      [2, 2, 3, 1, 1, 7],
    );
    assert.equal(shardCount(8, 8, 1e9), 1);
  });

  it('hold consecutive examples, and weigh as many targets as they have', () => {
    const targets = Int32Array.of(1, 2, IGNORED, 3, IGNORED, IGNORED, 4, 5);
    const batch: Batch = { inputs: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7), targets, size: 4 };
    const [first, second] = splitBatch(batch, 2);
    assert.deepEqual([...first!.batch.inputs, first!.batch.size], [0, 1, 2, 3, 2]);
    assert.deepEqual([...second!.batch.targets], [IGNORED, IGNORED, 4, 5]);
    assert.deepEqual([first!.weight, second!.weight], [3 / 5, 2 / 5]);
    const none = { ...batch, targets: targets.map(() => IGNORED) };
    assert.deepEqual(
      splitBatch(none, 4).map(({ weight }) => weight),
      [0.25, 0.25, 0.25, 0.25],
    );
  });

  it('are not made where the statistics of the whole batch count', () => {
    const [x, w, b] = [input('x', [4, 3]), input('w', [3]), input('b', [3])];
    const running = { mean: input('mean', [3]), variance: input('variance', [3]) };
    assert.ok(couplesExamples({ loss: sum(batchNorm(x, w, b, { running }).y) }));
    assert.ok(!couplesExamples(model.trainingStep(2)));
  });

  it('train as the whole batch does, micro-batches included, and twice to the same bits', async () => {
    const runs: [number, number][][] = [];
    for (const shards of [1, 3, 3]) {
      const engine = await open(shards, model, { accumulate: 2 });
      runs.push(await losses(engine, 3, { batch: 6, accumulate: 2 }));
      await engine.release();
    }
    const [whole, parts, again] = runs;
    parts!.forEach(([loss, gradNorm], step) => {
      close(loss, whole![step]![0]);
      close(gradNorm, whole![step]![1]);
    });
    assert.deepEqual(again, parts);
  });

  it('weigh every target the same where some examples have more', async () => {
    const [length, vocab_size] = [6, 5];
    const marked = buildModel({
      model: { d_model: 16, layers: [{ mixer: 'mamba' }], norm: 'rms', norm_eps: 1e-5, tie_embeddings: true },
      task: { type: 'answer' },
      data: { length, input: { kind: 'tokens', vocab_size }, target: { kind: 'marked' } },
    });
    const inputs = Int32Array.from({ length: 2 * length }, (_, i) => (i * i) % vocab_size);
    const targets = inputs.map((id, i) => (i < length + 4 ? IGNORED : id));
    targets[0] = 1;
    const found: [number, number][] = [];
    for (const shards of [1, 2]) {
      const engine = await open(shards, marked, { batch_size: 2 });
      const { loss, gradNorm } = await engine.step([{ inputs, targets, size: 2 }], {
        step: 1,
        rate: () => 0,
      });
      found.push([loss, gradNorm]);
      await engine.release();
    }
    found[0]!.forEach((value, i) => close(found[1]![i]!, value));
  });

  for (const mixer of ['mamba', 's4d', 's4', 'h3', 'long-conv']) {
    it(`score in evaluation what the whole batch scores, with the parameters of now: ${mixer}`, async () => {
      const model = tinyModel([{ mixer }]);
      const batch = tinyBatch(0, 6);
      const found = await Promise.all(
        [1, 3].map(async (threads) => {
          const evaluator = await Evaluator.open(model, 8, 6, { device: 'cpu', threads, activations: true });
          const scored = [];
          for (const seed of [1, 2]) {
            const scores = await evaluator.graph.scoring(Object.fromEntries(model.initialise(seed)));
            scored.push(await scores(batch));
          }
          await evaluator.release();
          return scored;
        }),
      );
      const [whole, parts] = found as [BatchScores[], BatchScores[]];
      for (const [i, scores] of whole.entries()) {
        assert.deepEqual(Object.keys(parts[i]!), Object.keys(scores));
        for (const [name, values] of Object.entries(scores)) {
          assert.equal(parts[i]![name]!.length, 6);
          values.forEach((value, row) => close(parts[i]![name]![row]!, value));
        }
      }
      assert.notDeepEqual(whole[0]!.losses, whole[1]!.losses);
    });
  }

  it('are fewer where every part would have to make large kernels again', () => {
    const share = (mixer: string): number => {
      const model = tinyModel([{ mixer }], 256);
      return fixedShare((examples) => model.trainingStep(examples), 4, 4);
    };
    assert.equal(share('mamba2'), 0);
    const [s4, longConv] = [share('s4'), share('long-conv')];
    assert.ok(s4 > 0.4 && s4 < 1, `${s4}`);
    assert.ok(longConv > 0 && longConv < 0.2, `${longConv}`);
    assert.deepEqual(
      [0, longConv, 0.5].map((fixed) => fastestParts(4, 4, fixed)),
      [4, 4, 1],
    );
    assert.equal(fastestParts(6, 8, 0), 6);
    const config = { train: trainSchema.parse({ batch_size: 4, steps: 1 }) };
    assert.deepEqual(
      ['s4', 'mamba2'].map((mixer) => shardsFor('cpu', config, tinyModel([{ mixer }], 256), 4)),
      [1, 4],
    );
  });

  it('find their kernels made in evaluation, once for all batches', () => {
    const whole = tinyModel([{ mixer: 's4d' }]).evaluation(2, 8);
    const { program, prepared } = withoutKernels(whole);
    const names = (graph: Readonly<Record<string, Tensor>>): Set<string> =>
      new Set(reachable(Object.values(graph)).map(({ operator }) => operator.name));
    // The angles of the kernel's exponentials are reduced by whole rounds.
    assert.ok(names(prepared).has('floor') && !names(program).has('floor'));
    const other = tinyModel([{ mixer: 'mamba2' }]).evaluation(2, 8);
    assert.equal(withoutKernels(other).program, other);
  });

  it('say what a thread could not do, and go on saying it', async () => {
    const block = new SharedArrayBuffer(0);
    const compiled = {
      model: new Uint8Array(3),
      target: 'cpu',
      inputs: [],
      outputs: [],
      nodes: 0,
      largest: 0,
      hash: '',
    } as const;
    const places = { parameters: [], gradients: [], parameterBlock: block, gradientBlock: block };
    const thread = new ShardThread({ compiled, threads: 1, ...places });
    await assert.rejects(thread.run({}), /part of the batch failed: onnxruntime refused the graph on cpu/);
    await thread.release();
    await assert.rejects(thread.run({}), /it has ended/);
  });
});
