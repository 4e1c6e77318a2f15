/** @file Generated data: fresh examples for every training step, fixed held-out examples from streams of their own. */
import { Random } from '../util/random';
import { blankBatch, type Numbers } from './batch';
import type { Batch, DataShape, Dataset, Split } from './define';

/** Validation examples; there is no test split. None is stored: example 9,999 costs as much as example 0. */
const HELD_OUT = 10_000;

export interface Generator<Inputs extends Numbers = Int32Array, Targets extends Numbers = Int32Array> {
  readonly name: string;
  readonly shape: DataShape;
  readonly hash: string;
  readonly seed: number;
  /** Writes one example. Both arrays begin as zeros and have the sizes that the shape gives. */
  example(random: Random, inputs: Inputs, targets: Targets, split: Split): void;
  label(id: number): string;
  /** Where targets are not tokens. */
  targetLabel?(id: number): string;
  readonly grid?: Dataset['grid'];
}

export function syntheticDataset<I extends Numbers = Int32Array, T extends Numbers = Int32Array>(
  generator: Generator<I, T>,
): Dataset {
  const { name, shape, hash, seed, grid } = generator;
  const draw = (size: number, split: Split, streamOf: (row: number) => Random): Batch => {
    const { batch, rows } = blankBatch<I, T>(shape, size);
    rows.forEach(([inputs, targets], row) => generator.example(streamOf(row), inputs, targets, split));
    return batch;
  };
  const count = (split: Split): number => (split === 'validation' ? HELD_OUT : 0);
  return {
    shape,
    hash,
    trainBatch(step, batchSize) {
      const random = new Random(seed, name, 'train', step);
      return draw(batchSize, 'train', () => random);
    },
    count,
    heldOut(split, start, size) {
      if (start < 0 || size < 0 || start + size > count(split)) {
        throw new RangeError(
          `${split} examples ${start} … ${start + size - 1} of ${count(split)} do not exist`,
        );
      }
      return draw(size, split, (row) => new Random(seed, name, split, start + row));
    },
    label: (id) => generator.label(id),
    targetLabel: (id) => (generator.targetLabel ?? generator.label)(id),
    facts: {},
    ...(grid ? { grid } : {}),
  };
}
