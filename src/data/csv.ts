/** @file Comma-separated values (RFC 4180): quoted fields, any of comma, semicolon and tab between them. */
import { DataError } from './define';

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
  const first = clean.slice(0, clean.indexOf('\n') < 0 ? undefined : clean.indexOf('\n'));
  const delimiter = [',', ';', '\t'].reduce((best, one) =>
    first.split(one).length > first.split(best).length ? one : best,
  );
  const lines = records(clean, delimiter, path);
  const header = hasHeader ? lines[0] : lines[0]?.map((_, i) => String(i + 1));
  const rows = hasHeader ? lines.slice(1) : lines;
  if (!header)
    throw new DataError(`${path} is empty. A table needs a header line and rows below.`, ['files']);
  const wrong = rows.findIndex((row) => row.length !== header.length);
  if (wrong >= 0) {
    throw new DataError(
      `${path}: row ${wrong + 1} has ${rows[wrong]!.length} fields, the header ${header.length}.`,
      ['files'],
    );
  }
  return { header: header.map((name) => name.trim()), rows };
}

function records(text: string, delimiter: string, path: string): string[][] {
  const all: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endField = (): void => {
    row.push(field);
    field = '';
  };
  const endRow = (): void => {
    endField();
    // A blank line is no row.
    if (row.length > 1 || row[0] !== '') all.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!;
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (text[i + 1] === '"') field += text[++i]!;
      else quoted = false;
    } else if (sign === '"' && field === '') quoted = true;
    else if (sign === delimiter) endField();
    else if (sign === '\n') endRow();
    else if (sign !== '\r') field += sign;
  }
  if (quoted) throw new DataError(`${path}: a quoted field is never closed.`, ['files']);
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
