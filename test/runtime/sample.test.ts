import assert from 'node:assert/strict';
import { sample } from '../../src/runtime/generate';
import { Random } from '../../src/util/random';

const logits = Float32Array.of(0, Math.log(2), Math.log(4), Math.log(1), 50);
const draw = (options: { temperature?: number; topK?: number; topP?: number }, count = 4000): number[] => {
  const found = new Array<number>(5).fill(0);
  for (let index = 0; index < count; index++) {
    const random = new Random(1, 'sample', index);
    found[sample(logits, 4, { temperature: 1, topK: 0, topP: 1, ...options }, random)]!++;
  }
  return found.map((times) => times / count);
};
const near = (found: readonly number[], expected: readonly number[]): void =>
  found.forEach((share, id) => assert.ok(Math.abs(share - expected[id]!) < 0.03, `${id}: ${share}`));

describe('sampling', () => {
  it('takes the likeliest token at temperature 0 and never a padding row', () => {
    assert.deepEqual(draw({ temperature: 0 }, 3), [0, 0, 1, 0, 0]);
  });
  it('follows the probabilities, sharpened by the temperature', () => {
    near(draw({}), [1 / 8, 2 / 8, 4 / 8, 1 / 8, 0]);
    near(draw({ temperature: 0.5 }), [1 / 22, 4 / 22, 16 / 22, 1 / 22, 0]);
  });
  it('cuts to the k likeliest, or to the likeliest of probability p', () => {
    near(draw({ topK: 2 }), [0, 1 / 3, 2 / 3, 0, 0]);
    near(draw({ topP: 0.6 }), [0, 1 / 3, 2 / 3, 0, 0]);
    near(draw({ topP: 0 }), [0, 0, 1, 0, 0]);
  });
});
