/** @file What a run needs in memory: said before it begins, and what to do when it was not there. */
import { totalmem } from 'node:os';
import type { Dataset } from '../../data/define';
import { memoryNeed } from '../../graph';
import { resolvedCheckpointing, trainingMemory, type MemoryRequest, type Model } from '../../models';
import type { RunConfig, TrainConfig } from '../../models/config';
import type { ComputeDevice } from '../devices';

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(2)} GB`;

export interface MemoryPlan {
  /** With `activation_checkpointing` decided. */
  readonly train: TrainConfig;
  /** One clause for the log. */
  readonly shown: string;
}

/**
 * Decides what `auto` leaves open. Devices have memory of their own, of which nothing is known here.
 * @param shards threads that train a part of every batch
 */
export function planMemory(
  config: RunConfig,
  data: Dataset,
  device: ComputeDevice,
  shards: number,
): MemoryPlan {
  const { model, task, train } = config;
  const evaluated = config.eval.examples;
  const request: MemoryRequest = { model, task, data: data.shape, train, evaluated, shards };
  const available = device === 'cpu' ? totalmem() : Infinity;
  const activation_checkpointing = resolvedCheckpointing(request, available);
  const decided: TrainConfig = { ...train, activation_checkpointing };
  const { total } = trainingMemory({ ...request, train: decided });
  const saving = activation_checkpointing === 'blocks' ? ' with activation checkpointing' : '';
  return { train: decided, shown: `about ${gigabytes(total)} of memory${saving}` };
}

/** Share of the memory that is free now which one evaluation may take: more only costs time to get the pages. */
const EVALUATION_SHARE = 0.25;

/**
 * Examples that can be scored at a time: `wanted`, or half of them and so on while their activations would not fit.
 * The scores do not depend on it.
 * @param free bytes
 */
export function affordableBatch(model: Model, wanted: number, free = process.availableMemory()): number {
  let batch = wanted;
  while (batch > 1) {
    const { peak } = memoryNeed(Object.values(model.evaluation(batch)), { target: 'cpu' });
    if (peak <= EVALUATION_SHARE * free) break;
    batch = Math.ceil(batch / 2);
  }
  return batch;
}

const SIGNS =
  /bad_alloc|failed to allocate|could not allocate|allocation failed|out of memory|array buffer alloc/i;

/** An error that says that memory has run out, with what to do about it; others as they are. */
export function explainMemory(error: unknown, { train }: Pick<RunConfig, 'train'>): unknown {
  if (!(error instanceof Error) || !SIGNS.test(error.message)) return error;
  const { batch_size: batch, accumulate, activation_checkpointing } = train;
  const advice = [
    ...(batch > 1
      ? [
          `train.batch_size: ${Math.ceil(batch / 2)} with train.accumulate: ${2 * accumulate}, which trains the same`,
        ]
      : []),
    ...(activation_checkpointing === 'blocks' ? [] : ['train.activation_checkpointing: blocks']),
    'a smaller d_model or fewer layers',
  ];
  return new Error(`The memory of this machine does not suffice. Try ${advice.join(', or ')}.`, {
    cause: error,
  });
}
