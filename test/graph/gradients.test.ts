/** @file Every operator's gradient against central differences in float64. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { samples } from './samples';
import { buildSample, valuesOf, type Sample } from './samples/sample';

const STEP = 1e-5;

/** ⟨cotangents, outputs⟩. */
function objective(
  cotangents: ReadonlyMap<g.Tensor, Float64Array>,
  feeds: Record<string, Float64Array>,
): number {
  const values = g.interpret([...cotangents.keys()], feeds);
  let total = 0;
  for (const [i, cotangent] of [...cotangents.values()].entries()) {
    values[i]!.forEach((value, k) => (total += value * cotangent[k]!));
  }
  return total;
}

function checkGradients(sample: Sample): void {
  const { gradients, differentiable, cotangents } = buildSample(sample);
  const feeds = valuesOf(sample);
  const found = g.interpret(gradients, feeds);
  for (const [i, input] of differentiable.entries()) {
    const name = (input.node.attributes as { name: string }).name;
    const values = feeds[name]!;
    // Every element of small inputs, a sample of large ones.
    const stride = Math.max(1, Math.floor(values.length / 40));
    for (let k = 0; k < values.length; k += stride) {
      const at = (offset: number): number => {
        const moved = values.slice();
        moved[k]! += offset;
        return objective(cotangents, { ...feeds, [name]: moved });
      };
      const expected = (at(STEP) - at(-STEP)) / (2 * STEP);
      const error = Math.abs(found[i]![k]! - expected) / Math.max(1, Math.abs(expected));
      assert.ok(error < 2e-7, `d/d${name}[${k}] is ${found[i]![k]}, central difference ${expected}`);
    }
  }
}

describe('gradients', () => {
  for (const sample of samples) it(sample.name, () => checkGradients(sample));

  it('an independent tensor has a zero gradient', () => {
    const x = g.input('x', [2]);
    const other = g.input('other', [3]);
    const [dx, dOther] = g.gradients([{ output: g.sum(g.square(x)) }], [x, other]);
    const [a, b] = g.interpret([dx!, dOther!], { x: [1, 2], other: [0, 0, 0] });
    assert.deepEqual([...a!], [2, 4]);
    assert.deepEqual([...b!], [0, 0, 0]);
  });

  it('stopGradient cuts', () => {
    const x = g.input('x', [1]);
    const [dx] = g.gradients([{ output: g.mul(x, g.stopGradient(x)) }], [x]);
    assert.deepEqual([...g.interpret([dx!], { x: [3] })[0]!], [3]);
  });

  it('a tensor used twice adds up, and can itself be asked for', () => {
    const x = g.input('x', [1]);
    const y = g.square(x);
    const [dy, dx] = g.gradients([{ output: g.mul(y, y) }], [y, x]);
    const [a, b] = g.interpret([dy!, dx!], { x: [3] });
    assert.deepEqual([a![0], b![0]], [18, 108]);
  });

  it('second derivatives of primitive operators', () => {
    const x = g.input('x', [1]);
    const [first] = g.gradients([{ output: g.exp(g.square(x)) }], [x]);
    const [second] = g.gradients([{ output: first! }], [x]);
    const value = g.interpret([second!], { x: [0.5] })[0]![0]!;
    assert.ok(Math.abs(value - (2 + 4 * 0.25) * Math.exp(0.25)) < 1e-12);
  });

  it('names the shapes when a cotangent does not fit', () => {
    const x = g.input('x', [2]);
    assert.throws(
      () => g.gradients([{ output: g.neg(x), cotangent: g.ones([3]) }], [x]),
      (error: Error) => error.name === 'ShapeError' && /float32\[2\], float32\[3\]/.test(error.message),
    );
  });
});
