/** @file The angles of Mamba-3 after thousands of tokens: in float32 their sums would lose the bits of whole rounds. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';

const LENGTH = 4096;

describe('accumulated angles of mamba3', () => {
  it('point where they should after 4096 tokens, and pass gradients on as sums do', async () => {
    const random = new Random(1, 'turns');
    const turn = Float32Array.from({ length: LENGTH }, () => 2 * random.uniform());
    const x = g.input('turn', [1, LENGTH, 1, 1]);
    const sums = g.accumulated(x);
    const [gradient] = g.gradients([{ output: sums, cotangent: g.ones(sums.shape) }], [x]) as [g.Tensor];
    const session = await openSession(g.compile({ sums, gradient }, { target: 'cpu' }), { device: 'cpu' });
    const found = await session.run({ turn });
    await session.release();
    let [exact, worst] = [0, 0];
    for (const [t, each] of turn.entries()) {
      exact += each;
      worst = Math.max(worst, Math.abs(Math.sin(((found['sums'] as Float32Array)[t]! - exact) / 2)));
    }
    assert.ok(worst < 1e-6, `half an angle is off by ${worst}`);
    for (const [t, each] of (found['gradient'] as Float32Array).entries()) {
      assert.ok(Math.abs(each / (LENGTH - t) - 1) < 1e-5, `gradient ${each} at ${t}`);
    }
  });
});
