/** @file Training on WebGPU beside the CPU: the same losses, step by step. */
import assert from 'node:assert/strict';
import { buildModel } from '../../src/models';
import { trainSchema, type RunConfig } from '../../src/models/config';
import { deviceProblem } from '../../src/runtime/ort';
import { openEngine } from '../../src/runtime/train/engine';
import { webgpuProblem } from '../graph/support/compare';
import { everyMixer, jumpsOf, losses, openTiny, tinyModel } from './support/engines';

const STEPS = 20;

describe('training on WebGPU', function () {
  this.timeout(300_000);
  before(async function () {
    const problem = await webgpuProblem();
    if (problem !== undefined) {
      this.test!.parent!.title += ` (skipped: ${problem})`;
      this.skip();
    }
  });

  for (const [name, layer] of everyMixer) {
    it(`${name} follows the CPU over ${STEPS} steps, with nothing left to the CPU`, async () => {
      const model = tinyModel([layer]);
      const cpu = await openTiny(model);
      const expected = await losses(cpu, STEPS);
      await cpu.release();
      const gpu = await openTiny(model, { device: 'webgpu' });
      const found = await losses(gpu, STEPS);
      assert.deepEqual(gpu.fallbacks(), []);
      await gpu.release();
      const jumps = jumpsOf(name);
      found.forEach(([loss, norm], step) => {
        const close = jumps * 1e-4;
        assert.ok(
          Math.abs(loss - expected[step]![0]) < close,
          `loss ${step}: ${loss}, ${expected[step]![0]}`,
        );
        const tolerance = jumps * 1e-3 * Math.max(1, expected[step]![1]);
        assert.ok(Math.abs(norm - expected[step]![1]) < tolerance, `norm ${step}: ${norm}`);
      });
    });
  }

  it('computes in half precision, or says that the device cannot', async function () {
    const model = tinyModel([{ mixer: 'mlp' }]);
    const train = { precision: 'fp16' };
    if ((await deviceProblem('webgpu', 'float16')) !== undefined) {
      const config = { train: trainSchema.parse(train) } as RunConfig;
      const refusal = /webgpu device here does not compute in half precision.*precision: fp32/;
      await assert.rejects(openEngine('webgpu', { config, model, threads: 1 }), refusal);
      return;
    }
    const [gpu, cpu] = [await openTiny(model, { train, device: 'webgpu' }), await openTiny(model)];
    const [half, full] = [await losses(gpu, 5, { lossScale: 1024 }), await losses(cpu, 5)];
    half.forEach(([loss], step) => assert.ok(Math.abs(loss - full[step]![0]) < 5e-3));
    await Promise.all([gpu.release(), cpu.release()]);
  });

  for (const accumulate of [1, 2]) {
    it(`keeps the running statistics of batch norms as the CPU does, over ${accumulate} micro-batches a step`, async () => {
      const { config, task, data } = tinyModel([{ mixer: 'mlp' }], 8, 16);
      const model = buildModel({ model: { ...config, norm: 'batch' }, task, data });
      const after = async (device: 'cpu' | 'webgpu') => {
        const engine = await openTiny(model, { train: { accumulate }, device });
        const copy = async () =>
          new Map([...(await engine.read()).parameters].map(([name, values]) => [name, values.slice()]));
        const found = await losses(engine, 4, { accumulate });
        const saved = await copy();
        // A step that fails leaves the statistics of its micro-batches behind nowhere.
        const broken = new Map(saved).set('classifier.bias', new Float32Array(5).fill(NaN));
        await engine.write({ parameters: broken });
        await losses(engine, 1, { accumulate });
        assert.deepEqual(await copy(), broken);
        await engine.release();
        return { found, saved };
      };
      const [cpu, gpu] = [await after('cpu'), await after('webgpu')];
      cpu.found.forEach(([loss], step) => assert.ok(Math.abs(loss - gpu.found[step]![0]) < 1e-4));
      for (const [name, values] of cpu.saved) {
        if (!name.includes('running_')) continue;
        values.forEach((value, i) => {
          assert.ok(Math.abs(value - gpu.saved.get(name)![i]!) < 1e-4, `${name}[${i}]`);
        });
      }
    });
  }

  it('adds the gradients of micro-batches as the CPU does, and keeps its state in a checkpoint', async () => {
    const model = tinyModel([{ mixer: 'mamba', d_state: 4 }], 8, 16);
    const train = { accumulate: 3, batch_size: 2 };
    const cpu = await openTiny(model, { train });
    const expected = await losses(cpu, 6, { batch: 2, accumulate: 3 });
    await cpu.release();
    const gpu = await openTiny(model, { train, device: 'webgpu' });
    const found = await losses(gpu, 6, { batch: 2, accumulate: 3 });
    found.forEach(([loss], step) => assert.ok(Math.abs(loss - expected[step]![0]) < 1e-5));
    const saved = await gpu.read();
    const again = await openTiny(model, { train, device: 'webgpu' });
    await again.write(saved);
    assert.deepEqual(await again.read(), saved);
    await gpu.release();
    await again.release();
  });

  for (const accumulate of [1, 3]) {
    it(`trains low-rank updates as the CPU does, frozen weights without moments (${accumulate})`, async () => {
      const lora = { rank: 2, alpha: 4, targets: ['in_proj', 'out_proj'] };
      const model = tinyModel([{ mixer: 'mamba', d_state: 4 }], 8, 16, lora);
      const train = { accumulate, batch_size: 2 };
      const [cpu, gpu] = [
        await openTiny(model, { train }),
        await openTiny(model, { train, device: 'webgpu' }),
      ];
      const expected = await losses(cpu, 6, { batch: 2, accumulate });
      const found = await losses(gpu, 6, { batch: 2, accumulate });
      found.forEach(([loss], step) => assert.ok(Math.abs(loss - expected[step]![0]) < 1e-5));
      const [own, theirs] = [await gpu.read(), await cpu.read()];
      const start = model.initialise(1);
      for (const [name, { frozen }] of model.parameters) {
        if (frozen) assert.deepEqual(own.parameters.get(name), start.get(name), name);
        else assert.notDeepEqual(own.parameters.get(name), start.get(name), name);
      }
      for (const [kind, values] of theirs.states)
        assert.deepEqual([...own.states.get(kind)!.keys()].toSorted(), [...values.keys()].toSorted());
      await Promise.all([cpu.release(), gpu.release()]);
    });
  }
});
