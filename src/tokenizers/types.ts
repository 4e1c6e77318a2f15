/** @file What a tokenizer is: text to ids and back, and the bytes that each id stands for. */
import { shorten } from '../util/shorten';

export interface Tokenizer {
  /** `bytes`, or the file that it was read from. */
  readonly name: string;
  /** Ids are 0 … this - 1; some may be unused. */
  readonly vocabSize: number;
  /** Ids that stand for no text, such as an end of text. */
  readonly special: ReadonlySet<number>;
  /** The id that ends a text, where the file names one. */
  readonly endOfText?: number;
  /**
   * @param options.special adds what the tokenizer puts around a text (a beginning of text), and reads special
   * tokens that are written in the text; default true
   * @throws TokenizerError when the text takes unreasonably long
   */
  encode(text: string, options?: { readonly special?: boolean }): number[];
  /** @param options.special writes special tokens out; default false */
  decode(ids: readonly number[], options?: { readonly special?: boolean }): string;
  /** One readable sign for one id. */
  label(id: number): string;
  /** The bytes that an id adds to a text; none for special and unused ids. */
  bytes(id: number): Uint8Array;
}

/** A tokenizer file is damaged, hostile or of a kind that cannot be used; the message says which and why. */
export class TokenizerError extends Error {
  constructor(message: string) {
    super(shorten(message));
    this.name = 'TokenizerError';
  }
}

/** Text of one id after the other; the bytes of one character are held back until it is whole. */
export function textStream(tokenizer: Tokenizer): (id: number) => string {
  const decoder = new TextDecoder();
  return (id) => decoder.decode(tokenizer.bytes(id), { stream: true });
}
