import assert from 'node:assert/strict';
import * as g from '../../../src/graph';

const operators = (output: g.Tensor): [string, string][] =>
  g.reachable([output]).map(({ operator, outputs }) => [operator.name, outputs[0]!.dtype]);

describe('mixed precision', () => {
  const x = g.input('x', [4, 8]);
  const w = g.input('w', [8, 8]);

  it('computes products in halves and what follows them, and gives back the type that was there', () => {
    const y = g.halfPrecision(g.silu(g.mul(g.matmul(x, w), 2)), [x, w]);
    assert.equal(y.dtype, 'float32');
    const kinds = operators(y);
    for (const name of ['matmul', 'mul', 'silu']) {
      assert.deepEqual(
        kinds.find(([found]) => found === name),
        [name, 'float16'],
      );
    }
  });

  it('keeps norms, exponentials and sums in float32', () => {
    const y = g.halfPrecision(g.sum(g.exp(g.rmsNorm(g.matmul(x, w), g.ones([8]), 1e-5))), [x, w]);
    const kinds = new Map(operators(y));
    for (const name of ['rmsNorm', 'exp', 'sum']) assert.equal(kinds.get(name), 'float32', name);
    assert.equal(kinds.get('matmul'), 'float16');
  });

  it('keeps arithmetic with constants that halves cannot hold in float32', () => {
    for (const constant of [1e6, 1e-8]) {
      const kinds = new Map(operators(g.halfPrecision(g.add(g.matmul(x, w), constant), [x, w])));
      assert.equal(kinds.get('add'), 'float32');
    }
  });

  it('leaves parameters in float32: so are their gradients', () => {
    const y = g.halfPrecision(g.matmul(x, w), [x, w]);
    const [dw] = g.gradients([{ output: y }], [w]);
    assert.equal(dw!.dtype, 'float32');
  });

  it('keeps what depends on parameters alone in float32', () => {
    const kernel = g.matmul(w, w);
    const kinds = operators(g.halfPrecision(g.matmul(x, kernel), [x], [w]));
    assert.deepEqual(
      kinds.filter(([name]) => name === 'matmul').map(([, dtype]) => dtype),
      ['float32', 'float16'],
    );
  });

  it('does not go beyond its leaves', () => {
    const before = g.matmul(x, w);
    const kinds = operators(g.halfPrecision(g.matmul(before, w), [before, w]));
    assert.deepEqual(
      kinds.filter(([name]) => name === 'matmul').map(([, dtype]) => dtype),
      ['float32', 'float16'],
    );
  });
});
