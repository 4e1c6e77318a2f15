/** @file Opening a tokenizer.json with `@huggingface/tokenizers`. */
import { bytesOfToken } from './byte-level';
import { byteLabel } from './bytes';
import { parseTokenizerFile } from './file';
import { TimeLimitError, withinTime } from './limit';
import { tokenizerText } from './text';
import { TokenizerError, type Tokenizer } from './types';
import { tokensOf } from './vocabulary';

/** Building the library's tables takes two seconds for the largest published file, which has 35 million characters. */
const BUILD_LIMIT = 500;
const BUILD_LIMIT_PER_CHARACTER = 0.0003;
/** Time for encoding: a start, and much more per character than any honest pattern needs. */
const ENCODE_LIMIT = 500;
const ENCODE_LIMIT_PER_CHARACTER = 0.05;

/** Names that files give to the end of a text. */
const END_OF_TEXT = ['<|endoftext|>', '</s>', '<|end_of_text|>', '<eos>', '<|im_end|>', '[SEP]'];

/**
 * @param path of a tokenizer.json, or of a GGUF file that has a tokenizer
 * @throws TokenizerError when it is missing, damaged, hostile or unusable
 */
export const openTokenizer = async (path: string): Promise<Tokenizer> =>
  (await readTokenizer(path)).tokenizer;

/** The same with the text of the tokenizer.json, for whoever keeps it. */
export async function readTokenizer(
  path: string,
): Promise<{ readonly tokenizer: Tokenizer; readonly text: string }> {
  const fail = (reason: string): never => {
    throw new TokenizerError(`${path} is no tokenizer that can be used: ${reason}`);
  };
  try {
    const text = tokenizerText(path);
    return { tokenizer: await tokenizerOf(text, path), text };
  } catch (error) {
    return fail(error instanceof Error ? error.message.replace(/\.?$/, '.') : String(error));
  }
}

/**
 * @param text contents of a tokenizer.json
 * @param name for messages
 * @throws TokenizerError when the file is damaged, hostile or unusable
 */
export async function tokenizerOf(text: string, name: string): Promise<Tokenizer> {
  const file = parseTokenizerFile(text);
  const { Tokenizer: Library } = await import('@huggingface/tokenizers');
  let library: InstanceType<typeof Library>;
  try {
    library = withinTime(
      BUILD_LIMIT + Math.ceil(BUILD_LIMIT_PER_CHARACTER * text.length),
      () => new Library(file, {}),
    );
  } catch (error) {
    throw new TokenizerError((error as Error).message);
  }
  const tokens = tokensOf(file);
  const special = new Set(file.added_tokens.filter(({ special: is }) => is).map(({ id }) => id));
  const byteLevel = uses(file.decoder, 'ByteLevel') || uses(file.pre_tokenizer, 'ByteLevel');
  const added = new Map(file.added_tokens.map(({ id, content }) => [id, content]));
  const endOfText = END_OF_TEXT.map((word) => tokens.indexOf(word)).find((id) => id >= 0);

  const bytes = (id: number): Uint8Array => {
    const token = tokens[id];
    if (token === undefined || special.has(id)) return new Uint8Array();
    const written = added.get(id);
    if (written !== undefined) return new TextEncoder().encode(written);
    if (byteLevel) return bytesOfToken(token);
    const single = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    if (single) return Uint8Array.of(Number.parseInt(single[1]!, 16));
    return new TextEncoder().encode(token.replaceAll('▁', ' '));
  };
  /** @throws TokenizerError when it takes longer */
  const soon = <T>(limit: number, what: string, action: () => T): T => {
    try {
      return withinTime(limit, action);
    } catch (error) {
      if (!(error instanceof TimeLimitError)) throw error;
      throw new TokenizerError(
        `The patterns of the tokenizer ${name} need more than ${limit} ms for ${what}; it is damaged or hostile.`,
      );
    }
  };
  return {
    name,
    vocabSize: tokens.length,
    special,
    ...(endOfText === undefined ? {} : { endOfText }),
    encode(given, options = {}) {
      const limit = Math.ceil(ENCODE_LIMIT + ENCODE_LIMIT_PER_CHARACTER * given.length);
      return soon(
        limit,
        `${given.length} characters`,
        () => library.encode(given, { add_special_tokens: options.special ?? true }).ids,
      );
    },
    // The library refuses to decode nothing.
    decode: (ids, options = {}) =>
      ids.length === 0
        ? ''
        : soon(ENCODE_LIMIT + ids.length, `${ids.length} tokens`, () =>
            library.decode([...ids], {
              skip_special_tokens: options.special !== true,
              clean_up_tokenization_spaces: false,
            }),
          ),
    label: (id) => {
      const token = tokens[id];
      if (token === undefined) return `[${id}]`;
      if (special.has(id)) return token;
      return signOf(bytes(id));
    },
    bytes,
  };
}

/** Bytes as text with white space made visible; as hexadecimal where they are only a part of a character. */
function signOf(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return [...text].map((sign) => (sign <= '\x7f' ? byteLabel(sign.charCodeAt(0)) : sign)).join('');
  } catch {
    return [...bytes].map(byteLabel).join('');
  }
}

/** Whether a part of the pipeline is of a type, itself or inside a sequence. */
function uses(part: unknown, type: string): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const record = part as Record<string, unknown>;
  if (record['type'] === type) return true;
  return ['decoders', 'pretokenizers'].some((key) => {
    const list = record[key];
    return Array.isArray(list) && list.some((item) => uses(item, type));
  });
}
