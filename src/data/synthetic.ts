/** @file Generated data: fresh examples for every training step, fixed held-out examples from streams of their own. */
import { Random } from '../util/random';
import type { Batch, DataShape, Dataset, Split } from './define';

/** Validation examples; there is no test split. None is stored: example 9,999 costs as much as example 0. */
const HELD_OUT = 10_000;

export interface Generator {
  readonly name: string;
  readonly shape: DataShape;
  readonly hash: string;
  readonly seed: number;
  /** Tokens that answer, at the end of an example. */
  readonly answers: number;
  /** Writes one example: its inputs from `inputs[at]` on, its answers from `targets[answerAt]` on. */
  example(random: Random, inputs: Int32Array, at: number, targets: Int32Array, answerAt: number): void;
  label(id: number): string;
}

export function syntheticDataset(generator: Generator): Dataset {
  const { name, shape, hash, seed, answers, label } = generator;
  const { length } = shape;
  const batch = (size: number, streamOf: (row: number) => Random): Batch => {
    const inputs = new Int32Array(size * length);
    const targets = new Int32Array(size * answers);
    for (let row = 0; row < size; row++) {
      generator.example(streamOf(row), inputs, row * length, targets, row * answers);
    }
    return { inputs, targets, size };
  };
  const count = (split: Split): number => (split === 'validation' ? HELD_OUT : 0);
  return {
    shape,
    hash,
    trainBatch(step, batchSize) {
      const random = new Random(seed, name, 'train', step);
      return batch(batchSize, () => random);
    },
    count,
    heldOut(split, start, size) {
      if (start < 0 || size < 0 || start + size > count(split)) {
        throw new RangeError(
          `${split} examples ${start} … ${start + size - 1} of ${count(split)} do not exist`,
        );
      }
      return batch(size, (row) => new Random(seed, name, split, start + row));
    },
    label,
    targetLabel: label,
    facts: {},
  };
}
