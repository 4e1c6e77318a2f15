/**
 * @file The block formats of GGUF tensors and how their elements are read (ggml-org/llama.cpp at 0024aa7,
 * ggml/src/ggml-common.h and ggml-quants.c).
 */
import { halfToNumber } from '../util/half';

export interface GgufType {
  readonly name: string;
  /** Elements and bytes of one block. */
  readonly elements: number;
  readonly bytes: number;
  /** Writes one block; absent for types that `readFloats` reads. */
  unpack?(block: DataView, into: Float32Array, at: number): void;
}

const half = (block: DataView, at: number): number => halfToNumber(block.getUint16(at, true));

/** Two 4-bit numbers per byte: the low halves first, then the high ones. */
function nibbles(block: DataView, from: number, place: (index: number, value: number) => void): void {
  for (let i = 0; i < 16; i++) {
    const byte = block.getUint8(from + i);
    place(i, byte & 15);
    place(i + 16, byte >> 4);
  }
}

/** 6-bit scale and minimum of sub-block `j`, packed into twelve bytes. */
function scaleAndMinimum(block: DataView, from: number, j: number): [number, number] {
  const q = (i: number): number => block.getUint8(from + i);
  if (j < 4) return [q(j) & 63, q(j + 4) & 63];
  return [(q(j + 4) & 15) | ((q(j - 4) >> 6) << 4), (q(j + 4) >> 4) | ((q(j) >> 6) << 4)];
}

/** Q4_K and Q5_K: eight sub-blocks of 32, each with its scale and minimum; `high` gives the fifth bit. */
function superBlock(
  block: DataView,
  into: Float32Array,
  at: number,
  quants: number,
  high: (position: number, sub: number) => number,
): void {
  const [d, dmin] = [half(block, 0), half(block, 2)];
  for (let sub = 0; sub < 8; sub++) {
    const [scale, minimum] = scaleAndMinimum(block, 4, sub);
    for (let i = 0; i < 32; i++) {
      const byte = block.getUint8(quants + 32 * (sub >> 1) + i);
      const value = (sub & 1 ? byte >> 4 : byte & 15) + high(i, sub);
      into[at + 32 * sub + i] = d * scale * value - dmin * minimum;
    }
  }
}

/** By their numbers in the format. */
export const GGUF_TYPES: Readonly<Record<number, GgufType>> = {
  0: { name: 'F32', elements: 1, bytes: 4 },
  1: { name: 'F16', elements: 1, bytes: 2 },
  2: {
    name: 'Q4_0',
    elements: 32,
    bytes: 18,
    unpack(block, into, at) {
      const d = half(block, 0);
      nibbles(block, 2, (i, value) => (into[at + i] = (value - 8) * d));
    },
  },
  3: {
    name: 'Q4_1',
    elements: 32,
    bytes: 20,
    unpack(block, into, at) {
      const [d, m] = [half(block, 0), half(block, 2)];
      nibbles(block, 4, (i, value) => (into[at + i] = value * d + m));
    },
  },
  6: {
    name: 'Q5_0',
    elements: 32,
    bytes: 22,
    unpack(block, into, at) {
      const d = half(block, 0);
      const high = block.getUint32(2, true);
      nibbles(block, 6, (i, value) => (into[at + i] = ((value | (((high >>> i) & 1) << 4)) - 16) * d));
    },
  },
  7: {
    name: 'Q5_1',
    elements: 32,
    bytes: 24,
    unpack(block, into, at) {
      const [d, m] = [half(block, 0), half(block, 2)];
      const high = block.getUint32(4, true);
      nibbles(block, 8, (i, value) => (into[at + i] = (value | (((high >>> i) & 1) << 4)) * d + m));
    },
  },
  8: {
    name: 'Q8_0',
    elements: 32,
    bytes: 34,
    unpack(block, into, at) {
      const d = half(block, 0);
      for (let i = 0; i < 32; i++) into[at + i] = block.getInt8(2 + i) * d;
    },
  },
  12: {
    name: 'Q4_K',
    elements: 256,
    bytes: 144,
    unpack: (block, into, at) => superBlock(block, into, at, 16, () => 0),
  },
  13: {
    name: 'Q5_K',
    elements: 256,
    bytes: 176,
    unpack: (block, into, at) =>
      superBlock(block, into, at, 48, (i, sub) => ((block.getUint8(16 + i) >> sub) & 1) << 4),
  },
  14: {
    name: 'Q6_K',
    elements: 256,
    bytes: 210,
    unpack(block, into, at) {
      const d = half(block, 208);
      for (let i = 0; i < 256; i++) {
        // Halves of 128; in each, four quarters of 32 share a byte of two high bits.
        const [part, quarter, l] = [i >> 7, (i >> 5) & 3, i & 31];
        const low = block.getUint8(64 * part + 32 * (quarter & 1) + l);
        const high = (block.getUint8(128 + 32 * part + l) >> (2 * quarter)) & 3;
        const value = (quarter < 2 ? low & 15 : low >> 4) | (high << 4);
        into[at + i] = d * block.getInt8(192 + (i >> 4)) * (value - 32);
      }
    },
  },
  28: { name: 'F64', elements: 1, bytes: 8 },
  30: { name: 'BF16', elements: 1, bytes: 2 },
};
