/**
 * @file Formatting: two spaces per level, one space around values and in front of comments, no blanks at line ends,
 * no double blank lines. A text is only rewritten when it still means the same and keeps every comment; else the
 * white space at line ends is all that changes.
 */
import { isDeepStrictEqual } from 'node:util';
import type { TextEdit } from 'vscode-languageserver';
import * as YAML from 'yaml';
import { silent } from '../anchors';
import type { State } from '../documents';

export function format({ document, parsed }: State): TextEdit[] {
  // In a broken text white space can matter.
  if (parsed.diagnostics.some((d) => d.code === 'yaml-syntax' || d.code === 'too-large')) return [];
  const text = document.getText();
  const formatted = /^\s*[{[]/.test(text) ? tidy(text) : (rewritten(text) ?? tidy(text));
  if (formatted === undefined || formatted === text) return [];
  const end = document.positionAt(text.length);
  return [{ range: { start: { line: 0, character: 0 }, end }, newText: formatted }];
}

/** Block scalars, in which blanks at line ends belong to the text. */
const hasBlockText = (text: string): boolean => /[|>][+-]?\d?[+-]?\s*$/m.test(text);

const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** The text as the YAML library writes it. @returns undefined where that would change the meaning or lose a comment */
function rewritten(text: string): string | undefined {
  const read = (source: string): YAML.Document.Parsed =>
    YAML.parseDocument(source, { merge: false, logLevel: 'silent', keepSourceTokens: true });
  const before = read(text);
  if (before.errors.length > 0 || before.contents === null) return undefined;
  // The library sets what closes the document apart by a blank line; it stays as it stands.
  const closing = before.comment == null ? '' : closingComments(text);
  before.comment = null;
  const body = before.toString({
    indent: 2,
    indentSeq: true,
    lineWidth: 0,
    flowCollectionPadding: false,
    nullStr: '',
  });
  const written = closing === '' ? body : `${body.trimEnd()}\n${closing}`;
  const once = aligned(written, text);
  const after = read(once);
  if (after.errors.length > 0 || !isDeepStrictEqual(plainOf(before), plainOf(after))) return undefined;
  if (commentsOf(text).join('\n') !== commentsOf(once).join('\n')) return undefined;
  const styled = padsBraces(text) ? padded(once) : once;
  const tidied = hasBlockText(text) ? styled : styled.replace(/[ \t]+$/gm, '');
  return eolOf(text) === '\n' ? tidied : tidied.replaceAll('\n', '\r\n');
}

/** The comments and blank lines at the end of a text. */
function closingComments(text: string): string {
  const lines = text.trimEnd().split(/\r?\n/);
  let first = lines.length;
  while (first > 0 && /^\s*(#|$)/.test(lines[first - 1]!)) first--;
  return `${lines
    .slice(first)
    .map((line) => line.trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')}\n`;
}

/** Whether braces are mostly written `{ a: 1 }`. */
const padsBraces = (text: string): boolean =>
  (text.match(/\{ \S/g)?.length ?? 0) > (text.match(/\{[^\s}]/g)?.length ?? 0);

/** A blank inside of every pair of braces that is not empty; the lexer knows which are text. */
function padded(text: string): string {
  let out = '';
  let opened = false;
  for (const lexeme of new YAML.Lexer().lex(text)) {
    if (silent.has(lexeme)) continue;
    if (lexeme === '}') out += /[{\s]$/.test(out) ? lexeme : ` ${lexeme}`;
    else out += opened && !/^[\s}]/.test(lexeme) ? ` ${lexeme}` : lexeme;
    opened = lexeme === '{';
  }
  return out;
}

/** Numbers and quotes as they were written: `1e-3` stays `1e-3`. */
function aligned(written: string, original: string): string {
  const scalars = (source: string): { source: string; range: readonly [number, number] }[] => {
    const found: { source: string; range: readonly [number, number] }[] = [];
    YAML.visit(YAML.parseDocument(source, { logLevel: 'silent' }), {
      Scalar: (_, node) => {
        if (node.range) {
          const [start, end] = node.range;
          found.push({ source: source.slice(start, end), range: [start, end] });
        }
      },
    });
    return found;
  };
  const [from, to] = [scalars(original), scalars(written)];
  if (from.length !== to.length) return written;
  let text = written;
  for (let index = to.length - 1; index >= 0; index--) {
    const { range, source } = to[index]!;
    const wanted = from[index]!.source;
    if (wanted === source || /[\r\n]/.test(wanted) || /[\r\n]/.test(source)) continue;
    text = text.slice(0, range[0]) + wanted + text.slice(range[1]);
  }
  return text;
}

const plainOf = (document: YAML.Document.Parsed): unknown => {
  try {
    return document.toJS({ maxAliasCount: 1000 }) as unknown;
  } catch {
    return Symbol('cannot be compared');
  }
};

/** The comments of a text in their order, each with whether it stands alone in its line. */
function commentsOf(text: string): string[] {
  const comments: string[] = [];
  let alone = true;
  for (const lexeme of new YAML.Lexer().lex(text)) {
    if (lexeme.startsWith('#')) comments.push(`${alone ? 'alone' : 'behind'} ${lexeme.trimEnd()}`);
    if (/[\r\n]/.test(lexeme)) alone = true;
    else if (!silent.has(lexeme) && lexeme.trim() !== '') alone = false;
  }
  return comments;
}

/** White space at line ends, double blank lines, the last line's end; undefined where a block scalar could need it. */
function tidy(text: string): string | undefined {
  if (hasBlockText(text)) return undefined;
  const lines = text.split(/\r?\n/).map((line) => line.replace(/[ \t]+$/, ''));
  const kept = lines.filter((line, index) => line !== '' || (index > 0 && lines[index - 1] !== ''));
  while (kept[kept.length - 1] === '') kept.pop();
  const eol = eolOf(text);
  return kept.length === 0 ? '' : kept.join(eol) + eol;
}
