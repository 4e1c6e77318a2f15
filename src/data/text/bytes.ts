/** @file What bytes cost without any context. */
import { BYTE_VOCABULARY } from '../../tokenizers';

/**
 * Cross-entropy of `text` under the byte frequencies of `model`, in bits per byte. Every byte value counts once
 * more than it occurs, so that unseen ones cost much and not everything.
 */
export function unigramBits(model: Uint8Array, text: Uint8Array): number {
  const count = (bytes: Uint8Array): Float64Array => {
    const counts = new Float64Array(BYTE_VOCABULARY);
    for (let i = 0; i < bytes.length; i++) counts[bytes[i]!]!++;
    return counts;
  };
  const known = count(model);
  const seen = count(text);
  const total = model.length + BYTE_VOCABULARY;
  let bits = 0;
  seen.forEach((times, byte) => {
    bits -= times * Math.log2((known[byte]! + 1) / total);
  });
  return bits / text.length;
}
