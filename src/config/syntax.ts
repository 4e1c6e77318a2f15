/** @file The parser's complaints about YAML itself, in words that help. */
import type { YAMLParseError } from 'yaml';

/** @returns the stable code and a sentence; `text` is the whole source. */
export function syntaxMessage(error: YAMLParseError, text: string): { code: string; message: string } {
  const here = text.slice(error.pos[0], error.pos[0] + 1);
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return {
        code: 'duplicate-key',
        message: 'This key is written twice in the same mapping; keep one of the two.',
      };
    case 'BAD_ALIAS':
      return {
        code: 'unresolved-alias',
        message: 'No anchor (`&name`) of this name stands above this alias.',
      };
    case 'MULTIPLE_DOCS':
      return {
        code: 'several-documents',
        message: 'A config is one YAML document; remove `---` and what follows.',
      };
    case 'TAB_AS_INDENT':
      return { code: 'yaml-syntax', message: 'Tabs cannot indent YAML; use spaces.' };
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        code: 'yaml-syntax',
        message: 'A key needs a colon and a space after it, one key per line: `key: value`.',
      };
    case 'BAD_INDENT':
      if (error.message.startsWith('Flow')) {
        return {
          code: 'yaml-syntax',
          message: `A bracket is not closed: expected ${closing(error.message)} before this line.`,
        };
      }
      return {
        code: 'yaml-syntax',
        message: 'The indentation does not fit: keys of one mapping start in the same column.',
      };
    case 'MISSING_CHAR':
      return { code: 'yaml-syntax', message: missing(error.message) };
    case 'UNEXPECTED_TOKEN':
      return {
        code: 'yaml-syntax',
        message: here.trim() ? `Unexpected \`${here}\` here.` : 'Something is missing before this.',
      };
    case 'BAD_DQ_ESCAPE':
      return {
        code: 'yaml-syntax',
        message: 'Unknown escape in a double-quoted string; in single quotes `\\` is a letter.',
      };
    case 'KEY_OVER_1024_CHARS':
      return { code: 'yaml-syntax', message: 'This key is longer than 1,024 characters.' };
    default:
      return { code: 'yaml-syntax', message: `${error.message.split('\n')[0]?.replace(/\.$/, '')}.` };
  }
}

const closing = (message: string): string => (message.includes('map') ? '`}`' : '`]`');

function missing(message: string): string {
  if (message.includes('quote')) return 'A quote is not closed on this line.';
  if (message.includes(',')) return 'Entries in brackets are separated by commas.';
  if (message.includes(':') || message.includes('Implicit'))
    return 'A key needs a colon and a space after it: `key: value`.';
  return `${message.split('\n')[0]?.replace(/\.$/, '')}.`;
}
