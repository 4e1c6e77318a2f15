/** @file LZMA2: what XZ Utils packed comes out again, and what is damaged is refused. */
import assert from 'node:assert/strict';
import { decodeLzma2, LzmaError } from '../../src/formats/lzma';
import { packedNumbers, plainNumbers } from './packed';

describe('LZMA2', () => {
  const packed = packedNumbers();
  const plain = plainNumbers();

  it('unpacks literals, matches, repetitions and bytes that are not packed', () => {
    assert.deepEqual(Buffer.from(decodeLzma2(packed, plain.length)), plain);
  });

  it('takes stored chunks, of which only the first must begin a dictionary', () => {
    const chunks = Uint8Array.from([1, 0, 1, 7, 8, 2, 0, 0, 9, 0]);
    assert.deepEqual(Array.from(decodeLzma2(chunks, 3)), [7, 8, 9]);
  });

  for (const [what, bytes, size, message] of [
    ['another size', packed, plain.length + 1, /unpacks to \d+ bytes instead of/],
    ['no end', packed.subarray(0, packed.length - 1), plain.length, /cut off/],
    ['an end too early', packed.subarray(0, 100), plain.length, /cut off/],
    ['a chunk of an unknown kind', Uint8Array.from([3, 0, 0]), 1, /unknown kind/],
    ['a first chunk that goes on', Uint8Array.from([2, 0, 0, 9, 0]), 1, /goes on with another/],
    [
      'properties that do not exist',
      Uint8Array.from([0xe0, 0, 0, 0, 5, 255, 0, 0, 0, 0, 0, 0, 0]),
      1,
      /properties that do not exist/,
    ],
    ['nothing', new Uint8Array(), 0, /cut off/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeLzma2(bytes, size),
        (error) => error instanceof LzmaError && message.test(error.message),
      );
    });
  }
});
