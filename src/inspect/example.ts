/** @file The sequence that is looked at: a held-out example or ids that were given, with labels for people. */
import type { Model } from '../models';
import type { Dataset } from '../runtime/train/prepare';

export interface Token {
  /** Absent where the inputs are vectors. */
  readonly id?: number;
  readonly label: string;
}

export interface ExampleRequest {
  readonly model: Model;
  readonly data?: Dataset;
  /** Number of a held-out example; ignored when `ids` are given. */
  readonly example?: number;
  readonly ids?: readonly number[];
}

/** What is looked at, in words. */
export interface Example {
  /** The whole stack. */
  readonly layers: readonly { readonly index: number; readonly mixer: string }[];
  /** The held-out example; absent for ids that were given. */
  readonly example?: number;
  /** How many held-out examples there are. */
  readonly examples?: number;
  /** Labels by id, for small vocabularies. */
  readonly vocabulary?: readonly string[];
  readonly tokens: readonly Token[];
  /** What should be answered at the last scored position. */
  readonly target?: Token & { readonly position: number };
}

/** Largest vocabulary that is listed. */
const LISTED = 1000;

export function exampleOf({ model, data }: ExampleRequest, input: Input): Example {
  return {
    layers: model.layers.map(({ index, mixer }) => ({ index, mixer })),
    ...(input.example === undefined ? {} : { example: input.example, examples: input.examples }),
    ...vocabularyOf(model, data),
    tokens: input.tokens,
    ...(input.target === undefined
      ? {}
      : { target: { position: input.position, ...labelled(model, data, input.target) } }),
  };
}

export interface Input {
  readonly length: number;
  readonly values: Int32Array | Float32Array;
  readonly tokens: readonly Token[];
  readonly example?: number;
  readonly examples?: number;
  readonly target?: number;
  /** The last scored position. */
  readonly position: number;
}

/** @throws RangeError for an example or ids that do not exist */
export function inputOf({ model, data, example = 0, ids }: ExampleRequest): Input {
  const { input } = model.data;
  if (input.kind === 'tokens' && input.documents !== undefined) {
    throw new RangeError('Models that compare two documents cannot be looked into.');
  }
  const label = (id: number): Token => ({ id, label: data?.label(id) ?? String(id) });
  if (ids !== undefined) {
    if (input.kind !== 'tokens')
      throw new RangeError('This model takes vectors, not ids; choose an example.');
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= input.vocab_size);
    if (ids.length === 0) throw new RangeError('Give at least one id.');
    if (wrong !== undefined)
      throw new RangeError(`There is no id ${wrong}; ids are 0 … ${input.vocab_size - 1}.`);
    const { length } = ids;
    return { length, values: Int32Array.from(ids), tokens: ids.map(label), position: length - 1 };
  }
  if (data === undefined)
    throw new RangeError(
      'This checkpoint comes without data and without a tokenizer: type the tokens, or give them with --ids.',
    );
  const examples = data.count('validation');
  if (!Number.isInteger(example) || example < 0 || example >= examples) {
    throw new RangeError(`There is no example ${example}; held-out examples are 0 … ${examples - 1}.`);
  }
  const batch = data.heldOut('validation', example, 1);
  const { length } = model;
  const tokens =
    input.kind === 'tokens'
      ? Array.from(batch.inputs, label)
      : Array.from({ length }, (_, position) => ({ label: String(position) }));
  const scored = model.data.target.kind === 'values' ? -1 : batch.targets.findLastIndex((id) => id >= 0);
  return {
    length,
    values: batch.inputs,
    tokens,
    example,
    examples,
    ...(scored < 0 ? {} : { target: batch.targets[scored]! }),
    position: scored < 0 ? length - 1 : length - batch.targets.length + scored,
  };
}

/** A target: a class, or a token. */
export function labelled(model: Model, data: Dataset | undefined, id: number): Required<Token> {
  const name = model.data.target.kind === 'class' ? data?.targetLabel(id) : data?.label(id);
  return { id, label: name ?? String(id) };
}

/** The most likely answer at the last scored position. */
export function predictionOf(
  model: Model,
  data: Dataset | undefined,
  logits: Float32Array,
  { length, position }: Input,
): { prediction?: Required<Token> & { position: number; probability: number } } {
  if (model.data.target.kind === 'values') return {};
  const end = logits.length - (length - 1 - position) * model.rows;
  const row = logits.subarray(end - model.rows, end);
  const best = row.reduce((winner, value, id) => (value > row[winner]! ? id : winner), 0);
  const total = row.reduce((sum, value) => sum + Math.exp(value - row[best]!), 0);
  return { prediction: { position, ...labelled(model, data, best), probability: 1 / total } };
}

function vocabularyOf(model: Model, data: Dataset | undefined): { vocabulary?: string[] } {
  const { input } = model.data;
  if (data === undefined || input.kind !== 'tokens' || input.vocab_size > LISTED) return {};
  return { vocabulary: Array.from({ length: input.vocab_size }, (_, id) => data.label(id)) };
}
