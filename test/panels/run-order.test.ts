/** @file The order of the rows of the run table. */
import assert from 'node:assert/strict';
import type { GroupFacts } from '../../media/curves/runs/facts';
import { sortedBy } from '../../media/curves/runs/order';

type Value = number | string | boolean | null | undefined;

describe('the order of the run table', () => {
  const order = (values: readonly Value[], descending: boolean): Value[] => {
    const facts = values.map((value) => ({ parameters: value }) as unknown as GroupFacts);
    return sortedBy(facts, (entry) => entry.parameters, descending).map((entry) => entry.parameters);
  };

  it('has rows without a value last, of numbers and of words, both ways', () => {
    assert.deepEqual(order([3, undefined, 1, Number.NaN, 2], false), [1, 2, 3, undefined, Number.NaN]);
    assert.deepEqual(order([3, undefined, 1, null, 2], true), [3, 2, 1, undefined, null]);
    assert.deepEqual(order(['mamba', undefined, 'attention'], false), ['attention', 'mamba', undefined]);
    assert.deepEqual(order(['attention', null, 'mamba'], true), ['mamba', 'attention', null]);
  });

  it('has numbers in words by their size, and numbers before words', () => {
    assert.deepEqual(order(['s4d 16', 's4d 4'], false), ['s4d 4', 's4d 16']);
    assert.deepEqual(order(['auto', 10, 9, true], false), [9, 10, 'auto', true]);
  });

  it('keeps rows of the same value as they were', () => {
    const facts = [1, 0, 1, 0].map((parameters, step) => ({ parameters, step }) as GroupFacts);
    for (const descending of [false, true]) {
      const steps = sortedBy(facts, (entry) => entry.parameters, descending).map(({ step }) => step);
      assert.deepEqual(steps, descending ? [0, 2, 1, 3] : [1, 3, 0, 2]);
    }
  });
});
