/** @file Attention at the edges of what a query may look at. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { lowered } from '../../src/graph/compile';

const [batch, heads, time, width] = [2, 2, 6, 3];

function gradientsOf(real: readonly number[], window: number, limits: g.Limits): Float64Array[] {
  const inputs = ['q', 'k', 'v'].map((name) => g.input(name, [batch, heads, time, width]));
  const [q, k, v] = inputs as [g.Tensor, g.Tensor, g.Tensor];
  const y = g.attention({ q, k, v, causal: false, window, real: g.constant([...real], [batch, time]) });
  const cotangent = g.input('dy', y.shape);
  const outputs = [y, ...g.gradients([{ output: y, cotangent }], inputs)];
  const values = Object.fromEntries(
    ['q', 'k', 'v', 'dy'].map((name, n) => [
      name,
      Float64Array.from({ length: batch * heads * time * width }, (_, i) => Math.sin(i * (n + 1.3))),
    ]),
  );
  return g.interpret(lowered(outputs, 'cpu', limits), values);
}

describe('attention', () => {
  it('learns nothing from queries and keys of an example that is all padding', () => {
    const real = [...Array<number>(time).fill(0), ...Array<number>(time).fill(1)];
    for (const limits of [{}, { keptBytes: 0, largest: 64 }]) {
      const [y, dq, dk] = gradientsOf(real, 99, limits);
      const half = y!.length / 2;
      assert.ok(y!.every(Number.isFinite));
      for (const found of [dq!, dk!]) {
        assert.ok(found.subarray(0, half).every((value) => value === 0));
        assert.ok(found.subarray(half).some((value) => value !== 0));
      }
    }
  });

  it('learns nothing from a query whose window holds padding alone', () => {
    const real = [1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
    for (const limits of [{}, { keptBytes: 0, largest: 64 }]) {
      const [, dq] = gradientsOf(real, 2, limits);
      const row = (t: number): Float64Array => dq!.subarray(t * width, (t + 1) * width);
      assert.ok(row(4).every((value) => value === 0));
      assert.ok(row(0).some((value) => value !== 0));
    }
  });

  it('says which operand does not fit', () => {
    const x = (...shape: number[]): g.Tensor => g.input('x', shape);
    const full = x(2, 4, 5, 3);
    const attend = (k: g.Tensor, v: g.Tensor, window?: number) => () =>
      g.attention({ q: full, k, v, causal: true, window });
    assert.throws(attend(x(2, 3, 5, 3), x(2, 3, 5, 3)), /key heads dividing the heads/);
    assert.throws(attend(x(2, 2, 5, 4), x(2, 2, 5, 4)), /width of q/);
    assert.throws(attend(x(2, 2, 5, 3), x(2, 2, 4, 3)), /v must have/);
    assert.throws(attend(full, full, 0), /window/);
  });
});
