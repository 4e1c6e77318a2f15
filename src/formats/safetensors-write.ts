/** @file Writing safetensors files the way the reference implementation does: wide types first, then by name. */
import { concatenated } from '../util/concatenate';
import { DTYPE_BYTES, numberToBfloat16, type FileDType } from './dtypes';

type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

export interface SafetensorsEntry {
  readonly shape: readonly number[];
  readonly data: Numbers;
  /** Taken from `data` unless given; BF16 converts float32, any other type takes raw bytes (`Uint8Array`). */
  readonly dtype?: FileDType;
}

const dtypeOf = (data: Numbers): FileDType => {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  return 'U8';
};

function bytesOf(name: string, entry: SafetensorsEntry, dtype: FileDType): Uint8Array {
  const { data } = entry;
  let bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === 'BF16' && data instanceof Float32Array) {
    bytes = new Uint8Array(Uint16Array.from(data, numberToBfloat16).buffer);
  } else if (dtype !== dtypeOf(data) && !(data instanceof Uint8Array)) {
    throw new TypeError(`${name}: cannot write ${data.constructor.name} as ${dtype}`);
  }
  const expected = entry.shape.reduce((size, extent) => size * extent, DTYPE_BYTES[dtype]);
  if (bytes.length !== expected) {
    throw new RangeError(`${name}: ${bytes.length} bytes of data, but ${dtype} [${entry.shape.join(', ')}]`);
  }
  return bytes;
}

/**
 * The file as pieces to write one after the other, without copying the tensors: header first.
 * @throws RangeError when data and shape disagree
 */
export function safetensorsParts(
  entries: Iterable<readonly [string, SafetensorsEntry]>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array[] {
  const tensors = [...entries].map(([name, entry]) => {
    if (name === '__metadata__') throw new RangeError('a tensor cannot be named __metadata__');
    const dtype = entry.dtype ?? dtypeOf(entry.data);
    return { name, dtype, shape: entry.shape, bytes: bytesOf(name, entry, dtype) };
  });
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  tensors.sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || order(a.name, b.name));
  // Pairs instead of an object: an object would reorder number-like names and swallow `__proto__`.
  const fields: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    fields.push([name, { dtype, shape, data_offsets: [offset, offset + bytes.length] }]);
    offset += bytes.length;
  }
  if (new Set(fields.map(([name]) => name)).size !== fields.length)
    throw new RangeError('a name occurs twice');
  const json = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(text, 8);
  return [header, ...tensors.map((tensor) => tensor.bytes)];
}

/** The whole file in one array. */
export function encodeSafetensors(
  entries: Iterable<readonly [string, SafetensorsEntry]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  return concatenated(Uint8Array, safetensorsParts(entries, metadata));
}
