/**
 * @file NumPy arrays of bytes within pickles of Python 2 and 3, for `readPickle`: what they call, and nothing else.
 * (NumPy, `ndarray.__reduce__` and `__setstate__`.)
 */
import { PickleCall, PickleError, PickleTuple, type PickleTable, type PickleValue } from './pickle';

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const textOf = (value: PickleValue | undefined): string | undefined =>
  value instanceof Uint8Array ? latin1(value) : typeof value === 'string' ? value : undefined;

/** An array of bytes, empty until its state is known. */
export class PickledArray {
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array();

  /** @param state version, shape, type, whether columns come first, bytes */
  restore(state: PickleValue): void {
    const [, shape, type, columnsFirst, bytes] = state instanceof PickleTuple ? state.items : [];
    const isBytes = type !== null && typeof type === 'object' && 'known' in type && type.known === BYTE;
    if (
      !(shape instanceof PickleTuple) ||
      !isBytes ||
      columnsFirst !== false ||
      !(bytes instanceof Uint8Array)
    ) {
      throw new PickleError('the pickle holds an array that is not of bytes, row by row');
    }
    const sizes = shape.items.map((size) => {
      if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
      throw new PickleError('the pickle holds an array without a size');
    });
    if (sizes.reduce((product, size) => product * size, 1) !== bytes.length) {
      throw new PickleError(`an array of (${sizes.join(', ')}) bytes has ${bytes.length}`);
    }
    this.shape = sizes;
    this.bytes = bytes;
  }
}

/** The type `uint8`; its state says only that it has no byte order and no fields. */
const BYTE = {};

function known(module: string, name: string): PickleValue | undefined {
  const full = `${module}.${name}`;
  if (/^numpy\.(_?core\.multiarray)\._reconstruct$/.test(full)) {
    return new PickleCall(() => ({ known: new PickledArray() }));
  }
  if (full === 'numpy.ndarray') return null;
  if (full === 'numpy.dtype') {
    return new PickleCall(([type]) => {
      if (/^[|]?u1$/.test(textOf(type) ?? '')) return { known: BYTE };
      throw new PickleError(
        `the pickle holds an array of ${textOf(type)?.slice(0, 20) ?? 'an unknown type'}`,
      );
    });
  }
  // How Python 3 writes bytes for Python 2: text, each character one byte.
  if (full === '_codecs.encode') {
    return new PickleCall(([text, encoding]) => {
      if (typeof text !== 'string' || encoding !== 'latin1')
        throw new PickleError('the pickle encodes no bytes');
      return Uint8Array.from(Buffer.from(text, 'latin1'));
    });
  }
  return undefined;
}

export const numpyPickles: PickleTable = {
  global: known,
  build(target, state) {
    if (target instanceof PickledArray) target.restore(state);
  },
  bytes: true,
};
