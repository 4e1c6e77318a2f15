/** @file Whole lines of a text that belong to a key or a list item, comments included. */
import type { Source } from '../../config';

/** Offset of the first character of the line that holds `at`. */
export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Offset behind the line end of the line that holds `at`. */
export function lineEnd(text: string, at: number): number {
  const next = text.indexOf('\n', at);
  return next < 0 ? text.length : next + 1;
}

/** Start of the comment lines directly above a line, else the line itself. `floor` is not crossed. */
export function withComments(text: string, start: number, floor: number): number {
  let first = start;
  while (first > floor) {
    const above = lineStart(text, first - 1);
    if (above < floor || !/^[ \t]*#/.test(text.slice(above, first))) break;
    first = above;
  }
  return first;
}

export const columnOf = ({ text }: Source, at: number): number => at - lineStart(text, at);

/** The same lines at another indentation. Empty lines stay empty. */
export function indented(text: string, from: number, to: number): string {
  if (from === to) return text;
  return text
    .split('\n')
    .map((line) => {
      const body = line.trimStart();
      const depth = line.length - body.length + (to - from);
      return body === '' ? '' : ' '.repeat(Math.max(0, depth)) + body;
    })
    .join('\n');
}
