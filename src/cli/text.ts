/** @file Text to token ids and back, as far as the model's vocabulary says how. */
import type { Dataset } from '../data/define';
import type { Model } from '../models';
import { bytesTokenizer, openTokenizer, textStream, type Tokenizer } from '../tokenizers';
import { UsageError } from './errors';

export interface Codec {
  /** @throws UsageError when this vocabulary has no text form */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** One readable sign for one id. */
  label(id: number): string;
  /** Text of one token after the other; bytes of one character are held back until it is whole. */
  stream(): (id: number) => string;
  /** Absent where the vocabulary has no text form. */
  readonly tokenizer?: Tokenizer;
}

/** Whether the ids of a model without a tokenizer are bytes. */
export const readsBytes = ({ data: { input } }: Model): boolean =>
  input.kind === 'tokens' && input.vocab_size === bytesTokenizer.vocabSize;

/** @param tokenizer path of a tokenizer.json; bytes, or the labels of the data, where there is none */
export async function codecOf(model: Model, data: Dataset | undefined, tokenizer?: string): Promise<Codec> {
  if (tokenizer !== undefined) return textCodec(await openTokenizer(tokenizer));
  if (readsBytes(model)) return textCodec(bytesTokenizer);
  const label = (id: number): string => data?.label(id) ?? String(id);
  return {
    label,
    encode: () => {
      throw new UsageError(
        'This vocabulary has no text form; give ids, for example --ids 1,2,3, or --tokenizer.',
      );
    },
    decode: (ids) => ids.map(label).join(' '),
    stream: () => (id) => `${label(id)} `,
  };
}

const textCodec = (tokenizer: Tokenizer): Codec => ({
  label: (id) => tokenizer.label(id),
  encode: (text) => tokenizer.encode(text),
  decode: (ids) => tokenizer.decode(ids),
  stream: () => textStream(tokenizer),
  tokenizer,
});
