/**
 * @file Data parallelism on the CPU: a batch in equal parts, one per thread. A recurrence uses one core and small
 * operators gain nothing from more, while parts of a batch need nothing from each other before their gradients are
 * added.
 */
import type { Batch } from '../../data/define';
import { reachable, type Tensor } from '../../graph';
import { IGNORED } from '../../util/ignored';

/** Operators that look at all examples of a batch at once, or keep something of it: its parts would differ from the whole. */
const COUPLING: ReadonlySet<string> = new Set(['batchNorm', 'retain']);

export const couplesExamples = (graph: Readonly<Record<string, Tensor>>): boolean =>
  reachable(Object.values(graph)).some(({ operator }) => COUPLING.has(operator.name));

/** Every part has a copy of the parameters and gradients of its own; above so many it costs more than it gives. */
const MAX_PARAMETERS = 16e6;

/**
 * In how many parts a batch is trained: the largest divisor of its size that has a thread for every part.
 * @param parameters how many numbers the model has
 */
export function shardCount(threads: number, batchSize: number, parameters: number): number {
  if (parameters > MAX_PARAMETERS) return 1;
  let count = Math.max(1, Math.min(threads, batchSize));
  while (batchSize % count !== 0) count--;
  return count;
}

export interface Shard {
  readonly batch: Batch;
  /** Its share of the batch's targets; the mean over the batch is the sum of weight · mean over the shard. */
  readonly weight: number;
}

/** Consecutive examples of a batch in `count` equal parts, which share its memory. */
export function splitBatch(batch: Batch, count: number): Shard[] {
  const batches = Array.from({ length: count }, (_, index) => part(batch, index, count));
  const targets = batches.map(({ targets: ids }) => counted(ids));
  const all = targets.reduce((sum, n) => sum + n, 0);
  return batches.map((piece, index) => ({
    batch: piece,
    weight: all === 0 ? 1 / count : targets[index]! / all,
  }));
}

function part({ inputs, targets, size }: Batch, index: number, count: number): Batch {
  const of = <T extends Int32Array | Float32Array>(values: T): T => {
    const length = values.length / count;
    return values.subarray(index * length, (index + 1) * length) as T;
  };
  return { inputs: of(inputs), targets: of(targets), size: size / count };
}

function counted(targets: Int32Array | Float32Array): number {
  let count = 0;
  for (const target of targets) if (target !== IGNORED) count++;
  return count;
}
