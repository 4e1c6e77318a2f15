/** @file Reading GGUF files: keys and tensors (ggml-org/ggml, docs/gguf.md, versions 2 and 3). */
import { GGUF_TYPES, type GgufType } from './gguf-types';
import { readRange, type ByteSource } from './source';
import { elementsOf, inPieces, isPlain, readFloats, type StoredTensor, type TensorFile } from './tensor-file';

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

export interface GgufFile extends TensorFile {
  readonly keys: ReadonlyMap<string, GgufValue>;
}

export class GgufError extends Error {
  constructor(message: string) {
    super(`Not a GGUF file that can be read: ${message}.`);
    this.name = 'GgufError';
  }
}

const MAGIC = 0x46554747;
/** The head of a file with the largest published vocabulary has some 20 MB. */
const MAX_HEAD = 128 * 1024 * 1024;
const MAX_TENSORS = 100_000;
const MAX_KEYS = 65_536;
const MAX_RANK = 4;
/** Entries of all lists: a vocabulary of 256,000 with its merges, scores and types has 1.3 million. */
const MAX_ENTRIES = 4_000_000;

const fail = (message: string): never => {
  throw new GgufError(message);
};

/** Reads forward through a file, a piece at a time. */
class Cursor {
  #buffer = new Uint8Array();
  #view = new DataView(this.#buffer.buffer);
  #start = 0;
  at = 0;
  /** Of all lists so far. */
  entries = 0;

  constructor(readonly source: ByteSource) {}

  /** Position in the view of the next `count` bytes. */
  #move(count: number): number {
    if (this.at + count > Math.min(this.source.size, MAX_HEAD)) {
      return fail(this.at + count > this.source.size ? 'it is cut off' : 'its head is too large');
    }
    const inside = this.at - this.#start;
    if (inside + count > this.#buffer.length) {
      const length = Math.min(Math.max(count, 65_536), this.source.size - this.at);
      this.#buffer = readRange(this.source, this.at, length);
      this.#view = new DataView(this.#buffer.buffer);
      this.#start = this.at;
    }
    const place = this.at - this.#start;
    this.at += count;
    return place;
  }
  uint32(): number {
    return this.#read(4, (view, at) => view.getUint32(at, true));
  }
  /** A 64-bit count or position. */
  count(): number {
    const value = this.#read(8, (view, at) => view.getBigUint64(at, true));
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : fail('a number is out of range');
  }
  text(): string {
    const length = this.count();
    const place = this.#move(length);
    return new TextDecoder().decode(this.#buffer.subarray(place, place + length));
  }
  /** A value of a scalar type, by its number in the format. */
  scalar(type: number): GgufValue {
    switch (type) {
      case 0:
        return this.#read(1, (view, at) => view.getUint8(at));
      case 1:
        return this.#read(1, (view, at) => view.getInt8(at));
      case 2:
        return this.#read(2, (view, at) => view.getUint16(at, true));
      case 3:
        return this.#read(2, (view, at) => view.getInt16(at, true));
      case 4:
        return this.uint32();
      case 5:
        return this.#read(4, (view, at) => view.getInt32(at, true));
      case 6:
        return this.#read(4, (view, at) => view.getFloat32(at, true));
      case 7:
        return this.#read(1, (view, at) => view.getUint8(at) !== 0);
      case 8:
        return this.text();
      case 10:
        return this.#read(8, (view, at) => view.getBigUint64(at, true));
      case 11:
        return this.#read(8, (view, at) => view.getBigInt64(at, true));
      case 12:
        return this.#read(8, (view, at) => view.getFloat64(at, true));
      default:
        return fail(`a key has the unknown type ${type}`);
    }
  }
  /** The view may be another one after moving. */
  #read<T>(width: number, get: (view: DataView, at: number) => T): T {
    const at = this.#move(width);
    return get(this.#view, at);
  }
}

const LIST = 9;

