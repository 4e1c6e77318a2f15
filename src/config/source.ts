/** @file A text that configs are written in, with the mapping between offsets and lines. */

/** A file as read: a config, or a stand-in for `--set` values. */
export interface Source {
  /** Path or URI, as the reader names it; shown to people. */
  readonly file: string;
  readonly text: string;
  /** Offset of the first character of every line. */
  readonly lineStarts: readonly number[];
}

/** A range of a source: `start` inclusive, `end` exclusive, in UTF-16 units. */
export interface Where {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export function makeSource(file: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

/** Line and column of an offset, both from 1. */
export function position(source: Source, offset: number): { line: number; column: number } {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (source.lineStarts[low] as number) + 1 };
}

/** The characters of a range. */
export const textAt = (where: Where): string => where.source.text.slice(where.start, where.end);

/** Whether no character is cut in half, as editing can leave it; URIs and file names need that. */
export const isWellFormed = (text: string): boolean =>
  !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
