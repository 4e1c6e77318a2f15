/** @file Tables from files: comma-separated values, gretl's data files, objects of R, arrays of NumPy; packed with gzip, xz or not. */
import { parseCsv, type CsvTable } from './csv';
import { textOf } from '../text/decode';
import type { TextFile } from '../text/files';
import { isGretl, parseGretl } from './gretl';
import { isNumpy, readNumpyTable } from './numpy';
import { readRTable } from './r';
import { unpacked } from './unpack';

/**
 * @param how.object which object of a file of R, which array of a `.npz`
 * @param how.header whether comma-separated values begin with the names of their columns
 * @throws DataError when the file is damaged, or the object is not there
 */
export async function readTable(
  file: TextFile,
  how: { readonly object?: string | undefined; readonly header?: boolean } = {},
): Promise<CsvTable> {
  const { object, header = true } = how;
  if (/\.rdb$/i.test(file.path)) return readRTable(file, object);
  const content = unpacked(file);
  if (/^RD.[23]\n/.test(Buffer.from(content.subarray(0, 5)).toString('latin1'))) {
    return readRTable({ path: file.path, content }, object);
  }
  if (isNumpy(content)) return readNumpyTable({ path: file.path, content }, object);
  const text = textOf({ path: file.path, content });
  return isGretl(text) ? parseGretl(text, file.path) : parseCsv(text, file.path, header);
}
