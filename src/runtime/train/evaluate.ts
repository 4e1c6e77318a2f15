/** @file Evaluation on held-out examples: mean loss and the task's metrics, in batches of one fixed size. */
import type { Batch, Dataset } from '../../data/define';
import type { Model } from '../../models';
import { IGNORED } from '../../util/ignored';
import type { Feed } from '../ort';
import { openEvaluationGraph, type EvaluationGraph, type Scores } from './evaluation-graph';

export type HeldOut = 'validation' | 'test';

export interface Evaluation {
  readonly split: HeldOut;
  /** Mean loss per target: nats, or the error that a regression lowers. */
  readonly loss: number;
  /** Share of right targets; absent in a regression, which has `mse` and `mae`. */
  readonly accuracy?: number;
  readonly examples: number;
  /**
   * `layers.<k>.rms`, where asked for, the size of the residual stream in front of layer k; `layers.<k>.dead` and
   * `.saturated`, shares of its gates and steps; `layers.<k>.active`, of tokens that `sma` activates;
   * `exact_match`, the share of examples with every answer right; what is derived from the loss and the data's facts,
   * for example `bits_per_byte`.
   */
  readonly [fact: string]: number | string | undefined;
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
 * @param exact whether to count the examples that are right as a whole
 */
export async function evaluate(
  data: Dataset,
  split: HeldOut,
  examples: number,
  batchSize: number,
  exact: boolean,
  scores: Scores,
): Promise<Evaluation> {
  const all = Math.min(examples, data.count(split));
  const sums = new Map<string, number>();
  const count = (name: string, value: number): void => void sums.set(name, (sums.get(name) ?? 0) + value);
  let targets = 0;
  for (let start = 0; start < all; start += batchSize) {
    const size = Math.min(batchSize, all - start);
    const batch = data.heldOut(split, start, size);
    const found = await scores(padBatch(batch, batchSize));
    const asked = targetsOf(batch);
    for (let row = 0; row < size; row++) {
      for (const [name, values] of Object.entries(found)) count(name, values[row]!);
      targets += asked[row]!;
      count('exact', Number(found['correct']?.[row] === asked[row]));
    }
  }
  const { losses, correct, exact: whole, ...means } = Object.fromEntries(sums) as Record<string, number>;
  const loss = losses! / all;
  return {
    split,
    loss,
    ...(correct === undefined ? {} : { accuracy: correct / targets }),
    ...(exact ? { exact_match: whole! / all } : {}),
    ...Object.fromEntries(Object.entries(means).map(([name, sum]) => [name, sum / all])),
    examples: all,
    ...facts(data, loss),
  };
}

/** Targets of each example that are asked for. */
function targetsOf({ targets, size }: Batch): number[] {
  const each = targets.length / size;
  return Array.from({ length: size }, (_, row) => {
    let asked = 0;
    for (let i = row * each; i < (row + 1) * each; i++) if (targets[i] !== IGNORED) asked++;
    return asked;
  });
}

/** The data's facts, and the loss as bits per byte where they say how many bytes a token stands for. */
function facts(data: Dataset, loss: number): Record<string, number> {
  const { bytes_per_token: bytes, ...shown } = data.facts;
  return { ...(bytes === undefined ? {} : { bits_per_byte: loss / Math.LN2 / bytes }), ...shown };
}

/** A model opened for evaluation. */
export class Evaluator {
  private constructor(
    readonly batchSize: number,
    /** Whether an example has several answers that are right or wrong together. */
    readonly exact: boolean,
    readonly graph: EvaluationGraph,
  ) {}

  static async open(
    model: Model,
    length: number,
    batchSize: number,
    options: { readonly device: string; readonly threads: number; readonly activations?: boolean },
  ): Promise<Evaluator> {
    const graph = await openEvaluationGraph((examples) => model.evaluation(examples, length, options), {
      ...{ batchSize, device: options.device, threads: options.threads },
      parameterCount: model.parameterCount,
    });
    return new Evaluator(batchSize, model.task.type === 'answer' && model.targets(length) > 1, graph);
  }

  /** Scores the first `examples` of a split. */
  async run(
    data: Dataset,
    split: HeldOut,
    examples: number,
    parameters: Readonly<Record<string, Feed>>,
  ): Promise<Evaluation> {
    const scores = await this.graph.scoring(parameters);
    return evaluate(data, split, examples, this.batchSize, this.exact, scores);
  }

  release(): Promise<void> {
    return this.graph.release();
  }
}
