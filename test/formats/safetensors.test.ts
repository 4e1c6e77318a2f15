/** @file safetensors: every kind of damage is refused, every legal file is read exactly, writing round-trips. */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { numberToBfloat16, bfloat16ToNumber } from '../../src/formats/dtypes';
import { halfToNumber } from '../../src/util/half';
import {
  encodeSafetensors,
  float32Of,
  int32Of,
  parseSafetensors,
  SafetensorsError,
  valuesOf,
} from '../../src/formats/safetensors';

const SIX = Buffer.from(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);

/** A file from a header text (or bytes) and data; `length` overrides the stated header length. */
function file(header: string | Buffer, data: Uint8Array = SIX, length?: bigint): Uint8Array {
  const text = Buffer.from(header as string);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, data]);
}

const entry = (fields: string): Uint8Array => file(`{"a":{${fields}}}`);
const good = '"dtype":"F32","shape":[2,3],"data_offsets":[0,24]';

describe('safetensors reader', () => {
  const accepted: [string, Uint8Array, string, unknown[]][] = [
    ['a plain file', entry(good), 'a', [1, 2, 3, 4, 5, 6]],
    ['a padded header', file(`{"a":{${good}}}    `), 'a', [1, 2, 3, 4, 5, 6]],
    [
      'entries in another order than the data',
      file(
        '{"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
      ),
      'b',
      [5, 6],
    ],
    ['a scalar', file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', SIX.subarray(0, 4)), 'a', [1]],
    [
      'an empty tensor',
      file(`{"z":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},"a":{${good}}}`),
      'z',
      [],
    ],
    ['the name __proto__', file(`{"__proto__":{${good}}}`), '__proto__', [1, 2, 3, 4, 5, 6]],
    ['an empty name', file(`{"":{${good}}}`), '', [1, 2, 3, 4, 5, 6]],
    [
      'bfloat16 with NaN',
      file('{"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}', Buffer.from('803f20c0c07f', 'hex')),
      'a',
      [1, -2.5, NaN],
    ],
    [
      'float16 with a subnormal',
      file('{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}', Buffer.from('003c00c1ff7b0100', 'hex')),
      'a',
      [1, -2.5, 65504, 2 ** -24],
    ],
    [
      'I64',
      file(
        '{"a":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}',
        Buffer.from('fbffffffffffffffffffffffffff1f00', 'hex'),
      ),
      'a',
      [-5n, 9007199254740991n],
    ],
    [
      'BOOL',
      file('{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}', Buffer.from([1, 0, 1])),
      'a',
      [1, 0, 1],
    ],
    [
      'infinities and NaN',
      file(
        '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}',
        Buffer.from('0000c07f0000807f000080ff', 'hex'),
      ),
      'a',
      [NaN, Infinity, -Infinity],
    ],
  ];
  for (const [what, bytes, name, expected] of accepted) {
    it(`accepts ${what}`, () => {
      const tensor = parseSafetensors(bytes).tensors.get(name);
      assert.ok(tensor);
      assert.deepEqual(valuesOf(tensor), expected);
      assert.equal(({} as Record<string, unknown>)['dtype'], undefined);
    });
  }

  it('copies float32 out of a Buffer at any offset', () => {
    for (const shift of [0, 1, 2, 3]) {
      const shifted = Buffer.concat([Buffer.alloc(shift), entry(good)]).subarray(shift);
      const values = float32Of(parseSafetensors(shifted).tensors.get('a')!);
      assert.deepEqual(values, Float32Array.of(1, 2, 3, 4, 5, 6));
      values[0] = 9;
      assert.equal(float32Of(parseSafetensors(shifted).tensors.get('a')!)[0], 1);
    }
  });

  it('accepts a file without tensors, and keeps the metadata', () => {
    assert.equal(parseSafetensors(file('{}', Buffer.alloc(0))).tensors.size, 0);
    const { metadata } = parseSafetensors(file(`{"__metadata__":{"format":"pt"},"a":{${good}}}`));
    assert.deepEqual([...metadata], [['format', 'pt']]);
  });

  const two = (a: string, b: string, names: [string, string] = ['a', 'b']): Uint8Array =>
    file(
      `{"${names[0]}":{"dtype":"F32","shape":[4],"data_offsets":${a}},"${names[1]}":{"dtype":"F32","shape":[4],"data_offsets":${b}}}`,
    );
  const rejected: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /too few/],
    ['a truncated length', Buffer.from('080000', 'hex'), /too few/],
    ['a header longer than the file', file(`{"a":{${good}}}`, SIX, 9_000_000n), /file ends/],
    ['a header above the limit', file(`{"a":{${good}}}`, SIX, 1_000_000_000_000n), /limit/],
    ['a header length that overflows', file(`{"a":{${good}}}`, SIX, 0xffffffffffffffffn), /limit/],
    ['an empty header', file('', SIX), /begin/],
    ['broken JSON', file(`{"a":{${good}}`), /not valid JSON/],
    ['a list', file('[1,2,3]'), /begin/],
    ['a leading space', file(` {"a":{${good}}}`), /begin/],
    ['a byte order mark', file(`\ufeff{"a":{${good}}}`), /begin/],
    [
      'invalid UTF-8',
      file(Buffer.from(`7b22fffe223a7b${Buffer.from(good).toString('hex')}7d7d`, 'hex')),
      /UTF-8/,
    ],
    ['a lone surrogate', file(`{"\\ud800":{${good}}}`), /Unicode/],
    ['NaN in the JSON', entry('"dtype":"F32","shape":[NaN],"data_offsets":[0,24]'), /not valid JSON/],
    ['the same name twice', two('[0,16]', '[16,32]', ['a', 'a']), /twice/],
    ['the same name twice through an escape', two('[0,16]', '[16,32]', ['a', '\\u0061']), /twice/],
    ['the same field twice', entry(`${good},"dtype":"I32"`), /twice/],
    ['a tensor that is no mapping', file('{"a":3}'), /mapping/],
    ['a missing dtype', entry('"shape":[6],"data_offsets":[0,24]'), /dtype/],
    ['an unknown dtype', entry('"dtype":"F31","shape":[6],"data_offsets":[0,24]'), /dtype/],
    ['a dtype from the prototype', entry('"dtype":"toString","shape":[6],"data_offsets":[0,24]'), /dtype/],
    ['a missing shape', entry('"dtype":"F32","data_offsets":[0,24]'), /shape/],
    ['a shape that is text', entry('"dtype":"F32","shape":"6","data_offsets":[0,24]'), /shape/],
    ['negative sizes', entry('"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]'), /non-negative/],
    ['a fractional size', entry('"dtype":"F32","shape":[6.0],"data_offsets":[0,24]'), /non-negative/],
    ['a size above 2^53', entry('"dtype":"F32","shape":[9007199254740993,0],"data_offsets":[0,0]'), /shape/],
    [
      'sizes whose product overflows',
      entry('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,24]'),
      /overflow/,
    ],
    ['no offsets', entry('"dtype":"F32","shape":[6]'), /data_offsets/],
    ['one offset', entry('"dtype":"F32","shape":[6],"data_offsets":[24]'), /data_offsets/],
    ['three offsets', entry('"dtype":"F32","shape":[6],"data_offsets":[0,24,24]'), /data_offsets/],
    ['offsets that are text', entry('"dtype":"F32","shape":[6],"data_offsets":["0","24"]'), /data_offsets/],
    ['a negative offset', entry('"dtype":"F32","shape":[6],"data_offsets":[-24,0]'), /non-negative/],
    ['a fractional offset', entry('"dtype":"F32","shape":[6],"data_offsets":[0,24.5]'), /non-negative/],
    ['reversed offsets', entry('"dtype":"F32","shape":[6],"data_offsets":[24,0]'), /before it begins/],
    ['offsets outside the file', entry('"dtype":"F32","shape":[8],"data_offsets":[0,32]'), /there are 24/],
    ['overlapping tensors', two('[0,16]', '[8,24]'), /overlaps/],
    ['identical ranges', two('[0,16]', '[0,16]'), /overlaps/],
    [
      'a size that is not shape × dtype',
      entry('"dtype":"F32","shape":[5],"data_offsets":[0,24]'),
      /takes 20/,
    ],
    ['a hole at the start', entry('"dtype":"F32","shape":[4],"data_offsets":[8,24]'), /hole/],
    [
      'bytes behind the last tensor',
      entry('"dtype":"F32","shape":[4],"data_offsets":[0,16]'),
      /there are 24/,
    ],
    ['metadata that is not text', file(`{"__metadata__":{"n":3},"a":{${good}}}`), /not text/],
    ['metadata that is a list', file(`{"__metadata__":["x"],"a":{${good}}}`), /mapping/],
    ['data behind a header without tensors', file('{}'), /there are 24/],
  ];
  for (const [what, bytes, message] of rejected) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseSafetensors(bytes),
        (error: unknown) => error instanceof SafetensorsError && message.test(error.message),
      );
    });
  }

  it('never crashes on random damage: a file is read or refused with its own error', () => {
    const whole = file(`{"__metadata__":{"k":"v"},"a":{${good}}}`);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, cut) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = value;
        for (const bytes of [damaged, whole.subarray(0, cut)]) {
          try {
            parseSafetensors(bytes);
          } catch (error) {
            assert.ok(error instanceof SafetensorsError, String(error));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('safetensors writer', () => {
  it('writes what the reader reads, wide types first and then by name, with an aligned header', () => {
    const bytes = encodeSafetensors([
      ['b', { shape: [2], data: Int32Array.of(1, -2) }],
      ['10', { shape: [], data: Float32Array.of(0.5) }],
      ['a', { shape: [1, 2], data: BigInt64Array.of(5n, -6n) }],
      ['__proto__', { shape: [0], data: new Float32Array(0) }],
      ['half', { shape: [2], data: Float32Array.of(1, 3.1445), dtype: 'BF16' }],
    ]);
    const { tensors, metadata } = parseSafetensors(bytes);
    assert.deepEqual([...tensors.keys()].sort(), ['10', '__proto__', 'a', 'b', 'half']);
    assert.equal(tensors.get('a')!.bytes.byteOffset % 8, 0);
    assert.deepEqual(int32Of(tensors.get('a')!), Int32Array.of(5, -6));
    assert.deepEqual(float32Of(tensors.get('10')!), Float32Array.of(0.5));
    assert.deepEqual(float32Of(tensors.get('half')!), Float32Array.of(1, 3.140625));
    assert.equal(metadata.get('format'), 'pt');
  });

  it('refuses data that does not fill the shape', () => {
    assert.throws(() => encodeSafetensors([['a', { shape: [3], data: new Float32Array(2) }]]), RangeError);
  });

  it('refuses integers outside int32 and floats where ids are expected', () => {
    const { tensors } = parseSafetensors(
      encodeSafetensors([
        ['big', { shape: [1], data: BigInt64Array.of(2n ** 40n) }],
        ['real', { shape: [1], data: Float32Array.of(1) }],
      ]),
    );
    assert.throws(() => int32Of(tensors.get('big')!), RangeError);
    assert.throws(() => int32Of(tensors.get('real')!), RangeError);
  });
});

describe('16-bit floats', () => {
  it('bfloat16 rounds to nearest even and keeps NaN', () => {
    assert.equal(numberToBfloat16(NaN), 0x7fc0);
    for (const [value, expected] of [
      [1, 1],
      [1 + 2 ** -8, 1],
      [1 + 3 * 2 ** -8, 1 + 2 ** -6],
      [-Infinity, -Infinity],
      [3.4e38, Infinity],
    ] as const) {
      assert.equal(bfloat16ToNumber(numberToBfloat16(value)), expected);
    }
  });
  it('half covers infinities, NaN, zeros and subnormals', () => {
    assert.deepEqual([0x7c00, 0xfc00, 0x7e00, 0x8000, 0x0400, 0x03ff].map(halfToNumber), [
      Infinity,
      -Infinity,
      NaN,
      -0,
      2 ** -14,
      1023 * 2 ** -24,
    ]);
  });
});
