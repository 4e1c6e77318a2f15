/** @file Arrays of NumPy as tables: the first axis counts the rows, all others are columns. */
import { basename } from 'node:path';
import { isNpy, isNpz, NpyError, readNpy, readNpz, type NpyArray } from '../../formats/npy';
import { ZipError } from '../../formats/zip';
import { MOST_FIELDS, type CsvTable } from './csv';
import { DataError } from '../define';
import type { TextFile } from '../text/files';
import { chosen } from './choose';

export const isNumpy = (content: Uint8Array): boolean => isNpy(content) || isNpz(content);

/**
 * @param object which array of a `.npz`, where there are several
 * @returns the array, and what it is called: its key, or the name of the file
 * @throws DataError at `files` or `object`
 */
export function readArray(
  { path, content }: TextFile,
  object: string | undefined,
): { readonly name: string; readonly array: NpyArray } {
  try {
    if (!isNpz(content)) return { name: basename(path).replace(/\.npy$/i, ''), array: readNpy(content) };
    const arrays = readNpz(content);
    const name = chosen([...arrays.keys()], object, path, 'arrays');
    return { name, array: arrays.get(name)!() };
  } catch (error) {
    if (error instanceof NpyError || error instanceof ZipError) {
      throw new DataError(`${path} cannot be read: ${error.message}.`, ['files']);
    }
    throw error;
  }
}

/** Columns are called 1, 2, 3, …; of a vector as the array. */
export function readNumpyTable(file: TextFile, object: string | undefined): CsvTable {
  const { name, array } = readArray(file, object);
  const [count, ...rest] = array.shape;
  if (count === undefined)
    throw new DataError(`${file.path}: ${name} is a single number, no table.`, ['files']);
  const width = rest.reduce((product, extent) => product * extent, 1);
  if (width > MOST_FIELDS) {
    throw new DataError(`${file.path}: a row of ${name} has more than ${MOST_FIELDS} numbers.`, ['files']);
  }
  const field = (value: number): string => (Number.isNaN(value) ? '' : String(value));
  return {
    header: rest.length === 0 ? [name] : Array.from({ length: width }, (_, c) => String(c + 1)),
    rows: Array.from({ length: count }, (_, i) =>
      Array.from(array.values.subarray(i * width, (i + 1) * width), field),
    ),
  };
}
