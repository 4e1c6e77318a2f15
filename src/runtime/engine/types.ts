/** @file What computes training steps, whatever the device. */
import type { Batch } from '../../data/define';
import type { Feed } from '../ort';

/** What one optimiser step found. */
export interface StepResult {
  /** Mean loss over the micro-batches, before the update. */
  readonly loss: number;
  /** Global 2-norm of the averaged gradient, before clipping. */
  readonly gradNorm: number;
  /** False when loss or gradient is not finite; the parameters were then left as they were. */
  readonly finite: boolean;
}

/** Everything that a checkpoint keeps of an engine. Arrays may be views that the next step overwrites. */
export interface TrainingTensors {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** First and second moment of the gradient. */
  readonly moments1: ReadonlyMap<string, Float32Array>;
  readonly moments2: ReadonlyMap<string, Float32Array>;
}

export interface TrainingEngine {
  readonly device: string;
  readonly threads: number;
  /** Nodes of the training graph, for the log. */
  readonly nodes: number;
  /** Nodes that left the device in the first step; undefined before it. Empty on the CPU itself. */
  fallbacks(): readonly string[] | undefined;
  /**
   * One optimiser step over micro-batches of equal size.
   * @param update number of the update from 1, and its learning rate
   */
  step(
    batches: readonly Batch[],
    update: { readonly step: number; readonly lr: number },
  ): Promise<StepResult>;
  /** Parameters as graph inputs for evaluation, by name. */
  parameterFeeds(): Readonly<Record<string, Feed>>;
  read(): Promise<TrainingTensors>;
  /** Replaces everything, from a checkpoint or an initialisation. */
  write(tensors: TrainingTensors): Promise<void>;
  release(): Promise<void>;
}
