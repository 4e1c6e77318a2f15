/** @file What a model is built for, and what its programs are called. */
import type { ModelConfig, TaskConfig } from './config';

/** The part of a data set's shape that decides a model; `DataShape` of `src/data` fits. */
export interface ModelData {
  /** Time steps of one example. */
  readonly length: number;
  readonly input:
    | {
        readonly kind: 'tokens';
        readonly vocab_size: number;
        readonly padding?: number;
        readonly documents?: 2;
      }
    | { readonly kind: 'vectors'; readonly features: number };
  readonly target:
    | { readonly kind: 'next-token' }
    | { readonly kind: 'answer'; readonly positions: number }
    | { readonly kind: 'marked' }
    | { readonly kind: 'class'; readonly classes: number }
    | { readonly kind: 'values'; readonly positions: number; readonly features: number };
}

/** Time steps that the layers see at once: of a pair of documents half of an example. */
export const stepsOf = ({ input, length }: Pick<ModelData, 'input' | 'length'>): number =>
  input.kind === 'tokens' && input.documents !== undefined ? length / input.documents : length;

export interface ModelSpec {
  readonly model: ModelConfig;
  readonly task: TaskConfig;
  readonly data: ModelData;
  /** Positions that decoding caches hold; only attention needs one. */
  readonly cacheLength?: number;
}

/** A model that cannot be built; `path` points into the config. */
export class ModelError extends Error {
  constructor(
    message: string,
    readonly path: readonly (string | number)[] = ['model'],
  ) {
    super(message);
    this.name = 'ModelError';
  }
}

/** The task that data of this kind are for. */
export function defaultTask(data: ModelData): TaskConfig {
  const { kind } = data.target;
  if (kind === 'next-token') return { type: 'language-model' };
  if (kind === 'values') return { type: 'regression', loss: 'mse' };
  return kind === 'class' ? { type: 'classification', pooling: 'mean' } : { type: 'answer' };
}

/** Why the task cannot be trained on the data, or undefined when it can. */
export function taskProblem(task: TaskConfig, data: ModelData): string | undefined {
  const { target } = data;
  const given = {
    'next-token': 'the next token',
    answer: 'tokens at marked positions',
    marked: 'tokens at marked positions',
    class: 'one class',
    values: 'numbers',
  };
  if (defaultTask(data).type !== task.type) {
    return `The task ${task.type} does not fit data that give ${given[target.kind]} per example.`;
  }
  if (data.input.kind === 'vectors' && (task.type === 'language-model' || task.type === 'answer')) {
    return `The task ${task.type} needs tokens, but the data are vectors.`;
  }
  if ((target.kind === 'answer' || target.kind === 'values') && target.positions > data.length) {
    return `The data mark ${target.positions} answers in ${data.length} positions.`;
  }
  return undefined;
}
