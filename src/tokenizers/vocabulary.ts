/** @file How many ids a tokenizer.json has, without building its tables: what a config can know of it. */
import { statSync } from 'node:fs';
import { parseTokenizerFile, type TokenizerFile } from './file';
import { tokenizerText } from './text';

/** Tokens by id; added tokens lie in the vocabulary or behind it. */
export function tokensOf({ model, added_tokens }: TokenizerFile): (string | undefined)[] {
  const pairs: (readonly [string, number])[] = Array.isArray(model.vocab)
    ? model.vocab.map(([token], id) => [token, id])
    : Object.entries(model.vocab);
  const last = [...pairs.map(([, id]) => id), ...added_tokens.map(({ id }) => id)].reduce(
    (largest, id) => Math.max(largest, id),
    -1,
  );
  const tokens = Array.from<string | undefined>({ length: last + 1 });
  for (const [token, id] of pairs) tokens[id] = token;
  for (const { id, content } of added_tokens) tokens[id] = content;
  return tokens;
}

/** Sizes by path; an editor asks at every key press. */
const known = new Map<string, { readonly stamp: string; readonly size: number | undefined }>();
const REMEMBERED = 64;

/**
 * @param path of a tokenizer.json, or of a GGUF file that has a tokenizer
 * @returns the number of its ids; undefined where there is no usable file
 */
export function vocabularySize(path: string): number | undefined {
  let stamp: string;
  try {
    const { mtimeMs, size } = statSync(path);
    stamp = `${mtimeMs}/${size}`;
  } catch {
    return undefined;
  }
  const before = known.get(path);
  if (before?.stamp === stamp) return before.size;
  let size: number | undefined;
  try {
    size = tokensOf(parseTokenizerFile(tokenizerText(path))).length;
  } catch {
    // What is wrong with the file is told where it is opened.
  }
  if (known.size >= REMEMBERED) known.clear();
  known.set(path, { stamp, size });
  return size;
}
