import assert from 'node:assert/strict';
import { median } from '../../src/util/median';

describe('the median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median(Float32Array.of(10, 9, -1)), 9);
    assert.equal(median([Infinity, 1, Infinity]), Infinity);
    assert.equal(median([Infinity, Infinity]), Infinity);
  });

  it('is not there for no values', () => {
    assert.equal(median([]), undefined);
  });

  it('takes NaN for the largest, wherever it stands', () => {
    for (const values of [
      [NaN, 1, 2],
      [1, NaN, 2],
      [2, 1, NaN],
    ])
      assert.equal(median(values), 2);
  });
});
