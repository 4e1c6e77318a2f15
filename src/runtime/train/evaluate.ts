/** @file Evaluation on held-out examples: mean loss and accuracy, in batches of one fixed size. */
import type { Batch, Dataset } from '../../data/define';
import { compile } from '../../graph';
import type { Model } from '../../models';
import { batchFeeds, onlyInputs } from '../engine/feeds';
import { openSession, type Feed } from '../ort';

export type HeldOut = 'validation' | 'test';

export interface Evaluation {
  readonly split: HeldOut;
  /** Mean loss per target in nats. */
  readonly loss: number;
  /** Share of right targets. */
  readonly accuracy: number;
  readonly examples: number;
  /** Derived from the loss and the data's facts, for example `bits_per_byte`. */
  readonly [fact: string]: number | string;
}

/** Scores of one batch, per example. */
export interface BatchScores {
  /** Mean nats per target. */
  readonly losses: Float32Array;
  /** Right targets. */
  readonly correct: Float32Array;
}

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
 * @param batchSize examples per call of `scores`; the last batch is padded
 * @param targets per example
 */
export async function evaluate(
  data: Dataset,
  split: HeldOut,
  examples: number,
  batchSize: number,
  targets: number,
  scores: (batch: Batch) => Promise<BatchScores>,
): Promise<Evaluation> {
  const count = Math.min(examples, data.count(split));
  let loss = 0;
  let correct = 0;
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    const found = await scores(padBatch(data.heldOut(split, start, size), batchSize));
    for (let row = 0; row < size; row++) {
      loss += found.losses[row]!;
      correct += found.correct[row]!;
    }
  }
  loss /= count;
  return { split, loss, accuracy: correct / (count * targets), examples: count, ...facts(data, loss) };
}

/** The data's facts, and the loss as bits per byte where they say how many bytes a token stands for. */
function facts(data: Dataset, loss: number): Record<string, number> {
  const { bytes_per_token: bytes, ...shown } = data.facts;
  return { ...(bytes === undefined ? {} : { bits_per_byte: loss / Math.LN2 / bytes }), ...shown };
}

/** A compiled evaluation graph with its session. */
export class Evaluator {
  private constructor(
    readonly batchSize: number,
    readonly targets: number,
    readonly scores: (batch: Batch, parameters: Readonly<Record<string, Feed>>) => Promise<BatchScores>,
    readonly release: () => Promise<void>,
  ) {}

  static async open(
    model: Model,
    length: number,
    batchSize: number,
    options: { readonly device: string; readonly threads: number },
  ): Promise<Evaluator> {
    const target = options.device === 'cpu' ? 'cpu' : 'webgpu';
    const compiled = compile(model.evaluation(batchSize, length), { target });
    const session = await openSession(compiled, { device: target, threads: options.threads });
    return new Evaluator(
      batchSize,
      model.targets(length),
      async (batch, parameters) => {
        const feeds = { ...onlyInputs<Feed>(compiled, parameters), ...batchFeeds(compiled, batch) };
        const found = await session.run(feeds);
        return { losses: found['losses'] as Float32Array, correct: found['correct'] as Float32Array };
      },
      () => session.release(),
    );
  }

  /** Scores the first `examples` of a split. */
  run(
    data: Dataset,
    split: HeldOut,
    examples: number,
    parameters: Readonly<Record<string, Feed>>,
  ): Promise<Evaluation> {
    return evaluate(data, split, examples, this.batchSize, this.targets, (batch) =>
      this.scores(batch, parameters),
    );
  }
}
