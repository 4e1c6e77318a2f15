import assert from 'node:assert/strict';
import { trainSchema } from '../../src/models/config';
import { profileStep, total } from '../../src/runtime/profile';
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
});
