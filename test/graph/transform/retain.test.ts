/** @file State that hangs on a forward pass. */
import assert from 'node:assert/strict';
import * as g from '../../../src/graph';

describe('retained state', () => {
  const buffer = g.input('state', [2]);
  const step = (x: g.Tensor, by: number): g.Tensor =>
    g.retain(x, [{ buffer, next: g.add(g.mul(buffer, 0.5), by) }]);

  it('goes on from place to place where it is changed more than once, in the order of the pass', () => {
    const y = step(step(g.input('x', [3]), 1), 10);
    const found = g.retained([g.sum(y)]);
    assert.deepEqual([...found.keys()], ['state']);
    const [next] = g.interpret([found.get('state')!], { state: Float64Array.of(4, 8) });
    assert.deepEqual([...next!], [(0.5 * 4 + 1) / 2 + 10, (0.5 * 8 + 1) / 2 + 10]);
  });

  it('is taken along into mixed precision, and found once behind a checkpoint', () => {
    const x = g.input('x', [2]);
    const part = g.checkpoint((before) => step(g.tanh(before), 1), x, []);
    const [gradient] = g.gradients([{ output: g.sum(part) }], [x]);
    assert.ok(gradient);
    assert.equal(g.retained([part]).size, 1);
    assert.equal(g.retained([g.halfPrecision(part, [x])]).size, 1);
  });

  it('belongs to a graph input of the same shape', () => {
    const x = g.input('x', [2]);
    assert.throws(() => g.retained([g.retain(x, [{ buffer: g.neg(x), next: x }])]), /Only a graph input/);
    assert.throws(() => g.retain(x, [{ buffer: x, next: g.sum(x) }]), /must have the shape of the buffer/);
  });
});
