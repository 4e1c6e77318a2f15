/** @file What goes into a model and what comes out of it, from its config and its data. */
import type { ModelConfig } from './config';
import type { Surroundings } from './parameters';
import { ModelError, type ModelData } from './types';

/** @throws ModelError when the vocabulary of the config is too small */
export function inputOf(config: ModelConfig, data: ModelData): Surroundings['input'] {
  if (data.input.kind === 'vectors') return { kind: 'vectors', features: data.input.features };
  const { vocab_size } = data.input;
  const rows = config.vocab_size ?? vocab_size;
  if (rows < vocab_size) {
    const message = `vocab_size (${rows}) is smaller than the ${vocab_size} tokens of the data.`;
    throw new ModelError(message, ['model', 'vocab_size']);
  }
  const { padding, documents } = data.input;
  return {
    kind: 'tokens',
    rows,
    ...(padding === undefined ? {} : { padding }),
    ...(documents === undefined ? {} : { documents }),
  };
}

/** @throws ModelError for tokens out of vectors */
export function headOf(
  config: ModelConfig,
  data: ModelData,
  input: Surroundings['input'],
): Surroundings['head'] {
  if (data.target.kind === 'class') return { kind: 'classifier', rows: data.target.classes };
  if (data.target.kind === 'values') return { kind: 'regressor', rows: data.target.features };
  if (input.kind !== 'tokens') throw new ModelError('Vectors in and tokens out is not supported.', ['data']);
  return { kind: config.tie_embeddings ? 'tied' : 'lm_head', rows: input.rows };
}
