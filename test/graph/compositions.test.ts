/** @file Operators made of others, against their formulas: the registry sees only what they are made of. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { Random } from '../../src/util/random';
import { erfReference } from '../../src/graph/ops/elementwise/unary';

const random = new Random(1, 'compositions');
const draw = (n: number): number[] => Array.from({ length: n }, () => 2 * random.normal());
const [a, b] = [draw(24), draw(24)];
const t = a.map(() => random.uniform());
const [x, y] = [g.input('x', [24]), g.input('y', [24])];

function agree(tensor: g.Tensor, feeds: Record<string, number[]>, expected: readonly number[]): void {
  const found = g.interpret([tensor], feeds)[0]!;
  assert.equal(found.length, expected.length);
  // Numbers in formulas are float32 constants.
  found.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]!) < 1e-6 * (1 + Math.abs(expected[i]!)), `${i}`),
  );
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const mean = (v: readonly number[]): number => v.reduce((p, q) => p + q, 0) / v.length;
const softmax = (v: readonly number[]): number[] => {
  const total = v.reduce((sum, one) => sum + Math.exp(one), 0);
  return v.map((one) => Math.exp(one) / total);
};

describe('compositions', () => {
  it('binaryCrossEntropy', () =>
    agree(
      g.binaryCrossEntropy(x, y),
      { x: a, y: t },
      a.map((v, i) => -t[i]! * Math.log(sigmoid(v)) - (1 - t[i]!) * Math.log(1 - sigmoid(v))),
    ));

  it('huber', () =>
    agree(
      g.huber(x, y, 0.75),
      { x: a, y: b },
      a.map((v, i) => {
        const d = Math.abs(v - b[i]!);
        return d <= 0.75 ? d ** 2 / 2 : 0.75 * (d - 0.375);
      }),
    ));

  it('squaredError and absoluteError', () => {
    agree(
      g.squaredError(x, y),
      { x: a, y: b },
      a.map((v, i) => (v - b[i]!) ** 2),
    );
    agree(
      g.absoluteError(x, y),
      { x: a, y: b },
      a.map((v, i) => Math.abs(v - b[i]!)),
    );
  });

  it('klDivergence', () => {
    const [p, q] = [softmax(a), softmax(b)];
    const expected = p.reduce((sum, one, i) => sum + one * Math.log(one / q[i]!), 0);
    agree(g.klDivergence(g.logSoftmax(x, 0), g.logSoftmax(y, 0), 0), { x: a, y: b }, [expected]);
  });

  it('laplace', () => {
    const [mu, sigma] = [Math.sqrt(1 / 2), Math.sqrt(1 / (4 * Math.PI))];
    agree(
      g.laplace(x),
      { x: a },
      a.map((v) => 0.5 * (1 + erfReference((v - mu) / (sigma * Math.SQRT2)))),
    );
  });

  it('variance', () => {
    const m = mean(a);
    const squares = a.reduce((sum, v) => sum + (v - m) ** 2, 0);
    agree(g.variance(x), { x: a }, [squares / 24]);
    agree(g.variance(x, [0], { correction: 1 }), { x: a }, [squares / 23]);
    assert.throws(() => g.variance(g.zeros([1]), [0], { correction: 1 }), /1 values less a correction of 1/);
  });

  it('roll, tile and triangles', () => {
    const grid = g.reshape(g.cast(g.iota(6), 'float32'), [2, 3]);
    agree(g.roll(grid, 1, 1), {}, [2, 0, 1, 5, 3, 4]);
    agree(g.roll(grid, 0, -3), {}, [3, 4, 5, 0, 1, 2]);
    agree(g.tile(grid, [2, 2]), {}, [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
    agree(g.tril(grid), {}, [0, 0, 0, 3, 4, 0]);
    agree(g.triu(grid, 1), {}, [0, 1, 2, 0, 0, 5]);
    agree(g.cast(g.lowerTriangle(2, 3, 1), 'float32'), {}, [1, 1, 0, 1, 1, 1]);
  });

  it('associativeScan adds up', () => {
    const sums = a.map((_, i) => a.slice(0, i + 1).reduce((p, q) => p + q, 0));
    agree(g.associativeScan(([p], [q]) => [g.add(p!, q!)], [x], 0)[0]!, { x: a }, sums);
  });
});
