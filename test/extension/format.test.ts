import assert from 'node:assert/strict';
import { count, duration, percent, quantity } from '../../src/extension/format';

describe('numbers as people read them', () => {
  it('groups whole numbers', () => assert.equal(count(1120), '1,120'));

  it('shows three digits of a quantity, with an exponent only where needed', () => {
    assert.deepEqual([0.00056, 0.0187, 1.9612, 12.34, 1234.5, 0, NaN].map(quantity), [
      '5.6e−4',
      '0.0187',
      '1.96',
      '12.3',
      '1,235',
      '0.00',
      'NaN',
    ]);
  });

  it('shows 100 % only when it is all of them', () => {
    assert.deepEqual([1, 0.9994, 0.25].map(percent), ['100 %', '99.9 %', '25.0 %']);
    assert.equal(percent(0.99999), '99.9 %');
  });

  it('names durations by their two largest units', () => {
    assert.deepEqual([0, 59.4, 60, 125, 3780].map(duration), [
      '0 s',
      '59 s',
      '1 min',
      '2 min 5 s',
      '1 h 3 min',
    ]);
  });
});
