/** @file Objects of R as tables: vectors, matrices, time series and data frames, in workspaces and in packages. */
import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { decodeLzma2, LzmaError } from '../../formats/lzma';
import { elementOf, namesOf, RDataError, readRData, type RValue } from '../../formats/r-data';
import { mostUnpacked } from '../../formats/unpacked-size';
import type { CsvTable } from './csv';
import { DataError } from '../define';
import type { TextFile } from '../text/files';
import { chosen } from './choose';
import { unpacked } from './unpack';

/**
 * @param file a workspace (.rda, .RData), uncompressed, or the values of a package's data (Rdata.rdb, whose index
 * Rdata.rdx lies beside it)
 * @param object which one, where there are several
 * @throws DataError at `files` or `object`
 */
export async function readRTable({ path, content }: TextFile, object: string | undefined): Promise<CsvTable> {
  try {
    if (!/\.rdb$/i.test(path)) {
      const workspace = readRData(content);
      const names = workspace.kind === 'list' ? namesOf(workspace) : [];
      const name = chosen(names, object, path);
      return tableOf(elementOf(workspace, name)!, name, path);
    }
    const index = readRData(unpacked(await indexOf(path)));
    const variables = elementOf(index, 'variables');
    const name = chosen(variables?.kind === 'list' ? namesOf(variables) : [], object, path);
    const place = elementOf(variables, name);
    const [offset, length] = place?.kind === 'numbers' ? place.values : [];
    if (offset === undefined || length === undefined || !(offset >= 0 && length >= 5)) {
      throw new RDataError(`its index has no place for ${name}`);
    }
    if (offset + length > content.length) throw new RDataError(`${name} lies beyond its end`);
    return tableOf(readRData(inflated(content.subarray(offset, offset + length))), name, path);
  } catch (error) {
    if (error instanceof RDataError)
      throw new DataError(`${path} cannot be read: ${error.message}.`, ['files']);
    throw error;
  }
}

async function indexOf(path: string): Promise<TextFile> {
  const beside = `${path.slice(0, -1)}x`;
  try {
    return { path: beside, content: await readFile(beside) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError(`${path} cannot be read without its index ${beside} (${code}).`, ['files']);
  }
}

/** What R writes before bzip2, and before LZMA2. */
const [LETTER_2, LETTER_Z] = [0x32, 0x5a];

/** A value of a package: its size in four bytes, then zlib, or a letter that says what else. */
function inflated(bytes: Uint8Array): Uint8Array {
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const form = bytes[4]!;
  const most = mostUnpacked(bytes.length);
  if (form === LETTER_2) {
    throw new RDataError('it is packed with bzip2; save the object in R with save(…, compress = "gzip")');
  }
  try {
    if (form === LETTER_Z) {
      if (size > most) throw new LzmaError(`it unpacks to ${size} bytes`);
      return decodeLzma2(bytes.subarray(5), size);
    }
    return inflateSync(bytes.subarray(4), { maxOutputLength: Math.max(1, Math.min(size, most)) });
  } catch (error) {
    throw new RDataError(`it is damaged (${(error as Error).message})`);
  }
}

/** Numbers or strings that lie below each other. */
type Column = Extract<RValue, { kind: 'numbers' | 'strings' }>;

function tableOf(value: RValue, name: string, path: string): CsvTable {
  const wrong = (what: string): DataError => new DataError(`${path}: ${name} ${what}.`, ['object']);
  if (value.kind === 'list') {
    const columns = value.values.map((column) => {
      if (column.kind !== 'numbers' && column.kind !== 'strings')
        throw wrong('is no table: a column is no vector');
      return fieldsOf(column);
    });
    const rows = columns[0]?.length ?? 0;
    if (columns.some((column) => column.length !== rows))
      throw wrong('is no table: its columns differ in length');
    return {
      header: namesOf(value),
      rows: Array.from({ length: rows }, (_, i) => columns.map((c) => c[i]!)),
    };
  }
  if (value.kind !== 'numbers' && value.kind !== 'strings') throw wrong('is no table');
  const fields = fieldsOf(value);
  const dim = value.attributes.get('dim');
  if (dim?.kind !== 'numbers') return { header: [name], rows: fields.map((field) => [field]) };
  const [rows, columns] = dim.values as unknown as [number, number];
  if (dim.values.length !== 2 || rows * columns !== fields.length)
    throw wrong('is no table of rows and columns');
  const names = value.attributes.get('dimnames');
  const written = names?.kind === 'list' ? names.values[1] : undefined;
  const header =
    written?.kind === 'strings' && written.values.length === columns
      ? written.values.map((column) => column ?? '')
      : Array.from({ length: columns }, (_, c) => String(c + 1));
  // Column by column in R.
  return {
    header,
    rows: Array.from({ length: rows }, (_, i) => header.map((_name, c) => fields[c * rows + i]!)),
  };
}

/** What stands in the fields of a table; nothing where R has NA. */
function fieldsOf(column: Column): string[] {
  if (column.kind === 'strings') return column.values.map((text) => text ?? '');
  const levels = column.attributes.get('levels');
  if (levels?.kind === 'strings') return Array.from(column.values, (level) => levels.values[level - 1] ?? '');
  return Array.from(column.values, (value) => (Number.isNaN(value) ? '' : String(value)));
}
