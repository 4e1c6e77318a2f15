/** @file What every file of tensors looks like from outside, whatever its format. */
import { halfToNumber } from '../util/half';
import type { FileDType } from './dtypes';
import type { ByteSource } from './source';

/** A tensor that lies in a file; nothing is read until `read`. */
export interface StoredTensor {
  /** As the format calls it, for example `BF16` or `Q4_0`. */
  readonly dtype: string;
  /** Row-major. */
  readonly shape: readonly number[];
  /** Bytes in the file. */
  readonly bytes: number;
  /** Writes all elements as float32 into an array of exactly their number. */
  read(into: Float32Array): void;
  /** Elements from a place on; absent where they do not lie one behind the other. */
  readPart?(from: number, into: Float32Array): void;
}

/** An open file; the caller closes it. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  close(): void;
}

export const elementsOf = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

/** Bytes converted at a time; a multiple of every block size. */
const PIECE = 1 << 20;

let halves: Float32Array | undefined;
/** The value of every binary16 number. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfToNumber(bits));
  return halves;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Types that the fast conversions below know. */
export type PlainDType = Extract<FileDType, 'F32' | 'F16' | 'BF16' | 'F64'>;

const BYTES: Readonly<Record<PlainDType, number>> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

export const isPlain = (dtype: string): dtype is PlainDType => Object.hasOwn(BYTES, dtype);

/** Reads floats from a place of a file straight into `into`; other widths than 32 bits in pieces. */
export function readFloats(source: ByteSource, offset: number, dtype: PlainDType, into: Float32Array): void {
  if (!littleEndian) throw new Error('Files of tensors can only be read on little-endian machines.');
  if (dtype === 'F32') {
    source.read(offset, new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
    return;
  }
  inPieces(source, offset, into.length, 1, BYTES[dtype], (piece, start, count) => {
    if (dtype === 'F64') {
      const values = new Float64Array(piece.buffer, 0, count);
      into.set(values, start);
    } else if (dtype === 'F16') {
      const table = halfTable();
      const bits = new Uint16Array(piece.buffer, 0, count);
      for (let i = 0; i < count; i++) into[start + i] = table[bits[i]!]!;
    } else {
      const bits = new Uint16Array(piece.buffer, 0, count);
      const words = new Uint32Array(into.buffer, into.byteOffset + 4 * start, count);
      for (let i = 0; i < count; i++) words[i] = bits[i]! << 16;
    }
  });
}

/**
 * Reads `elements` that are stored in blocks, piece by piece through one buffer.
 * @param convert gets the bytes of blocks, the first element in them and how many elements there are
 */
export function inPieces(
  source: ByteSource,
  offset: number,
  elements: number,
  blockElements: number,
  blockBytes: number,
  convert: (piece: Uint8Array, start: number, count: number) => void,
): void {
  const blocks = elements / blockElements;
  const atOnce = Math.max(1, Math.floor(PIECE / blockBytes));
  const buffer = new Uint8Array(Math.ceil((Math.min(atOnce, blocks) * blockBytes) / 8) * 8);
  for (let block = 0; block < blocks; block += atOnce) {
    const count = Math.min(atOnce, blocks - block);
    const piece = buffer.subarray(0, count * blockBytes);
    source.read(offset + block * blockBytes, piece);
    convert(piece, block * blockElements, count * blockElements);
  }
}
