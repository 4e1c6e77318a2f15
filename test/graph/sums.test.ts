/** @file Sums of many rows, as gradients of biases and of taps are: row by row they would lose bits on the way. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';

/** Largest error of the sums of the rows of (…, columns) over all other axes, as a share of the largest sum. */
async function errorOf(shape: readonly number[], keepdims: boolean): Promise<number> {
  const columns = shape.at(-1)!;
  const random = new Random(2, shape.join());
  const values = Float32Array.from({ length: g.size(shape) }, () => random.uniform());
  const x = g.input('x', shape);
  const axes = Array.from({ length: shape.length - 1 }, (_, i) => i);
  const y = g.sum(x, axes, keepdims);
  const session = await openSession(g.compile({ y }, { target: 'cpu' }), { device: 'cpu' });
  const found = (await session.run({ x: values }))['y'] as Float32Array;
  await session.release();
  const expected = new Float64Array(columns);
  for (const [i, value] of values.entries()) expected[i % columns]! += value;
  const errors = expected.map((want, i) => Math.abs(found[i]! - want));
  return Math.max(...errors) / Math.max(...expected);
}

describe('sums of many rows on the CPU', () => {
  for (const [shape, keepdims] of [
    [[4096, 16], false],
    [[8, 600, 24], true],
  ] as const) {
    it(`lose next to nothing over [${shape.join(', ')}]`, async () => {
      const error = await errorOf(shape, keepdims);
      assert.ok(error < 6e-7, `off by ${error}`);
    });
  }
});
