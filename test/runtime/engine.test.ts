/** @file What every training step promises, whatever the model: batches, memory, precision, bits. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PeakRequest } from './support/peak';
import { everyMixer, jumpsOf, losses, openTiny, tinyBatch, tinyModel, type Setting } from './support/engines';

const mamba = { mixer: 'mamba', d_state: 4 };
const values = async (
  engine: Awaited<ReturnType<typeof openTiny>>,
): Promise<Record<string, Float32Array>> => {
  const { parameters, states } = await engine.read();
  const named = [...states].flatMap(([kind, map]) => [...map].map(([name, v]) => [`${kind}.${name}`, v]));
  return Object.fromEntries(
    [...[...parameters].map(([name, v]) => [name, v]), ...named].map(([name, v]) => [
      name,
      (v as Float32Array).slice(),
    ]),
  ) as Record<string, Float32Array>;
};

/** All steps' losses, norms and the state behind the last, as one thing to compare. */
async function trajectory(setting: Setting, layers: Parameters<typeof tinyModel>[0] = [mamba], steps = 6) {
  const engine = await openTiny(tinyModel(layers, 8, 16), setting);
  const { accumulate = 1, batch_size: batch = 4 } = (setting.train ?? {}) as Record<string, number>;
  const found = await losses(engine, steps, { accumulate, batch });
  const state = await values(engine);
  await engine.release();
  return { found, state };
}

describe('accumulation', () => {
  for (const [name, layer] of [['mamba', mamba] as const, ['mlp', { mixer: 'mlp' }] as const]) {
    it(`of three micro-batches of ${name} is one batch of all their examples`, async () => {
      const model = tinyModel([layer], 8, 16);
      const small = await openTiny(model, { train: { batch_size: 2, accumulate: 3 } });
      const large = await openTiny(model, { train: { batch_size: 6 } });
      for (let step = 1; step <= 5; step++) {
        const batches = [0, 1, 2].map((index) => tinyBatch(3 * step + index, 2));
        const whole = {
          inputs: Int32Array.from(batches.flatMap(({ inputs }) => [...inputs])),
          targets: Int32Array.from(batches.flatMap(({ targets }) => [...(targets as Int32Array)])),
          size: 6,
        };
        const update = { step, rate: (peak: number) => peak };
        const [a, b] = [await small.step(batches, update), await large.step([whole], update)];
        assert.ok(Math.abs(a.loss - b.loss) < 2e-6, `loss of step ${step}: ${a.loss}, ${b.loss}`);
        assert.ok(Math.abs(a.gradNorm - b.gradNorm) < 1e-5 * b.gradNorm + 1e-6);
      }
      const [a, b] = [await values(small), await values(large)];
      for (const key of Object.keys(a).filter((key) => !key.startsWith('exp_'))) {
        a[key]!.forEach((value, i) => assert.ok(Math.abs(value - b[key]![i]!) < 1e-4, `${key}[${i}]`));
      }
      await small.release();
      await large.release();
    });
  }
});

describe('determinism', () => {
  it('gives the same bits for the same seed and threads, accumulation included', async () => {
    for (const threads of [1, 2]) {
      const setting = { threads, train: { accumulate: 2, batch_size: 3 } };
      assert.deepEqual(await trajectory(setting), await trajectory(setting));
    }
  });

  for (const name of ['adamw', 'adam', 'sgd']) {
    it(`goes on from a saved state of ${name} with the bits of an uninterrupted run`, async () => {
      const model = tinyModel([mamba], 8, 16);
      const setting = { train: { accumulate: 2, batch_size: 3, optimizer: { name, lr: 1e-2 } } };
      const whole = await openTiny(model, setting);
      const part = async (engine: typeof whole, from: number, to: number): Promise<void> => {
        for (let step = from; step <= to; step++) {
          const batches = [0, 1].map((index) => tinyBatch(2 * step + index, 3));
          await engine.step(batches, { step, rate: (peak) => peak / step });
        }
      };
      await part(whole, 1, 6);
      const first = await openTiny(model, setting);
      await part(first, 1, 3);
      const second = await openTiny(model, setting);
      await second.write(await first.read());
      await part(second, 4, 6);
      assert.deepEqual(await values(second), await values(whole));
      for (const engine of [whole, first, second]) await engine.release();
    });
  }
});

describe('activation checkpointing', function () {
  this.timeout(120_000);
  for (const [name, layer] of everyMixer) {
    it(`gives ${name} the numbers it has without`, async () => {
      const model = tinyModel([{ ...layer, repeat: 2 }]);
      const run = async (activation_checkpointing: string) => {
        const engine = await openTiny(model, { train: { activation_checkpointing } });
        const found = await losses(engine, 3);
        await engine.release();
        return found;
      };
      assert.deepEqual(await run('blocks'), await run('none'));
    });
  }

  for (const { layer, ...sizes } of [
    { layer: { mixer: 'mamba', d_state: 8, repeat: 8 }, length: 256, d_model: 64, batch: 16 },
    // Its kernels follow from parameters alone: they too are computed again.
    { layer: { mixer: 's4', repeat: 8 }, length: 512, d_model: 128, batch: 8 },
  ]) {
    it(`halves the peak memory of a chain of eight blocks of ${layer.mixer}, and more`, async () => {
      const measure = async (
        activation_checkpointing: string,
      ): Promise<{ peak: number; losses: unknown }> => {
        const request: PeakRequest = { layer, ...sizes, train: { activation_checkpointing } };
        const script = join(__dirname, 'support/peak.ts');
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...['--import', 'tsx', script, JSON.stringify(request)],
        ]);
        return JSON.parse(stdout) as { peak: number; losses: unknown };
      };
      const plain = await measure('none');
      const checkpointed = await measure('blocks');
      assert.ok(checkpointed.peak <= 0.5 * plain.peak, `${checkpointed.peak} of ${plain.peak} bytes`);
      assert.deepEqual(checkpointed.losses, plain.losses);
    });
  }
});

describe('mixed precision', () => {
  for (const [name, layer] of everyMixer) {
    it(`trains ${name} near full precision`, async () => {
      const model = tinyModel([layer]);
      const run = async (precision: string, lossScale?: number) => {
        const engine = await openTiny(model, { train: { precision } });
        const found = await losses(engine, 8, lossScale === undefined ? {} : { lossScale });
        await engine.release();
        return found;
      };
      const [half, full] = [await run('fp16', 1024), await run('fp32')];
      const jumps = jumpsOf(name);
      half.forEach(([loss, norm], step) => {
        const [expected, expectedNorm] = full[step]!;
        assert.ok(Math.abs(loss - expected) < jumps * 5e-3, `loss ${step}: ${loss}, ${expected}`);
        assert.ok(Math.abs(norm / expectedNorm - 1) < jumps * 2e-2, `norm ${step}: ${norm}, ${expectedNorm}`);
      });
      // The same numbers would mean that nothing was computed in halves.
      assert.notDeepEqual(half, full);
    });
  }

  it('reports an overflow and leaves everything as it was', async () => {
    const model = tinyModel([{ mixer: 'mlp' }]);
    const engine = await openTiny(model, { train: { precision: 'fp16' } });
    const before = await values(engine);
    const result = await engine.step([tinyBatch(0, 4)], { step: 1, rate: () => 1e-3, lossScale: 2 ** 30 });
    assert.ok(Number.isFinite(result.loss) && !result.finite, String(result.gradNorm));
    assert.deepEqual(await values(engine), before);
    await engine.release();
  });
});
