/** @file A tokenizer.json that does nothing, for the tests to add what they are about. */

export const emptyTokenizer = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', vocab: { a: 0, b: 1 } as Record<string, number>, merges: [] as unknown[] },
};
