/** @file Evaluation on held-out examples: mean loss and accuracy, in batches of one fixed size. */
import type { Batch, Dataset } from '../../data/define';

export interface Evaluation {
  readonly split: 'validation' | 'test';
  /** Mean loss per example in nats. */
  readonly loss: number;
  /** Share of right targets. */
  readonly accuracy: number;
  readonly examples: number;
  /** Derived from the loss and the data's facts, for example `bits_per_byte`. */
  readonly [fact: string]: number | string;
}

/** Losses and right targets of one batch. */
export type BatchScores = (batch: Batch) => Promise<{
  /** Mean nats per example. */
  readonly losses: Float32Array;
  /** Share of right targets per example. */
  readonly accuracies: Float32Array;
}>;

/** Repeats the last example until the batch has `size` of them. */
export function padBatch(batch: Batch, size: number): Batch {
  if (batch.size === size) return batch;
  const widen = <T extends Int32Array | Float32Array>(values: T): T => {
    const each = values.length / batch.size;
    const padded = new (values.constructor as new (length: number) => T)(each * size);
    padded.set(values);
    for (let row = batch.size; row < size; row++) padded.set(values.subarray(-each), row * each);
    return padded;
  };
  return { inputs: widen(batch.inputs), targets: widen(batch.targets), size };
}

/**
 * @param examples at most this many, from the start of the split
 * @param batchSize size of the compiled graph's batch
 */
export async function evaluate(
  data: Dataset,
  split: 'validation' | 'test',
  examples: number,
  batchSize: number,
  scores: BatchScores,
): Promise<Evaluation> {
  const count = Math.min(examples, data.count(split));
  let loss = 0;
  let accuracy = 0;
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    const found = await scores(padBatch(data.heldOut(split, start, size), batchSize));
    for (let row = 0; row < size; row++) {
      loss += found.losses[row]!;
      accuracy += found.accuracies[row]!;
    }
  }
  return {
    split,
    loss: loss / count,
    accuracy: accuracy / count,
    examples: count,
    ...facts(data, loss / count),
  };
}

/** A loss in nats per token as bits per byte, where the data says how many bytes a token stands for. */
function facts(data: Dataset, loss: number): Record<string, number> {
  const bytes = data.facts['bytes_per_token'];
  return { ...data.facts, ...(bytes === undefined ? {} : { bits_per_byte: loss / Math.LN2 / bytes }) };
}
