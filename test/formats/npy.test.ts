/** @file Arrays of NumPy: every type and order of elements, zips of them, and what is refused. */
import assert from 'node:assert/strict';
import { NpyError, readNpy, readNpz } from '../../src/formats/npy';
import { ZipError } from '../../src/formats/zip';
import { npy, npyOf, zip } from '../data/npy-writer';

describe('npy', () => {
  for (const kind of ['f8', 'f4', 'u1', 'i2', 'i8'] as const) {
    for (const big of [false, true]) {
      it(`${kind}, ${big ? 'big' : 'little'} end first`, () => {
        const { shape, values, integer } = readNpy(npy([1, 2, 3, 4, 5, 250], [3, 2], kind, { big }));
        assert.deepEqual(
          [[...shape], [...values]],
          [
            [3, 2],
            [1, 2, 3, 4, 5, 250],
          ],
        );
        assert.equal(integer, !kind.startsWith('f'));
      });
    }
  }

  it('half precision and truth values', () => {
    const halves = npyOf(
      "{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }",
      Buffer.from([0, 0x3c, 0, 0xc0]),
    );
    assert.deepEqual([...readNpy(halves).values], [1, -2]);
    const truth = readNpy(
      npyOf("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", Buffer.from([0, 1])),
    );
    assert.deepEqual([[...truth.values], truth.integer], [[0, 1], false]);
  });

  it('the first axis fastest is turned round', () => {
    const { values } = readNpy(
      npy([0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21], [2, 3, 2], 'f8', { fortran: true }),
    );
    assert.deepEqual([...values], [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21]);
  });

  it('keys in any order, a scalar, later versions', () => {
    const header = "{'shape': (), 'fortran_order': False, 'descr': '<i2'}";
    for (const version of [1, 2, 3] as const) {
      const { shape, values } = readNpy(npyOf(header, Buffer.from([7, 0]), version));
      assert.deepEqual([[...shape], [...values]], [[], [7]]);
    }
  });

  const header = (descr: string, shape: string): string =>
    `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`;
  const eight = Buffer.alloc(8);
  for (const [what, bytes, message] of [
    ['pickled objects', npyOf(header("'|O'", '(1,)'), eight), /pickled objects.*runs code/],
    ['records', npyOf(header("[('a', '<f8')]", '(1,)'), eight), /holds records; save/],
    ['texts', npyOf(header("'<U2'", '(1,)'), eight), /type "<U2", not numbers/],
    ['complex numbers', npyOf(header("'<c8'", '(1,)'), eight), /type "<c8"/],
    ['too little data', npyOf(header("'<f8'", '(2,)'), eight), /needs 16 bytes, but it has 8/],
    ['too much data', npyOf(header("'<f8'", '(1,)'), Buffer.alloc(9)), /needs 8 bytes, but it has 9/],
    ['an absurd shape', npyOf(header("'<f8'", '(1152921504606846976, 16)'), eight), /shape is damaged/],
    ['nothing', npyOf(header("'<f8'", '(0, 9007199254740991)'), Buffer.alloc(0)), /is empty/],
    ['no shape', npyOf("{'descr': '<f8', 'fortran_order': False}", eight), /header is damaged/],
    ['a header that ends too early', npy([1], [1]).subarray(0, 40), /ends within its header/],
    ['a header that is too long', Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\x7f{}', 'latin1'), /too long/],
    ['another version', Buffer.from('\x93NUMPY\x09\x00\x00\x00', 'latin1'), /unknown version 9/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readNpy(bytes),
        (error) => error instanceof NpyError && message.test(error.message),
      );
    });
  }
});

describe('npz', () => {
  const files = { 'a.npy': npy([1, 2], [2]), 'b.npy': npy([3], [1], 'u1'), 'note.txt': Buffer.from('x') };
  for (const how of [0, 8]) {
    it(how === 8 ? 'deflated' : 'stored', () => {
      const arrays = readNpz(zip(files, how));
      assert.deepEqual([...arrays.keys()], ['a', 'b']);
      assert.deepEqual([...arrays.get('a')!().values], [1, 2]);
    });
  }

  it('refuses other packing and damage', () => {
    assert.throws(() => readNpz(zip(files, 12)), /packed in a way/);
    const bytes = zip(files);
    bytes.fill(0xff, 36, 50);
    assert.throws(() => readNpz(bytes).get('a')!(), ZipError);
  });
});
