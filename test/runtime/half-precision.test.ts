/** @file Training in half precision on WebGPU beside float32 on the CPU: as close as eleven bits allow. */
import assert from 'node:assert/strict';
import { deviceProblem } from '../../src/runtime/ort';
import { everyMixer, jumpsOf, losses, openTiny, tinyBatch, tinyModel } from './support/engines';

const STEPS = 20;
const half = { precision: 'fp16' };
const SCALE = 1024;

describe('training in half precision', function () {
  this.timeout(300_000);
  before(async function () {
    const problem = await deviceProblem('webgpu', 'float16');
    if (problem !== undefined) {
      this.test!.parent!.title += ` (skipped: no half precision here: ${problem.slice(0, 120)})`;
      this.skip();
    }
  });

  for (const [name, layer] of everyMixer) {
    it(`${name} follows float32 over ${STEPS} steps, with nothing left to the CPU`, async () => {
      const model = tinyModel([layer]);
      const cpu = await openTiny(model);
      const expected = await losses(cpu, STEPS);
      await cpu.release();
      const gpu = await openTiny(model, { device: 'webgpu', train: half });
      const found = await losses(gpu, STEPS, { lossScale: SCALE });
      assert.deepEqual(gpu.fallbacks(), []);
      await gpu.release();
      const jumps = jumpsOf(name);
      found.forEach(([loss, norm], step) => {
        const [wanted, wantedNorm] = expected[step]!;
        assert.ok(Math.abs(loss - wanted) < 0.02 * jumps, `loss ${step}: ${loss}, ${wanted}`);
        assert.ok(Math.abs(norm / wantedNorm - 1) < 0.03 * jumps, `norm ${step}: ${norm}, ${wantedNorm}`);
      });
      // Where the losses were equal to the bit nothing would have been rounded.
      assert.ok(found.some(([loss], step) => loss !== expected[step]![0]));
    });
  }

  it('skips a step that overflows and keeps everything as it was', async () => {
    const engine = await openTiny(tinyModel([{ mixer: 'mlp' }]), { device: 'webgpu', train: half });
    await losses(engine, 2, { lossScale: SCALE });
    const before = structuredClone(await engine.read());
    const update = { step: 3, rate: () => 1e-3 };
    const result = await engine.step([tinyBatch(0, 4)], { ...update, lossScale: 2 ** 30 });
    assert.ok(Number.isFinite(result.loss) && !result.finite, String(result.gradNorm));
    assert.deepEqual(await engine.read(), before);
    const next = await engine.step([tinyBatch(0, 4)], { ...update, lossScale: SCALE });
    assert.ok(next.finite);
    assert.notDeepEqual(await engine.read(), before);
    await engine.release();
  });

  it('goes on from its checkpoint as if it had never stopped, over micro-batches and checkpointed blocks', async () => {
    const model = tinyModel([{ mixer: 'mamba2', headdim: 16, d_state: 8 }, { mixer: 'mlp' }], 8, 16);
    const train = { ...half, accumulate: 2, batch_size: 2, activation_checkpointing: 'blocks' };
    const options = { batch: 2, accumulate: 2, lossScale: SCALE };
    const first = await openTiny(model, { device: 'webgpu', train });
    await losses(first, 3, options);
    const saved = structuredClone(await first.read());
    const expected = await losses(first, 3, options);
    await first.release();
    const second = await openTiny(model, { device: 'webgpu', train });
    await second.write(saved);
    assert.deepEqual(await losses(second, 3, options), expected);
    await second.release();
  });
});
