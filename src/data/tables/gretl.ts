/**
 * @file Data files of gretl (.gdt): XML, of which the variables and the observations count. (gretldata.dtd.) No
 * expression looks beyond the next tag: a text of tags that never end would take the square of its length.
 */
import type { CsvTable } from './csv';
import { DataError } from '../define';

export const isGretl = (text: string): boolean => /<gretldata[\s>]/.test(text.slice(0, 4096));

/** @throws DataError at `files` naming the observation that does not fit */
export function parseGretl(text: string, path: string): CsvTable {
  const wrong = (what: string): DataError => new DataError(`${path} cannot be read: ${what}.`, ['files']);
  const head = /<gretldata\s[^<>]*>/.exec(text)?.[0] ?? '';
  if (/type="stacked/.test(head)) throw wrong('it holds several series on top of each other, a panel');
  if (/binary="/.test(head))
    throw wrong('its numbers are in a file of their own; save it as .gdt or .csv in gretl');
  const [variables, observations] = ['variables', 'observations'].map((name) => section(text, name));
  if (variables === undefined || observations === undefined)
    throw wrong('it has no variables or no observations');
  const header = Array.from(variables.matchAll(/<variable\s[^<>]*?\bname="([^"]*)"/g), ([, name]) => name!);
  const rows = Array.from(observations.matchAll(/<obs(?:\s[^<>]*)?>([^<]*)<\/obs>/g), ([, fields]) =>
    fields!
      .trim()
      .split(/\s+/)
      .map((field) => (field === 'NA' ? '' : field)),
  );
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0) {
    throw wrong(`observation ${odd + 1} has ${rows[odd]!.length} numbers for ${header.length} variables`);
  }
  return { header, rows };
}

/** What stands between `<name …>` and `</name>`. */
function section(text: string, name: string): string | undefined {
  const start = text.indexOf(`<${name}`);
  const end = text.indexOf(`</${name}>`, start);
  return start < 0 || end < 0 ? undefined : text.slice(start, end);
}
