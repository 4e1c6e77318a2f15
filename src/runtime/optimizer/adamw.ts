/**
 * @file AdamW with decoupled weight decay (Loshchilov & Hutter, 2019) over a `ParameterMemory`, in the
 * operation order of `torch.optim.AdamW`, with clipping by the global norm as `clip_grad_norm_` does it.
 */
import type { ParameterMemory } from './memory';

export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly weight_decay: number;
  readonly eps: number;
  /** Largest global gradient 2-norm; 0 switches clipping off. */
  readonly clip: number;
}

/** Factor on the gradients: min(1, clip / (norm + 1e-6)). */
export function clipCoefficient(norm: number, clip: number): number {
  return clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1;
}

export class AdamW {
  constructor(
    readonly memory: ParameterMemory,
    readonly options: AdamWOptions,
  ) {}

  /** Adds the gradients of one micro-batch to the sums; `first` starts a new sum. */
  accumulate(first: boolean): void {
    const { memory } = this;
    const sums = memory.base('sums');
    const gradients = memory.base('gradients');
    if (memory.regionBytes === 0 || sums === gradients) return;
    if (first) {
      for (const [name, view] of memory.views.sums) view.set(memory.views.gradients.get(name)!);
    } else {
      memory.loops.accumulate(sums, sums + memory.regionBytes, gradients);
    }
  }

  /** Global 2-norm of the averaged gradient, before clipping; NaN or Infinity when any entry is. */
  gradientNorm(microBatches = 1): number {
    const { memory } = this;
    if (memory.regionBytes === 0) return 0;
    const start = memory.base('sums');
    return Math.sqrt(memory.loops.sumOfSquares(start, start + memory.regionBytes)) / microBatches;
  }

  /**
   * One update in place.
   * @param step number of this update, from 1: decides the bias corrections
   * @param lr learning rate of this step
   * @param norm what `gradientNorm` returned
   */
  update(step: number, lr: number, norm: number, microBatches = 1): void {
    const { memory, options } = this;
    const [beta1, beta2] = options.betas;
    const gradientScale = clipCoefficient(norm, options.clip) / microBatches;
    const correction1 = 1 - beta1 ** step;
    const rootCorrection = 1 / Math.sqrt(1 - beta2 ** step);
    for (const { start, end, decay, lrScale } of memory.groups) {
      const rate = lr * lrScale;
      memory.loops.adamw(
        memory.base('parameters') + start,
        memory.base('parameters') + end,
        memory.base('sums') + start,
        memory.base('moments1') + start,
        memory.base('moments2') + start,
        decay ? 1 - rate * options.weight_decay : 1,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        rootCorrection,
        options.eps,
        rate / correction1,
        gradientScale,
      );
    }
  }
}
