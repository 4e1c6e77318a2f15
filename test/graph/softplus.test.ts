/** @file The slope of softplus where step sizes are: a sigmoid that is accurate against 1 alone is off by 1e-5 there. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';

describe('gradient of softplus', () => {
  it('is right to seven digits where the sigmoid is a thousandth', async () => {
    const values = Float32Array.from({ length: 200 }, (_, i) => -14 + i * 0.1);
    const x = g.input('x', [values.length]);
    const y = g.softplus(x);
    const [slope] = g.gradients([{ output: y, cotangent: g.ones(y.shape) }], [x]) as [g.Tensor];
    const session = await openSession(g.compile({ slope }, { target: 'cpu' }), { device: 'cpu' });
    const found = (await session.run({ x: values }))['slope'] as Float32Array;
    await session.release();
    for (const [i, value] of values.entries()) {
      const exact = 1 / (1 + Math.exp(-value));
      const error = Math.abs(found[i]! / exact - 1);
      assert.ok(error < 1.5e-6, `at ${value}: ${found[i]} against ${exact}`);
    }
  });
});
