/** @file Tokenizers: bytes, tokenizer.json of Hugging Face, and training a small one. */
export { BYTE_VOCABULARY, byteLabel, bytesTokenizer } from './bytes';
export { openTokenizer, readTokenizer, tokenizerOf } from './open';
export { trainBpe } from './train-bpe';
export { vocabularySize } from './vocabulary';
export { hasTokenizer } from './gguf';
export { tokenizerText } from './text';
export { textStream, TokenizerError, type Tokenizer } from './types';
