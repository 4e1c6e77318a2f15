/** @file Blocks of GGUF against the formulas of the format, element by element. */
import assert from 'node:assert/strict';
import { GGUF_TYPES } from '../../src/formats/gguf-types';
import { halfToNumber } from '../../src/util/half';
import { Random } from '../../src/util/random';

const type = (name: string) => Object.values(GGUF_TYPES).find((each) => each.name === name)!;

function unpacked(name: string, seed: number): { bytes: Uint8Array; values: Float32Array } {
  const { bytes: count, elements, unpack } = type(name);
  const random = new Random(seed, name);
  const bytes = Uint8Array.from({ length: count }, () => random.integer(256));
  // Scales that are finite.
  for (const at of name === 'Q6_K' ? [209] : [1, 3]) bytes[at] = 0x30 | (bytes[at]! & 7);
  const values = new Float32Array(elements);
  unpack!(new DataView(bytes.buffer), values, 0);
  return { bytes, values };
}

const half = (bytes: Uint8Array, at: number): number => halfToNumber(bytes[at]! | (bytes[at + 1]! << 8));

/** The number of `width` bits that begins at bit `bit` of the bytes from `from`, lowest first. */
const bits = (bytes: Uint8Array, from: number, bit: number, width: number): number =>
  Array.from(
    { length: width },
    (_, i) => ((bytes[from + ((bit + i) >> 3)]! >> ((bit + i) & 7)) & 1) << i,
  ).reduce((a, b) => a | b, 0);

/** Element `i` of a block of 32: its four bits are in the low or the high half of byte i mod 16. */
const nibble = (bytes: Uint8Array, from: number, i: number): number =>
  bits(bytes, from + (i % 16), i < 16 ? 0 : 4, 4);

const FORMULAS: Record<string, (b: Uint8Array, i: number) => number> = {
  Q8_0: (b, i) => half(b, 0) * ((b[2 + i]! ^ 128) - 128),
  Q4_0: (b, i) => half(b, 0) * (nibble(b, 2, i) - 8),
  Q4_1: (b, i) => half(b, 0) * nibble(b, 4, i) + half(b, 2),
  Q5_0: (b, i) => half(b, 0) * (nibble(b, 6, i) + 16 * bits(b, 2, i, 1) - 16),
  Q5_1: (b, i) => half(b, 0) * (nibble(b, 8, i) + 16 * bits(b, 4, i, 1)) + half(b, 2),
  Q4_K: (b, i) => kBlock(b, i, bits(b, 16 + 32 * (i >> 6) + (i & 31), i & 32 ? 4 : 0, 4)),
  Q5_K: (b, i) =>
    kBlock(
      b,
      i,
      bits(b, 48 + 32 * (i >> 6) + (i & 31), i & 32 ? 4 : 0, 4) + 16 * bits(b, 16 + (i & 31), i >> 5, 1),
    ),
  Q6_K: (b, i) => {
    const [n, l] = [i >> 7, i & 127];
    const low = bits(b, 64 * n + (l & 63), l < 64 ? 0 : 4, 4);
    const high = bits(b, 128 + 32 * n + (l & 31), 2 * (l >> 5), 2);
    const scale = (b[192 + (i >> 4)]! ^ 128) - 128;
    return half(b, 208) * scale * (low + 16 * high - 32);
  },
};

/** Scale and minimum of sub-block i / 32 have six bits: the first four pairs whole, the others in two pieces. */
function kBlock(b: Uint8Array, i: number, quant: number): number {
  const j = i >> 5;
  const six = (whole: number, low: number): number =>
    j < 4 ? bits(b, whole, 0, 6) : bits(b, 4 + j + 4, low, 4) + 16 * bits(b, whole - 4, 6, 2);
  const scale = six(4 + j, 0);
  const minimum = j < 4 ? bits(b, 4 + j + 4, 0, 6) : bits(b, 4 + j + 4, 4, 4) + 16 * bits(b, 4 + j, 6, 2);
  return half(b, 0) * scale * quant - half(b, 2) * minimum;
}

describe('GGUF blocks', () => {
  for (const [name, formula] of Object.entries(FORMULAS)) {
    it(name, () => {
      for (let seed = 0; seed < 20; seed++) {
        const { bytes, values } = unpacked(name, seed);
        values.forEach((value, i) => {
          const expected = formula(bytes, i);
          assert.ok(
            Math.abs(value - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
            `${i}: ${value}, ${expected}`,
          );
        });
      }
    });
  }
});
