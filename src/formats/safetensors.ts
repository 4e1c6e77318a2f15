/**
 * @file Reading safetensors files. Files come from anywhere, so every rule of the format is checked before a
 * tensor is handed out: https://github.com/huggingface/safetensors (README, "Format").
 */
import { shorten } from '../util/shorten';
import { DTYPE_BYTES, READERS, type FileDType } from './dtypes';
import { arraySource, readRange, type ByteSource } from './source';
import { parseStrictJson } from './strict-json';
import { isPlain, readFloats, type StoredTensor, type TensorFile } from './tensor-file';

export type { FileDType } from './dtypes';
export { encodeSafetensors, safetensorsParts, type SafetensorsEntry } from './safetensors-write';

/** One tensor of a file; `bytes` is a view of the file's bytes, little endian, row-major. */
export interface FileTensor {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  /** In the order of the header. A Map, so that no name can reach a prototype. */
  readonly tensors: Map<string, FileTensor>;
  readonly metadata: Map<string, string>;
}

/** The file is damaged or not a safetensors file; nothing of it must be used. */
export class SafetensorsError extends Error {
  constructor(message: string) {
    super(`Not a valid safetensors file: ${shorten(message)}.`);
    this.name = 'SafetensorsError';
  }
}

/** The reference implementation's limit on the header. */
const MAX_HEADER = 100_000_000;

const fail = (message: string): never => {
  throw new SafetensorsError(message);
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

interface Entry {
  readonly name: string;
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  /** Relative to the first byte behind the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * @param bytes the whole file
 * @throws SafetensorsError naming the first rule that the file breaks
 */
export function parseSafetensors(bytes: Uint8Array): SafetensorsFile {
  // A plain array: the slices of a Node Buffer would share its memory instead of copying.
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { entries, metadata, dataStart } = readHeader(arraySource(file));
  const data = file.subarray(dataStart);
  const tensors = new Map<string, FileTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
  }
  return { tensors, metadata };
}

/**
 * Reads the header alone; tensors are read when they are asked for.
 * @throws SafetensorsError naming the first rule that the file breaks
 */
export function openSafetensors(source: ByteSource): TensorFile & Pick<SafetensorsFile, 'metadata'> {
  const { entries, metadata, dataStart } = readHeader(source);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const offset = dataStart + begin;
    tensors.set(name, {
      dtype,
      shape,
      bytes: end - begin,
      read(into) {
        if (isPlain(dtype)) readFloats(source, offset, dtype, into);
        else into.set(float32Of({ dtype, shape, bytes: readRange(source, offset, end - begin) }));
      },
      ...(isPlain(dtype) && {
        readPart: (from: number, into: Float32Array) =>
          readFloats(source, offset + from * DTYPE_BYTES[dtype], dtype, into),
      }),
    });
  }
  return { tensors, metadata, close: () => source.close() };
}

function readHeader(source: ByteSource): {
  entries: Entry[];
  metadata: Map<string, string>;
  dataStart: number;
} {
  const header = parseHeader(source);
  const dataLength = source.size - header.dataStart;
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, entry] of Object.entries(header.json)) {
    if (name === '__metadata__') {
      if (!isObject(entry)) return fail('__metadata__ is not a mapping');
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') return fail(`metadata ${JSON.stringify(key)} is not text`);
        metadata.set(key, value);
      }
    } else {
      entries.push({ name, ...parseEntry(name, entry, dataLength) });
    }
  }
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      const kind = entry.begin < end ? 'overlaps the tensor before it' : 'leaves a hole before it';
      return fail(
        `tensor ${JSON.stringify(entry.name.slice(0, 200))} ${kind} (begins at ${entry.begin}, expected ${end})`,
      );
    }
    end = entry.end;
  }
  if (end !== dataLength) return fail(`the tensors end at byte ${end}, but there are ${dataLength}`);
  return { entries, metadata, dataStart: header.dataStart };
}

function parseHeader(source: ByteSource): { json: Record<string, unknown>; dataStart: number } {
  if (source.size < 8) return fail(`${source.size} bytes are too few for the header's length`);
  const length = new DataView(readRange(source, 0, 8).buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER))
    return fail(`a header of ${length} bytes is above the limit of ${MAX_HEADER}`);
  const dataStart = 8 + Number(length);
  if (dataStart > source.size) {
    return fail(`the header should have ${length} bytes, but the file ends after ${source.size - 8}`);
  }
  const bytes = readRange(source, 8, Number(length));
  if (bytes[0] !== 0x7b) return fail('the header does not begin with {');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('the header is not UTF-8');
  }
  let json: unknown;
  try {
    json = parseStrictJson(text);
  } catch (error) {
    return fail(`in the header, ${(error as Error).message}`);
  }
  if (!isObject(json)) return fail('the header is not a mapping');
  return { json, dataStart };
}

function parseEntry(name: string, entry: unknown, dataLength: number) {
  const where = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  if (!isObject(entry)) return fail(`${where} is not described by a mapping`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    return fail(`${where} has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return fail(`${where} has a shape that is not a list of sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return fail(`${where} has data_offsets that are not two positions`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) return fail(`${where} ends (${end}) before it begins (${begin})`);
  if (end > dataLength) return fail(`${where} ends at byte ${end}, but there are ${dataLength}`);
  let size: number = DTYPE_BYTES[dtype as FileDType];
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size)) return fail(`${where} has a shape whose size overflows`);
  }
  if (size !== end - begin) {
    return fail(`${where} has ${end - begin} bytes, but ${dtype} [${shape.join(', ')}] takes ${size}`);
  }
  return { dtype: dtype as FileDType, shape: shape as number[], begin, end };
}

/** Every element; 64-bit integers as bigint. */
export function valuesOf(tensor: FileTensor): (number | bigint)[] {
  const { bytes } = tensor;
  const size = DTYPE_BYTES[tensor.dtype];
  const read = READERS[tensor.dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / size }, (_, index) => read(view, index * size));
}

/** A fresh float32 copy, exact for F32, F16, BF16 and small integers, rounded otherwise. */
export function float32Of(tensor: FileTensor): Float32Array {
  const { bytes, dtype } = tensor;
  if (dtype === 'F32') return new Float32Array(bytes.slice().buffer);
  const size = DTYPE_BYTES[dtype];
  const read = READERS[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.byteLength / size);
  for (let i = 0; i < values.length; i++) values[i] = Number(read(view, i * size));
  return values;
}

/**
 * A fresh int32 copy of an integer tensor.
 * @throws RangeError when an element does not fit or the tensor holds floats
 */
export function int32Of(tensor: FileTensor): Int32Array {
  if (/F/.test(tensor.dtype)) throw new RangeError(`expected whole numbers, found ${tensor.dtype}`);
  return Int32Array.from(valuesOf(tensor), (value) => {
    const number = Number(value);
    if (number !== (number | 0)) throw new RangeError(`${value} does not fit into 32 bits`);
    return number;
  });
}
