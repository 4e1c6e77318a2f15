/**
 * @file Arrays of NumPy: one in a `.npy` file, several under names in a `.npz`, which is a zip of such files. Pickled
 * objects are refused: unpickling runs code. (numpy.lib.format, versions 1 to 3.)
 */
import { halfToNumber } from '../util/half';
import { arraySource } from './source';
import { entryOf, readZip } from './zip';

export class NpyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NpyError';
  }
}

export interface NpyArray {
  readonly shape: readonly number[];
  /** All elements as numbers, the last axis fastest; those of 64 bits rounded where a double has no room. */
  readonly values: Float64Array;
  /** Whether they were whole numbers; truth values are none. */
  readonly integer: boolean;
}

const MAGIC = '\x93NUMPY';
/** NumPy itself reads no longer ones without being asked to. */
const LONGEST_HEADER = 10_000;
const MOST_AXES = 64;

const fail = (message: string): never => {
  throw new NpyError(message);
};

type Read = (view: DataView, at: number, little: boolean) => number;

/** By kind and bytes of the element. */
const READ: Readonly<Record<string, Read>> = {
  b1: (view, at) => Number(view.getUint8(at) !== 0),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  f2: (view, at, little) => halfToNumber(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text;

export const isNpy = (bytes: Uint8Array): boolean => startsWith(bytes, MAGIC);

/** Any zip: what is in it decides. */
export const isNpz = (bytes: Uint8Array): boolean => startsWith(bytes, 'PK\x03\x04');

/** @throws NpyError when it is damaged, or no array of numbers */
export function readNpy(bytes: Uint8Array): NpyArray {
  if (!isNpy(bytes)) return fail('it is no array of NumPy');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6];
  if (major !== 1 && major !== 2 && major !== 3) return fail(`it has the unknown version ${major}`);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) return fail('it ends within its header');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) return fail(`its header of ${length} bytes is too long`);
  const at = start + length;
  if (at > bytes.length) return fail('it ends within its header');
  const { descr, fortran, shape } = headerOf(new TextDecoder().decode(bytes.subarray(start, at)));
  const { read, size, little, integer } = typeOf(descr);
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (count === 0) return fail('it is empty');
  if (count * size !== bytes.length - at) {
    return fail(
      `its shape (${shape.join(', ')}) needs ${count * size} bytes, but it has ${bytes.length - at}`,
    );
  }
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, at + i * size, little);
  return { shape, values: fortran ? lastAxisFastest(values, shape) : values, integer };
}

/**
 * Opens every array when it is asked for.
 * @throws NpyError, ZipError when the file is damaged
 */
export function readNpz(bytes: Uint8Array): Map<string, () => NpyArray> {
  const source = arraySource(bytes);
  const arrays = new Map<string, () => NpyArray>();
  for (const [name, entry] of readZip(source, { deflated: true })) {
    if (name.endsWith('.npy')) {
      arrays.set(name.slice(0, -4), () => readNpy(entryOf(source, name, entry)));
    }
  }
  return arrays;
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** A literal of a Python dictionary with these three keys, in any order. */
function headerOf(text: string): Header {
  const value = (key: string, pattern: string): string | undefined =>
    new RegExp(`['"]${key}['"]\\s*:\\s*${pattern}\\s*[,}]`).exec(text)?.[1];
  const descr = value('descr', `['"]([^'"]*)['"]`);
  if (descr === undefined) {
    return /['"]descr['"]\s*:\s*\[/.test(text)
      ? fail('it holds records; save the columns as an array of numbers, or as CSV')
      : fail('its header is damaged');
  }
  const order = value('fortran_order', '(True|False)');
  const written = value('shape', String.raw`\(([\d\s,L]*)\)`);
  if (order === undefined || written === undefined) return fail('its header is damaged');
  const shape = written
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
    .map(Number);
  if (shape.length > MOST_AXES || !shape.every(Number.isSafeInteger)) return fail('its shape is damaged');
  return { descr, fortran: order === 'True', shape };
}

function typeOf(descr: string): { read: Read; size: number; little: boolean; integer: boolean } {
  if (/^\W?O/.test(descr)) {
    return fail(
      'it holds pickled objects, which are not opened as that runs code; save an array of numbers instead',
    );
  }
  const [, order = '', kind = ''] = /^([<>|=]?)([biuf]\d)$/.exec(descr) ?? [];
  const read = Object.hasOwn(READ, kind) ? READ[kind] : undefined;
  if (!read) return fail(`its elements are of the type ${JSON.stringify(descr.slice(0, 20))}, not numbers`);
  return { read, size: Number(kind[1]), little: order !== '>', integer: /[iu]/.test(kind) };
}

/** Elements whose first axis was fastest. */
function lastAxisFastest(values: Float64Array, written: readonly number[]): Float64Array {
  // Axes of one element change nothing, and a hostile file has many.
  const shape = written.filter((extent) => extent > 1);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, extent) => product * extent, 1),
  );
  const places = shape.map(() => 0);
  return values.map(() => {
    const value = values[places.reduce((at, place, axis) => at + place * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++places[axis]! === shape[axis]; axis--) places[axis] = 0;
    return value;
  });
}