/** @throws GgufError naming what is wrong */
export function openGguf(source: ByteSource): GgufFile {
  const cursor = new Cursor(source);
  if (cursor.uint32() !== MAGIC) return fail('it does not begin with GGUF');
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) return fail(`version ${version} is unknown; 2 and 3 are read`);
  const tensorCount = cursor.count();
  const keyCount = cursor.count();
  if (tensorCount > MAX_TENSORS || keyCount > MAX_KEYS)
    return fail(`${tensorCount} tensors and ${keyCount} keys are too many`);
  const keys = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.text();
    if (keys.has(key)) return fail(`the key ${JSON.stringify(key.slice(0, 100))} occurs twice`);
    keys.set(key, readValue(cursor));
  }
  const infos = new Map<string, { shape: number[]; type: GgufType; offset: number; bytes: number }>();
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.text();
    if (infos.has(name)) return fail(`the tensor ${JSON.stringify(name.slice(0, 100))} occurs twice`);
    infos.set(name, readInfo(cursor, name));
  }
  const given = keys.get('general.alignment') ?? 32;
  const alignment = typeof given === 'number' ? given : 0;
  if (
    !Number.isInteger(alignment) ||
    alignment < 1 ||
    alignment > 65_536 ||
    (alignment & (alignment - 1)) !== 0
  ) {
    return fail(`the alignment ${String(given).slice(0, 40)} is no power of two`);
  }
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, type, offset, bytes }] of infos) {
    const where = `the tensor ${JSON.stringify(name.slice(0, 100))}`;
    if (offset % alignment !== 0) return fail(`${where} is not aligned to ${alignment} bytes`);
    if (dataStart + offset + bytes > source.size) return fail(`${where} lies beyond the end`);
    const at = dataStart + offset;
    tensors.set(name, { dtype: type.name, shape, bytes, read: (into) => readTensor(source, at, type, into) });
  }
  return { keys, tensors, close: () => source.close() };
}

function readValue(cursor: Cursor): GgufValue {
  const type = cursor.uint32();
  if (type !== LIST) return cursor.scalar(type);
  const inner = cursor.uint32();
  const length = cursor.count();
  if (inner === LIST) return fail('a list of lists is not supported');
  cursor.entries += length;
  if (cursor.entries > MAX_ENTRIES) return fail(`lists of ${cursor.entries} entries are too long`);
  const list: GgufValue[] = [];
  for (let i = 0; i < length; i++) list.push(cursor.scalar(inner));
  return list;
}

function readInfo(
  cursor: Cursor,
  name: string,
): { shape: number[]; type: GgufType; offset: number; bytes: number } {
  const where = `the tensor ${JSON.stringify(name.slice(0, 100))}`;
  const rank = cursor.uint32();
  if (rank > MAX_RANK) return fail(`${where} has ${rank} axes`);
  // Innermost first in the file.
  const shape = Array.from({ length: rank }, () => cursor.count()).reverse();
  const number = cursor.uint32();
  const offset = cursor.count();
  const type = Object.hasOwn(GGUF_TYPES, number) ? GGUF_TYPES[number] : undefined;
  if (!type) {
    const known = Object.values(GGUF_TYPES).map((each) => each.name);
    return fail(`${where} has the type ${number}, which is not read; ${known.join(', ')} are`);
  }
  const elements = elementsOf(shape);
  if (!Number.isSafeInteger(elements)) return fail(`${where} has a shape whose size overflows`);
  if ((shape.at(-1) ?? 1) % type.elements !== 0)
    return fail(`${where} has rows that are no whole blocks of ${type.name}`);
  return { shape, type, offset, bytes: (elements / type.elements) * type.bytes };
}

function readTensor(source: ByteSource, at: number, type: GgufType, into: Float32Array): void {
  const { name, unpack, elements, bytes } = type;
  if (isPlain(name)) return readFloats(source, at, name, into);
  inPieces(source, at, into.length, elements, bytes, (piece, start, count) => {
    for (let block = 0; block < count / elements; block++) {
      const view = new DataView(piece.buffer, piece.byteOffset + block * bytes, bytes);
      unpack!(view, into, start + block * elements);
    }
  });
}
