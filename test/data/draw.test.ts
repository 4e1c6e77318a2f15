import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fillIntegers, markDistinct } from '../../src/data/synthetic/draw';
import { Random } from '../../src/util/random';

describe('drawing many integers', () => {
  it('fills exactly the asked entries with numbers in range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70_000 }),
        fc.nat(40),
        fc.nat(5),
        fc.nat(),
        (bound, count, start, seed) => {
          const target = new Int32Array(60).fill(-7);
          fillIntegers(new Random(seed), bound, target, start, count, 3);
          target.forEach((value, i) => {
            if (i < start || i >= start + count) assert.equal(value, -7);
            else assert.ok(value >= 3 && value < bound + 3, `${value} for bound ${bound}`);
          });
        },
      ),
    );
  });

  for (const bound of [2, 3, 8, 15, 16, 100]) {
    it(`draws every number below ${bound} equally often, at every place in a word`, () => {
      const n = 20_000;
      const target = new Int32Array(n * 2);
      fillIntegers(new Random(5), bound, target, 0, target.length);
      const counts = new Float64Array(bound);
      for (const value of target) counts[value]!++;
      const expected = target.length / bound;
      const chi2 = counts.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
      // Five standard deviations of χ² with bound − 1 degrees of freedom.
      assert.ok(chi2 < bound - 1 + 5 * Math.sqrt(2 * bound), `χ² ${chi2}`);
      const pairs = new Float64Array(bound ** 2);
      for (let i = 0; i < target.length; i += 2) pairs[target[i]! * bound + target[i + 1]!]!++;
      const perPair = n / bound ** 2;
      const chi2Pairs = pairs.reduce((sum, found) => sum + (found - perPair) ** 2 / perPair, 0);
      assert.ok(chi2Pairs < bound ** 2 - 1 + 5 * Math.sqrt(2 * bound ** 2), `pairs χ² ${chi2Pairs}`);
    });
  }

  it('refuses a bound without numbers', () => {
    assert.throws(() => fillIntegers(new Random(0), 0, new Int32Array(1), 0, 1), /bound must be/);
  });

  it('marks as many distinct entries as asked, all equally often', () => {
    const random = new Random(9);
    const times = new Float64Array(10);
    const marks = new Uint8Array(12).fill(1);
    for (let round = 0; round < 5000; round++) {
      markDistinct(random, 4, 10, marks);
      let marked = 0;
      for (let i = 0; i < 10; i++) {
        marked += marks[i]!;
        times[i]! += marks[i]!;
      }
      assert.equal(marked, 4);
    }
    assert.equal(marks[11], 1, 'entries beyond the bound are left alone');
    for (const found of times) assert.ok(Math.abs(found - 2000) < 5 * Math.sqrt(5000 * 0.24), `${found}`);
  });
});
