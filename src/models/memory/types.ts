/** @file What is asked about the memory of training, and the answer. */
import type { ModelConfig, TaskConfig, TrainConfig } from '../config';
import type { ModelData } from '../types';

export interface TrainingMemory {
  /** Weights, gradients and the optimiser's states, bytes. */
  readonly parameters: number;
  /** What the training step computes and keeps on its way, and an evaluation batch, bytes. */
  readonly activations: number;
  /** The program itself, and its plans of the graphs, bytes. */
  readonly program: number;
  /** What probes of training take, bytes. */
  readonly probes: number;
  readonly total: number;
}

export interface MemoryRequest {
  readonly model: ModelConfig;
  readonly task: TaskConfig;
  readonly data: ModelData;
  readonly train: TrainConfig;
  /** Examples per evaluation. */
  readonly evaluated: number;
  /** Threads that train a part of every batch; 1 unless given. */
  readonly shards?: number;
  /** A GPU has memory of its own, without the program in it; the CPU unless given. */
  readonly target?: 'cpu' | 'webgpu';
}

/**
 * Memory that an evaluation takes for every byte that lives at one time: the allocator gives away blocks of up to
 * twice the size asked for. In training nearly all is kept, and each tensor has a block of its own.
 */
export const EVALUATION = 1.5;
