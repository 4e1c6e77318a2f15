import assert from 'node:assert/strict';
import { trainSchema } from '../../src/models/config';
import { readTimings } from '../../src/runtime/ort/profile';
import { profileStep, total } from '../../src/runtime/profile';
import { webgpuProblem } from '../graph/support/compare';
import { tinyBatch, tinyModel } from './support/engines';

describe('the profile of a training step', () => {
  it('tells layers, passes and operators apart, without counting loops twice', async () => {
    const model = tinyModel([{ mixer: 'mamba', d_state: 4 }, { mixer: 'mlp' }], 64, 64);
    const found = await profileStep({
      model,
      train: trainSchema.parse({ batch_size: 8 }),
      data: { trainBatch: (index, size) => tinyBatch(index, size, 64) },
      ...{ device: 'cpu', threads: 1, seed: 0, steps: 3 },
    });
    const parts = new Map(found.parts.map((part) => [part.part, part]));
    assert.deepEqual([...parts.keys()], ['input', 'layers.0', 'layers.1', 'head', 'loss', 'optimizer']);
    for (const name of ['layers.0', 'layers.1']) {
      const { forward, backward, operators } = parts.get(name)!;
      assert.ok(forward > 0 && backward > 0, name);
      assert.ok(operators.some(({ operator }) => operator === 'Gemm'));
    }
    assert.ok(parts.get('layers.0')!.operators.some(({ operator }) => operator === 'Scan'));
    assert.ok(!parts.get('layers.1')!.operators.some(({ operator }) => operator === 'Scan'));
    // The optimiser is no part of the graph: its operators are those of the parts.
    const inGraph = found.parts.slice(0, -1).reduce((sum, part) => sum + total(part), 0);
    const byOperator = found.operators.reduce((sum, one) => sum + total(one), 0);
    assert.ok(Math.abs(inGraph - byOperator) < 1e-9 * inGraph);
    // With the bodies of its loops counted again a step would seem to take far longer than it does.
    assert.ok(inGraph < 20 * found.step && found.step > 0, `${inGraph} of ${found.step} ms`);
    assert.deepEqual(found.fallbacks, []);
  });

  it('is there for layers that drop', async () => {
    const found = await profileStep({
      model: tinyModel([{ mixer: 's4d', d_state: 4, dropout: 0.5 }], 8, 8),
      train: trainSchema.parse({ batch_size: 2 }),
      data: { trainBatch: (index, size) => tinyBatch(index, size, 8) },
      ...{ device: 'cpu', threads: 1, seed: 0, steps: 1 },
    });
    assert.ok(found.step > 0);
  });

  it('measures what training on WebGPU does, the optimiser included', async function () {
    this.timeout(120_000);
    const problem = await webgpuProblem();
    if (problem !== undefined) {
      this.test!.title += ` (skipped: ${problem})`;
      this.skip();
    }
    const model = tinyModel([{ mixer: 'mamba', d_state: 4 }, { mixer: 'mlp' }], 8, 16);
    const found = await profileStep({
      model,
      train: trainSchema.parse({ batch_size: 4, accumulate: 2 }),
      data: { trainBatch: (index, size) => tinyBatch(index, size) },
      ...{ device: 'webgpu', threads: 1, seed: 0, steps: 3 },
    });
    const parts = new Map(found.parts.map((part) => [part.part, part]));
    for (const name of ['layers.0', 'layers.1']) {
      const { forward, backward } = parts.get(name)!;
      assert.ok(forward > 0 && backward > 0, name);
    }
    assert.ok(parts.get('clip')!.operators.some(({ operator }) => operator === 'ReduceSum'));
    assert.ok(parts.get('optimizer')!.backward > 0 && parts.get('optimizer')!.forward === 0);
    assert.deepEqual(found.fallbacks, []);
  });
});

describe('the profile of onnxruntime', () => {
  const node = (name: string, dur: number, provider = 'WebGpu', operator = 'Mul') => ({
    cat: 'Node',
    name: `${name}_kernel_time`,
    dur,
    args: { op_name: operator, provider: `${provider}ExecutionProvider` },
  });
  const program = (name: string, dur: number) => ({ cat: 'Api', name, dur });

  it('takes the median of the runs that count', () => {
    const events = [900, 5, 4, 70].map((dur) => node('a/Mul_0', dur, 'CPU'));
    assert.deepEqual(readTimings(events, 0.25), [
      { name: 'a/Mul_0', operator: 'Mul', provider: 'CPU', runs: 3, microseconds: 5, clock: 'host' },
    ]);
    assert.equal(readTimings([node('b', 3), node('b', 4)])[0]!.microseconds, 3.5);
  });

  it('takes the time of the device where it has a clock, all programs of a node together', () => {
    const runs = [0, 1, 2].flatMap(() => [
      ...[node('m', 50), node('r', 40, 'WebGpu', 'Reshape'), node('c', 30, 'CPU', 'Where')],
      node('Memcpy_1', 20, 'WebGpu', 'MemcpyToHost'),
    ]);
    const programs = [100, 10, 7, 8, 9, 6].map((dur, i) =>
      program(`m&Mul&${i % 2 ? 'second' : 'first'}`, dur),
    );
    const found = readTimings([...runs, ...programs], 1 / 3).map(
      ({ name, runs: count, microseconds, clock }) => [...[name, count, microseconds, clock]],
    );
    assert.deepEqual(found, [
      ['m', 2, 15, 'device'],
      ['r', 2, 0, 'device'],
      ['c', 2, 30, 'host'],
      ['Memcpy_1', 2, 20, 'host'],
    ]);
  });
});
