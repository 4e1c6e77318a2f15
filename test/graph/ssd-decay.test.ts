/** @file The gradient of SSD's decays, entry by entry: a sum over all of time would drown small ones in rounding. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { float, valuesOf, within, type Sample } from './samples/sample';

const [L, H, P, N] = [256, 2, 16, 16];

const sample: Sample = {
  name: 'ssd, strong and weak decays',
  // X, A, B, C, the cotangent of Y
  inputs: [
    within(-0.5, 0.5, 1, L, H, P),
    within(-30, 0, 1, L, H),
    float(1, L, H, N),
    float(1, L, H, N),
    float(1, L, H, P),
  ],
  build: () => [],
};

describe('gradient of the decays of ssd on the CPU', () => {
  it('agrees in every entry, and is exactly zero where no state has come before', async () => {
    const values = valuesOf(sample);
    const [X, A, B, C, dY] = sample.inputs.map(({ shape }, i) => g.input(`x${i}`, shape)) as [
      g.Tensor,
      g.Tensor,
      g.Tensor,
      g.Tensor,
      g.Tensor,
    ];
    const { Y } = g.ssd({ X, A, B, C });
    const [dA] = g.gradients([{ output: Y, cotangent: dY }], [A]) as [g.Tensor];
    const [expected] = g.interpret([dA], values) as [Float64Array];

    const feeds = Object.fromEntries(Object.entries(values).map(([name, x]) => [name, Float32Array.from(x)]));
    const session = await openSession(g.compile({ dA }, { target: 'cpu' }), { device: 'cpu' });
    const found = (await session.run(feeds)).dA as Float32Array;
    await session.release();

    assert.deepEqual([...found.slice(0, H)], [0, 0]);
    const outside = expected.filter((want, i) => Math.abs(found[i]! - want) > 2e-5 + 2e-4 * Math.abs(want));
    assert.equal(outside.length, 0, `${outside.length} of ${expected.length} entries`);
  });
});
