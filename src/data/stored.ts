/** @file Data sets of stored examples: every training example once per epoch, in an order that the seed decides. */
import { Random } from '../util/random';
import { blankBatch, type Numbers } from './batch';
import { DataError, type Batch, type DataProblem, type DataShape, type Dataset, type Split } from './define';

export interface Stored<Inputs extends Numbers = Int32Array, Targets extends Numbers = Int32Array> {
  readonly name: string;
  readonly shape: DataShape;
  readonly hash: string;
  readonly seed: number;
  readonly counts: Readonly<Record<Split, number>>;
  /** Writes example `index` of a split. Both arrays begin as zeros and have the sizes that the shape gives. */
  example(split: Split, index: number, inputs: Inputs, targets: Targets): void;
  label(id: number): string;
  targetLabel(id: number): string;
  readonly facts?: Dataset['facts'];
  readonly grid?: Dataset['grid'];
}

interface Classed<Item, Inputs extends Numbers> extends Pick<
  Stored<Inputs>,
  'name' | 'shape' | 'hash' | 'seed' | 'grid'
> {
  readonly splits: Readonly<Record<Split, readonly Item[]>>;
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** Writes the inputs of an item into zeros. */
  write(item: Item, inputs: Inputs): void;
  /** How an input is shown; a number as itself unless given. */
  label?(id: number): string;
}

/** Items with a class each. */
export const classedDataset = <Item extends { readonly label: number }, I extends Numbers = Int32Array>({
  splits,
  classes,
  write,
  label = String,
  ...rest
}: Classed<Item, I>): Dataset =>
  storedDataset<I>({
    ...rest,
    counts: countsOf(splits),
    example(split, index, inputs, targets) {
      const item = splits[split][index]!;
      write(item, inputs);
      targets[0] = item.label;
    },
    label,
    targetLabel: (id) => classes[id] ?? String(id),
  });

/**
 * Numbers of classes by their names; `said` comes before a name that is none of them, for example `a.csv: row 2 is of the
 * class`.
 * @throws DataError at `classes`
 */
export function numbersOf(classes: readonly string[]): (name: string, said: string) => number {
  const numbers = new Map(classes.map((name, id) => [name, id]));
  return (name, said) => {
    const number = numbers.get(name);
    if (number !== undefined) return number;
    throw new DataError(`${said} ${name.slice(0, 40)}, which is not among the classes.`, ['classes']);
  };
}

export function storedDataset<I extends Numbers = Int32Array, T extends Numbers = Int32Array>(
  stored: Stored<I, T>,
): Dataset {
  const { name, shape, hash, seed, counts, facts = {}, grid } = stored;
  const pick = (split: Split, size: number, indexOf: (row: number) => number): Batch => {
    const { batch, rows } = blankBatch<I, T>(shape, size);
    rows.forEach(([inputs, targets], row) => stored.example(split, indexOf(row), inputs, targets));
    return batch;
  };
  // The order of an epoch costs a millisecond; the last two are kept, as a batch may lie across their border.
  const epochs = new Map<number, Uint32Array>();
  const orderOf = (epoch: number): Uint32Array => {
    let found = epochs.get(epoch);
    if (found === undefined) {
      found = new Random(seed, name, 'epoch', epoch).permutation(counts.train);
      if (epochs.size >= 2) epochs.delete(epochs.keys().next().value!);
      epochs.set(epoch, found);
    }
    return found;
  };
  return {
    shape,
    hash,
    trainBatch: (step, batchSize) =>
      pick('train', batchSize, (row) => {
        const drawn = step * batchSize + row;
        return orderOf(Math.floor(drawn / counts.train))[drawn % counts.train]!;
      }),
    count: (split) => counts[split],
    heldOut(split, start, size) {
      if (start < 0 || size < 0 || start + size > counts[split]) {
        throw new RangeError(`examples ${start} … ${start + size - 1} of ${counts[split]} do not exist`);
      }
      return pick(split, size, (row) => start + row);
    },
    label: (id) => stored.label(id),
    targetLabel: (id) => stored.targetLabel(id),
    facts,
    ...(grid ? { grid } : {}),
  };
}

interface Shares {
  readonly validation: number;
  readonly test: number;
}

/** @param suggestion share that tests */
export function shareProblems({ validation, test }: Shares, suggestion: number): DataProblem[] {
  if (validation + test < 1) return [];
  return [{ path: ['test'], message: '`validation` and `test` leave nothing to train on.', suggestion }];
}

/** A name that stands twice in an option that lists different ones: classes, columns. */
export function namedTwice(option: string, names: readonly string[]): DataProblem[] {
  const again = names.findIndex((name, i) => names.indexOf(name) < i);
  if (again < 0) return [];
  return [{ path: [option, again], message: `\`${option}\` names ${names[again]} twice.` }];
}

/**
 * Which of `count` items train, validate and test: shuffled alike for every seed, so that runs are compared fairly.
 * @param what the items are called
 * @throws DataError when none is left to train or to validate
 */
export function splitItems(
  name: string,
  count: number,
  shares: Shares,
  what: string,
): Readonly<Record<Split, readonly number[]>> {
  const order = Array.from(new Random(0, name, 'split').permutation(count));
  const [validation, test] = [Math.round(count * shares.validation), Math.round(count * shares.test)];
  const splits = {
    validation: order.slice(0, validation),
    test: order.slice(validation, validation + test),
    train: order.slice(validation + test),
  };
  for (const split of ['train', 'validation'] as const) {
    if (splits[split].length > 0) continue;
    throw new DataError(`${count} ${what} are too few: none is left to ${split}.`, ['files']);
  }
  return splits;
}

export const countsOf = (
  splits: Readonly<Record<Split, { readonly length: number }>>,
): Readonly<Record<Split, number>> => ({
  train: splits.train.length,
  validation: splits.validation.length,
  test: splits.test.length,
});
