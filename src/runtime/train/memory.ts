/** @file What a run needs in memory: said before it begins, and what to do when it was not there. */
import type { Dataset } from '../../data/define';
import { memoryNeed } from '../../graph';
import { resolvedCheckpointing, trainingMemory, type MemoryRequest, type Model } from '../../models';
import type { RunConfig, TrainConfig } from '../../models/config';
import type { ComputeDevice } from '../devices';
import { memoryOf } from '../../util/device-memory';
import { TensorTooLarge } from '../ort';

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(2)} GB`;

export interface MemoryPlan {
  /** With `activation_checkpointing` decided. */
  readonly train: TrainConfig;
  /** One clause for the log. */
  readonly shown: string;
}

/**
 * Decides what `auto` leaves open. Where nobody tells how much memory a GPU has, it is taken to be enough.
 * @param shards threads that train a part of every batch
 * @param memory bytes that a device has
 */
export function planMemory(
  config: RunConfig,
  data: Dataset,
  device: ComputeDevice,
  shards: number,
  memory = memoryOf,
): MemoryPlan {
  const { model, task, train } = config;
  const evaluated = config.eval.examples;
  const own = device !== 'cpu';
  const target = own ? 'webgpu' : 'cpu';
  const request: MemoryRequest = { model, task, data: data.shape, train, evaluated, shards, target };
  const available = memory(own ? 'gpu' : 'cpu') ?? Infinity;
  const activation_checkpointing = resolvedCheckpointing(request, available);
  const decided: TrainConfig = { ...train, activation_checkpointing };
  const { total } = trainingMemory({ ...request, train: decided });
  const saving = activation_checkpointing === 'blocks' ? ' with activation checkpointing' : '';
  const whose =
    own && available < Infinity ? `the GPU’s ${gigabytes(available)}` : own ? 'GPU memory' : 'memory';
  return { train: decided, shown: `about ${gigabytes(total)} of ${whose}${saving}` };
}

/** Bytes of the largest tensor of an evaluation on a GPU: all logits of a batch, unless they are more. */
const LARGEST_SCORED = 2 ** 30;

/** Examples that a GPU scores at a time: `wanted`, or half of them and so on while a tensor would be too large. */
export function boundBatch(model: Model, wanted: number): number {
  let batch = wanted;
  while (batch > 1) {
    const { largest } = memoryNeed(Object.values(model.evaluation(batch)), { target: 'webgpu' });
    if (largest <= LARGEST_SCORED) break;
    batch = Math.ceil(batch / 2);
  }
  return batch;
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

const SIGNS = new RegExp(
  [
    'bad_alloc|failed to allocate|could not allocate|allocation failed|out of memory|array buffer alloc',
    // WebGPU: a buffer that could not be made is noticed where it is bound, one in too many parts where it is used.
    'Invalid Buffer .* previous error|Too many storage buffers|Failed to create GPU buffer',
  ].join('|'),
  'i',
);

/** An error that says that memory has run out, with what to do about it; others as they are. */
export function explainMemory(
  error: unknown,
  { train }: Pick<RunConfig, 'train'>,
  device: ComputeDevice = 'cpu',
): unknown {
  const large = error instanceof TensorTooLarge;
  if (!(error instanceof Error) || !(large || SIGNS.test(error.message))) return error;
  const owner = device === 'cpu' ? 'this machine' : 'the GPU';
  const problem = large ? error.message : `The memory of ${owner} does not suffice.`;
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
  return new Error(`${problem} Try ${advice.join(', or ')}.`, { cause: error });
}
