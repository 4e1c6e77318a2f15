/** @file Generated data: fresh examples for every training step, fixed held-out examples from streams of their own. */
import type * as z from 'zod';
import { Random } from '../../util/random';
import { blankBatch, type Numbers } from '../batch';
import {
  defineData,
  type Batch,
  type DataDefinition,
  type DataShape,
  type Dataset,
  type Split,
} from '../define';
import { dataDigest } from '../digest';

/** Validation examples; there is no test split. None is stored: example 9,999 costs as much as example 0. */
const HELD_OUT = 10_000;

/** How examples are drawn and shown. */
interface Drawn<Inputs extends Numbers, Targets extends Numbers> {
  /** Writes one example. Both arrays begin as zeros and have the sizes that the shape gives. */
  example(random: Random, inputs: Inputs, targets: Targets, split: Split): void;
  label(id: number): string;
  /** Where targets are not tokens. */
  targetLabel?(id: number): string;
  readonly grid?: Dataset['grid'];
}

interface Generator<Inputs extends Numbers, Targets extends Numbers> extends Drawn<Inputs, Targets> {
  readonly name: string;
  readonly shape: DataShape;
  readonly hash: string;
  readonly seed: number;
}

interface Task<S extends z.ZodObject, Inputs extends Numbers, Targets extends Numbers> extends Omit<
  DataDefinition<S>,
  'open' | 'derive'
> {
  generate(options: z.output<S>): Drawn<Inputs, Targets>;
}

/** A data set that is decided by its options and the seed alone. */
export const defineTask = <
  S extends z.ZodObject,
  I extends Numbers = Int32Array,
  T extends Numbers = Int32Array,
>({
  generate,
  ...definition
}: Task<S, I, T>): DataDefinition<S> =>
  defineData({
    ...definition,
    open: async (given, { seed }) => {
      const { name } = definition;
      const hash = dataDigest(name, given);
      return syntheticDataset({ ...generate(given), name, shape: definition.shape(given), hash, seed });
    },
  });

function syntheticDataset<I extends Numbers, T extends Numbers>(generator: Generator<I, T>): Dataset {
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
