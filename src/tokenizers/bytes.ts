/** @file The byte tokenizer: a token is a byte, whatever the encoding of the text. */
import type { Tokenizer } from './types';

export const BYTE_VOCABULARY = 256;

/** A byte as one readable sign: itself where ASCII prints it, ␣ ↵ ⇥ for white space, else hexadecimal. */
export function byteLabel(byte: number): string {
  if (byte === 0x20) return '␣';
  if (byte === 0x0a) return '↵';
  if (byte === 0x09) return '⇥';
  if (byte > 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

export const bytesTokenizer: Tokenizer = {
  name: 'bytes',
  vocabSize: BYTE_VOCABULARY,
  special: new Set(),
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
  label: byteLabel,
  bytes: (id) => (id >= 0 && id < BYTE_VOCABULARY ? Uint8Array.of(id) : new Uint8Array()),
};
