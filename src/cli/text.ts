/** @file Text to token ids and back, as far as the model's vocabulary says how. */
import type { Dataset } from '../data/define';
import type { Model } from '../models';
import { UsageError } from './errors';

export interface Codec {
  /** @throws UsageError when this vocabulary has no text form */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Text of one token after the other; bytes of one character are held back until it is whole. */
  stream(): (id: number) => string;
}

const BYTES = 256;

export function codecOf(model: Model, data: Dataset | undefined): Codec {
  const { input } = model.data;
  if (input.kind === 'tokens' && input.vocab_size === BYTES) return bytes;
  const label = (id: number): string => data?.label(id) ?? String(id);
  return {
    encode: () => {
      throw new UsageError('This vocabulary has no text form; give the prompt with --ids.');
    },
    decode: (ids) => ids.map(label).join(' '),
    stream: () => (id) => `${label(id)} `,
  };
}

const bytes: Codec = {
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
  stream: () => {
    const decoder = new TextDecoder();
    return (id) => decoder.decode(Uint8Array.of(id), { stream: true });
  },
};
