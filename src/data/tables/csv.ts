/**
 * @file Comma-separated values (RFC 4180): quoted fields, any of comma, semicolon and tab between them; and tab-separated
 * ones, as the type text/tab-separated-values is registered, in which quotation marks are letters.
 */
import { DataError } from '../define';

export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads a table with one header line, or without one, its columns then being called 1, 2, 3, …
 * @throws DataError naming file and line where a row has another number of fields than the header
 */
export function parseCsv(text: string, path: string, hasHeader = true): CsvTable {
  const clean = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const [first = ''] = clean.slice(0, 65_536).split('\n', 1);
  const count = (sign: string): number => {
    let found = 0;
    for (let at = first.indexOf(sign); at >= 0; at = first.indexOf(sign, at + 1)) found++;
    return found;
  };
  const delimiter = [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
  const lines = records(clean, delimiter, path);
  const { header, rows } = tableOf(
    lines,
    path,
    hasHeader,
    'is empty. A table needs a header line and rows below',
  );
  return { header: header.map((name) => name.trim()), rows };
}

/** The same for a line per row and a tab between fields, which are not quoted. */
export function parseTsv(text: string, path: string, hasHeader = true): CsvTable {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').split('\t'))
    .filter((fields) => fields.length > 1);
  return tableOf(lines, path, hasHeader, 'has no row of fields with tabs between them');
}

/** @param empty what is said of a file without a line */
function tableOf(
  lines: readonly (readonly string[])[],
  path: string,
  hasHeader: boolean,
  empty: string,
): CsvTable {
  const header = hasHeader ? lines[0] : lines[0]?.map((_, i) => String(i + 1));
  const rows = hasHeader ? lines.slice(1) : lines;
  if (!header) throw new DataError(`${path} ${empty}.`, ['files']);
  const wrong = rows.findIndex((row) => row.length !== header.length);
  if (wrong < 0) return { header, rows };
  const found = `${path}: row ${wrong + 1} has ${rows[wrong]!.length} fields instead of ${header.length}.`;
  throw new DataError(found, ['files']);
}

/** Fields of a row; a table of images of 512 × 512 pixels has no more. */
export const MOST_FIELDS = 2 ** 20;

/** Fields are cut out of the text in pieces: a field that grew by a character at a time would take 20 bytes for each. */
function records(text: string, delimiter: string, path: string): string[][] {
  const all: string[][] = [];
  const special = new RegExp(`[\r\n"${delimiter}]`, 'g');
  let row: string[] = [];
  let field = '';
  const endField = (): void => {
    if (row.length >= MOST_FIELDS) {
      throw new DataError(`${path}: a row has more than ${MOST_FIELDS} fields.`, ['files']);
    }
    row.push(field);
    field = '';
  };
  const endRow = (): void => {
    endField();
    // A blank line is no row.
    if (row.length > 1 || row[0] !== '') all.push(row);
    row = [];
  };
  for (let at = 0; at < text.length; at++) {
    special.lastIndex = at;
    const next = special.exec(text)?.index ?? text.length;
    field += text.slice(at, next);
    at = next;
    const sign = text[at];
    if (sign === delimiter) endField();
    else if (sign === '\n') endRow();
    else if (sign === '"' && field !== '') field += sign;
    else if (sign === '"') {
      for (;;) {
        const end = text.indexOf('"', at + 1);
        if (end < 0) throw new DataError(`${path}: a quoted field is never closed.`, ['files']);
        field += text.slice(at + 1, end);
        at = end;
        if (text[at + 1] !== '"') break;
        field += '"';
        at++;
      }
    }
  }
  if (field !== '' || row.length > 0) endRow();
  return all;
}

/** @throws DataError listing what there is when the table has no such column */
export function columnOf(
  { header }: CsvTable,
  name: string,
  path: string,
  at: readonly (string | number)[],
): number {
  const index = header.indexOf(name);
  if (index < 0) {
    throw new DataError(`${path} has no column ${name}; it has ${header.slice(0, 12).join(', ')}.`, at);
  }
  return index;
}
