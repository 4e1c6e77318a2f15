/** @file How a text becomes ids: its bytes as they are, or the tokens of a tokenizer.json. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { byteLabel, readTokenizer, TokenizerError } from '../../tokenizers';
import { DataError } from '../define';

export interface Coding {
  encode(bytes: Uint8Array): Uint8Array | Int32Array;
  label(id: number): string;
  /** What an id is called in messages. */
  readonly unit: 'bytes' | 'tokens';
  /** What decides the ids, for the digest of the data. */
  readonly identity: string;
  /** The tokenizer.json itself; absent for bytes. */
  readonly file?: Uint8Array;
}

/** Characters that are encoded at a time: a whole novel at once takes the library's tables beyond their use. */
const PIECE = 1 << 16;

/** @throws DataError at `tokenizer` or `vocab_size` */
export async function codingOf(
  { tokenizer, vocab_size }: { readonly tokenizer: string; readonly vocab_size?: number | undefined },
  baseDir: string,
): Promise<Coding> {
  if (tokenizer === 'bytes') {
    return { encode: (bytes) => bytes, label: byteLabel, unit: 'bytes', identity: 'bytes' };
  }
  const path = resolve(baseDir, tokenizer);
  try {
    const { tokenizer: opened, text } = await readTokenizer(path);
    const file = new TextEncoder().encode(text);
    if (vocab_size !== undefined && opened.vocabSize > vocab_size) {
      throw new DataError(`${path} has ${opened.vocabSize} ids, more than \`vocab_size\` (${vocab_size}).`, [
        'vocab_size',
      ]);
    }
    return {
      encode: (bytes) =>
        Int32Array.from(
          pieces(new TextDecoder().decode(bytes)).flatMap((piece) =>
            opened.encode(piece, { special: false }),
          ),
        ),
      label: (id) => opened.label(id),
      unit: 'tokens',
      identity: createHash('sha256').update(file).digest('hex'),
      file,
    };
  } catch (error) {
    if (error instanceof TokenizerError) throw new DataError(error.message, ['tokenizer']);
    throw error;
  }
}

/** The text in pieces that end with a line where one does. */
function pieces(text: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at + PIECE);
    const end = newline < 0 || newline > at + 2 * PIECE ? at + 2 * PIECE : newline + 1;
    all.push(text.slice(at, end));
    at = end;
  }
  return all;
}
