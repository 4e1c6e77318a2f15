import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Random, philox } from '../../src/util/random';

describe('Random', () => {
  it('agrees with the known answers of Philox 4x32-10', () => {
    const hex = (words: readonly number[]): string =>
      words.map((w) => w.toString(16).padStart(8, '0')).join(' ');
    assert.equal(hex(philox([0, 0, 0, 0], [0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    const f = 0xffffffff;
    assert.equal(hex(philox([f, f, f, f], [f, f])), '408f276d 41c83b0e a20bc7c6 6d5451fd');
    assert.equal(
      hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });

  it('gives the same numbers for the same seed and names, and others for others', () => {
    const draw = (seed: number, ...names: (string | number)[]): number[] => {
      const random = new Random(seed, ...names);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    assert.deepEqual(draw(1, 'batch', 7), draw(1, 'batch', 7));
    assert.notDeepEqual(draw(1, 'batch', 7), draw(1, 'batch', 8));
    assert.notDeepEqual(draw(1, 'batch', 7), draw(2, 'batch', 7));
    assert.notDeepEqual(draw(1, 'batch', 7), draw(1 + 2 ** 32, 'batch', 7));
    assert.notDeepEqual(draw(1, 'a', 'b'), draw(1, 'ab'));
  });

  it('draws uniform and normal numbers with the right moments', () => {
    const random = new Random(0, 'moments');
    const n = 20000;
    const uniform = Array.from({ length: n }, () => random.uniform());
    const normal = Array.from({ length: n }, () => random.normal());
    const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
    assert.ok(uniform.every((x) => x >= 0 && x < 1));
    assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01);
    assert.ok(Math.abs(mean(normal)) < 0.03);
    assert.ok(Math.abs(mean(normal.map((x) => x * x)) - 1) < 0.05);
  });

  it('chooses distinct sorted indices and permutes without loss', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        fc.nat(),
        (a, b, seed) => {
          const [count, bound] = [Math.min(a, b), Math.max(a, b)];
          const random = new Random(seed, 'choose');
          const chosen = random.choose(count, bound);
          assert.equal(new Set(chosen).size, count);
          assert.deepEqual(
            chosen,
            chosen.toSorted((x, y) => x - y),
          );
          assert.ok(chosen.every((x) => x >= 0 && x < bound));
          assert.deepEqual(
            [...random.permutation(bound)].sort((x, y) => x - y),
            [...Array(bound).keys()],
          );
        },
      ),
    );
  });

  it('refuses a bound outside 1 … 2^32', () => {
    assert.throws(() => new Random(0).integer(0), RangeError);
    assert.throws(() => new Random(0).integer(2 ** 33), RangeError);
    assert.throws(() => new Random(0).choose(3, 2), RangeError);
  });
});
