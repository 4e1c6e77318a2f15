/** @file Half-precision numbers: every bit pattern there and back, and rounding to the nearest. */
import assert from 'node:assert/strict';
import { halfToNumber, numberToHalf } from '../../src/util/half';

describe('half precision', () => {
  it('gives every pattern back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) assert.equal(numberToHalf(value), 0x7e00);
      else assert.equal(numberToHalf(value), bits);
    }
  });

  it('rounds to the nearest, ties to even', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const [low, high] = [halfToNumber(bits), bits === 0x7bff ? 65536 : halfToNumber(bits + 1)];
      const middle = (low + high) / 2;
      const step = (high - low) / 1024;
      assert.equal(numberToHalf(middle - step), bits);
      assert.equal(numberToHalf(middle + step), bits + 1);
      assert.equal(numberToHalf(middle), bits % 2 === 0 ? bits : bits + 1);
      assert.equal(numberToHalf(-middle), 0x8000 + numberToHalf(middle));
    }
  });
});
