/** @file What computes training steps, whatever the device. */
import type { Batch } from '../../data/define';
import type { Tensor } from '../../graph';
import type { TrainConfig } from '../../models/config';
import type { ParameterInfo, Update } from '../../optimizer';
import type { Feed, NodeTiming } from '../ort';

/** What an engine is made from. */
export interface EngineOptions {
  readonly parameters: ReadonlyMap<string, ParameterInfo>;
  /** Outputs of the training graph: `loss`, `grad.<parameter>` of all that is not frozen, `next.<buffer>`. */
  readonly graph: Readonly<Record<string, Tensor>>;
  readonly train: TrainConfig;
  readonly threads: number;
  /** Equal parts of a micro-batch that are computed side by side, each of the graph's size; 1 unless given. */
  readonly shards?: number;
  /** Seed of what the graph draws while it trains (dropout); 0 unless given. */
  readonly seed?: number;
  /**
   * Steps at the beginning of which every node is measured, which slows them; unless given, none on the CPU itself and
   * one elsewhere, to know what does not stay on the device.
   */
  readonly measuredSteps?: number;
}

/** Share of the measured steps that does not count: the first, unless it is the only one. */
export const warmUp = (measuredSteps: number): number => (measuredSteps > 1 ? 1 / measuredSteps : 0);

/** What one optimiser step found. */
export interface StepResult {
  /** Mean loss over the micro-batches, before the update. */
  readonly loss: number;
  /** Global 2-norm of the averaged gradient, before clipping. */
  readonly gradNorm: number;
  /** False when loss or gradient is not finite; parameters and buffers were then left as they were. */
  readonly finite: boolean;
}

/** Everything that a checkpoint keeps of an engine. Arrays may be views that the next step overwrites. */
export interface TrainingTensors {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** The optimiser's states by their names, then by parameter; frozen ones may have none. */
  readonly states: ReadonlyMap<string, ReadonlyMap<string, Float32Array>>;
}

export interface TrainingEngine {
  readonly device: string;
  readonly threads: number;
  /** Nodes of the training graph, for the log. */
  readonly nodes: number;
  /** Names of the optimiser's states, such as `exp_avg`. */
  readonly states: readonly string[];
  /** Nodes that left the device in the measured steps; undefined before these are done. Empty on the CPU itself. */
  fallbacks(): readonly string[] | undefined;
  /** Nodes of the measured steps behind the first, or of that where it is the only one. Empty before they are done. */
  timings(): readonly NodeTiming[];
  /** One optimiser step over micro-batches of equal size, each of which moves the buffers on. */
  step(batches: readonly Batch[], update: Update): Promise<StepResult>;
  /** Parameters as graph inputs for evaluation, by name. */
  parameterFeeds(): Readonly<Record<string, Feed>>;
  read(): Promise<TrainingTensors>;
  /** Replaces everything, from a checkpoint or an initialisation. States that are left out start at zero. */
  write(tensors: {
    readonly parameters: TrainingTensors['parameters'];
    readonly states?: TrainingTensors['states'];
  }): Promise<void>;
  release(): Promise<void>;
}
