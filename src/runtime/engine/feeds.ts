/** @file Feeding compiled graphs: a graph asks only for the inputs that its outputs depend on. */
import type { Batch } from '../../data/define';
import type { Compiled } from '../../graph';

/** Names of the graph inputs that carry a batch. */
const INPUTS = 'inputs';
const TARGETS = 'targets';

export const isOfBatch = (name: string): boolean => name === INPUTS || name === TARGETS;

/** The entries of `feeds` that the graph has an input for. */
export function onlyInputs<T>(
  compiled: Pick<Compiled, 'inputs'>,
  feeds: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(
    compiled.inputs.flatMap(({ name }) => (Object.hasOwn(feeds, name) ? [[name, feeds[name]!]] : [])),
  );
}

export function batchFeeds(
  compiled: Pick<Compiled, 'inputs'>,
  batch: Batch,
): Record<string, Float32Array | Int32Array> {
  return onlyInputs<Float32Array | Int32Array>(compiled, {
    [INPUTS]: batch.inputs,
    [TARGETS]: batch.targets,
  });
}

/**
 * What a graph with dropout draws from: the run's seed, and a counter of micro-batches that a resumed run continues.
 * @param step of the optimiser, from 1
 * @param index of the micro-batch of `count` in the step
 */
export const randomFeeds = (
  compiled: Pick<Compiled, 'inputs'>,
  seed: number,
  { step, index, count }: { readonly step: number; readonly index: number; readonly count: number },
): Record<string, Int32Array> =>
  onlyInputs(compiled, {
    'random.key': Int32Array.of(seed, Math.floor(seed / 2 ** 32)),
    'random.step': Int32Array.of((step - 1) * count + index),
  });
