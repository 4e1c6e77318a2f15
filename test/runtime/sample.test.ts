import assert from 'node:assert/strict';
import fc from 'fast-check';
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

/** The definition, word by word. */
function bySorting(
  row: Float32Array,
  { temperature, topK, topP, minP }: { temperature: number; topK: number; topP: number; minP: number },
  uniform: number,
): number {
  const top = Math.max(...row);
  let kept = [...row.keys()].map((id) => ({ id, weight: Math.exp((row[id]! - top) / temperature) }));
  kept = kept.filter(
    ({ id }) => row[id]! - top >= Math.max(-745 * temperature, temperature * Math.log(minP)),
  );
  if ((topK > 0 && topK < kept.length) || topP < 1) {
    kept.sort((a, b) => b.weight - a.weight || a.id - b.id);
    if (topK > 0) kept = kept.slice(0, topK);
    const total = kept.reduce((sum, { weight }) => sum + weight, 0);
    let mass = 0;
    kept = kept.filter(({ weight }, index) => {
      const wanted = index === 0 || (topP < 1 ? mass < topP * total : true);
      mass += weight;
      return wanted;
    });
  }
  let left = uniform * kept.reduce((sum, { weight }) => sum + weight, 0);
  return (kept.find(({ weight }) => (left -= weight) < 0) ?? kept.at(-1)!).id;
}

describe('sampling', () => {
  it('takes the likeliest token at temperature 0 and never a padding row', () => {
    assert.deepEqual(draw({ temperature: 0 }, 3), [0, 0, 1, 0, 0]);
  });
  it('follows the probabilities, sharpened by the temperature', () => {
    near(draw({}), [1 / 8, 2 / 8, 4 / 8, 1 / 8, 0]);
    near(draw({ temperature: 0.5 }), [1 / 22, 4 / 22, 16 / 22, 1 / 22, 0]);
  });
  it('draws what sorting the whole vocabulary would', () => {
    const vocabulary = 300;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(0.05, 0.8, 1, 3),
        fc.constantFrom(0, 1, 7, 299, 1000),
        fc.constantFrom(0, 0.1, 0.5, 0.95, 1),
        fc.constantFrom(0, 0.001, 0.2),
        fc.constantFrom(0.1, 3, 30),
        (seed, temperature, topK, topP, minP, spread) => {
          const source = new Random(seed, 'row');
          // Halves, so that some are equal.
          const row = Float32Array.from(
            { length: vocabulary },
            () => Math.round(source.normal() * spread * 2) / 2,
          );
          const options = { temperature, topK, topP, minP };
          const id = sample(row, vocabulary, options, new Random(seed, 'draw'));
          assert.equal(id, bySorting(row, options, new Random(seed, 'draw').uniform()));
        },
      ),
      { numRuns: 400 },
    );
  });
  it('cuts to the k likeliest, or to the likeliest of probability p', () => {
    near(draw({ topK: 2 }), [0, 1 / 3, 2 / 3, 0, 0]);
    near(draw({ topP: 0.6 }), [0, 1 / 3, 2 / 3, 0, 0]);
    near(draw({ topP: 0 }), [0, 0, 1, 0, 0]);
  });
});
