/**
 * @file The optimiser of the CPU over a `ParameterMemory`: sums of micro-batches, clipping by the global norm as
 * PyTorch's `clip_grad_norm_` does it, and the rule's loop per group.
 */
import type { UpdateConfig } from './config';
import { parameterGroups, type ParameterInfo } from './groups';
import { ParameterMemory } from './memory';
import { updateRule, type UpdateRule } from './rules';

/** Number of an update, and the learning rates at it. */
export interface Update {
  /** From 1: decides the bias corrections. */
  readonly step: number;
  /** The learning rate at this step of a group whose peak is `peak`. */
  rate(peak: number): number;
  /** What the loss of a mixed-precision step is multiplied by; 1 unless given. */
  readonly lossScale?: number;
}

/** Factor on the gradients: min(1, clip / (norm + 1e-6)). */
export function clipCoefficient(norm: number, clip: number): number {
  return clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1;
}

export class Optimizer {
  readonly memory: ParameterMemory;
  readonly #rule: UpdateRule;
  readonly #clip: number;

  constructor(
    parameters: ReadonlyMap<string, ParameterInfo>,
    options: UpdateConfig & { readonly accumulating?: boolean },
  ) {
    const { optimizer, clip, accumulating = false } = options;
    this.#rule = updateRule(optimizer);
    this.#clip = clip;
    this.memory = new ParameterMemory(parameters, {
      groups: parameterGroups(parameters, optimizer),
      states: this.#rule.states,
      accumulating,
    });
  }

  /**
   * Adds the gradients of one micro-batch, or of a part of it, to the sums.
   * @param first starts a new sum
   * @param weight factor on the gradients
   */
  accumulate(first: boolean, weight = 1): void {
    const { loops, sums, gradients, regionBytes } = this.memory;
    if (regionBytes === 0 || sums === gradients) return;
    if (first) for (const view of sums.views.values()) view.fill(0);
    loops.accumulate(sums.base, sums.base + regionBytes, gradients.base, weight);
  }

  /**
   * Global 2-norm of the gradient, before clipping; NaN or Infinity when any entry is.
   * @param divisor of the sums: micro-batches times loss scale
   */
  gradientNorm(divisor = 1): number {
    const { loops, sums, regionBytes } = this.memory;
    if (regionBytes === 0) return 0;
    return Math.sqrt(loops.sumOfSquares(sums.base, sums.base + regionBytes)) / divisor;
  }

  /**
   * One update in place.
   * @param norm what `gradientNorm` returned
   */
  update({ step, rate }: Update, norm: number, divisor = 1): void {
    const { loops, spans, parameters, sums, states } = this.memory;
    const scale = clipCoefficient(norm, this.#clip) / divisor;
    for (const { start, end, lr, weightDecay } of spans) {
      const at = {
        parameters: parameters.base + start,
        end: parameters.base + end,
        gradients: sums.base + start,
        states: [...states.values()].map(({ base }) => base + start),
      };
      this.#rule.loop(loops, at, this.#rule.scalars(step, rate(lr), weightDecay), scale);
    }
  }
}
