/** @file The text of a tokenizer.json: the file itself, or what a GGUF file's keys stand for. */
import { readFileSync, statSync } from 'node:fs';
import { openGguf } from '../formats/gguf';
import { fileSource } from '../formats/source';
import { MAX_FILE } from './file';
import { tokenizerOfGguf } from './gguf';
import { TokenizerError } from './types';

/**
 * @param path of a tokenizer.json or a GGUF file
 * @throws TokenizerError when it cannot be read, is too large or has no tokenizer
 */
export function tokenizerText(path: string): string {
  try {
    if (path.endsWith('.gguf')) return JSON.stringify(tokenizerOfGguf(keysOf(path)));
    const stat = statSync(path);
    const { size } = stat;
    // A pipe would be waited for.
    if (!stat.isFile()) throw new TokenizerError('it cannot be read: it is no file');
    if (size > MAX_FILE) throw new TokenizerError(`${size} bytes are above the limit of ${MAX_FILE}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof TokenizerError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TokenizerError(code === undefined ? message : `it cannot be read (${code})`);
  }
}

function keysOf(path: string): Parameters<typeof tokenizerOfGguf>[0] {
  const source = fileSource(path);
  try {
    return openGguf(source).keys;
  } finally {
    source.close();
  }
}
