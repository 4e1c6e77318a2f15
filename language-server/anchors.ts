/** @file Anchors `&name` and aliases `*name` of a text, by the lexer, so that strings and comments are no anchors. */
import { Lexer } from 'yaml';

export interface Mark {
  readonly name: string;
  readonly kind: 'anchor' | 'alias';
  /** Offsets of the name, without `&` or `*`. */
  readonly start: number;
  readonly end: number;
}

/** Lexemes that stand for no characters: byte order mark apart, document, flow end and scalar marks. */
export const silent: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001F']);

/** All marks in the order of the text. */
export function marksOf(text: string): Mark[] {
  if (!/[&*]/.test(text)) return [];
  const marks: Mark[] = [];
  let at = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (silent.has(lexeme)) {
      isScalar = lexeme === '\u001F';
      continue;
    }
    const sigil = lexeme[0];
    if (!isScalar && (sigil === '&' || sigil === '*') && lexeme.length > 1) {
      const kind = sigil === '&' ? 'anchor' : 'alias';
      marks.push({ name: lexeme.slice(1), kind, start: at + 1, end: at + lexeme.length });
    }
    isScalar = false;
    at += lexeme.length;
  }
  return marks;
}

/** The mark whose name or sigil covers an offset. */
export const markAt = (marks: readonly Mark[], offset: number): Mark | undefined =>
  marks.find(({ start, end }) => start - 1 <= offset && offset <= end);
