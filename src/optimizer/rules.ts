/**
 * @file The update rules, each in both its forms side by side: nodes for a graph that updates on the device, and
 * the call of a WebAssembly loop for the CPU. Both round after the same operations, so their bits are the same.
 */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { OptimizerConfig } from './config';
import type { Loops } from './loops';

/** What changes from step to step, by name. */
export type Scalars<T> = Readonly<Record<string, T>>;

/** Where a group of parameters lies in the memory: byte addresses. */
export interface Addresses {
  readonly parameters: number;
  readonly end: number;
  readonly gradients: number;
  /** One per state of the rule. */
  readonly states: readonly number[];
}

export interface UpdateRule {
  /** Tensors kept per parameter from step to step, under PyTorch's names; they start at zero. */
  readonly states: readonly string[];
  /**
   * @param step number of the update, from 1
   * @param rate learning rate of the group at this step
   * @param decay weight decay of the group
   */
  scalars(step: number, rate: number, decay: number): Scalars<number>;
  /** @param gradient averaged and clipped */
  graph(
    parameter: Tensor,
    gradient: Tensor,
    states: readonly Tensor[],
    scalars: Scalars<Tensor>,
  ): { parameter: Tensor; states: readonly Tensor[] };
  /** @param gradientScale factor on the gradients: average and clipping */
  loop(loops: Loops, at: Addresses, scalars: Scalars<number>, gradientScale: number): void;
}

/** AdamW (Loshchilov & Hutter, 2019) and Adam with L2 (Kingma & Ba, 2015), as `torch.optim` computes them. */
function adam({ betas, eps }: OptimizerConfig, decoupled: boolean): UpdateRule {
  const [beta1, beta2] = betas;
  return {
    states: ['exp_avg', 'exp_avg_sq'],
    scalars: (step, rate, decay) => ({
      decay: decoupled ? 1 - rate * decay : decay,
      rootCorrection: 1 / Math.sqrt(1 - beta2 ** step),
      stepSize: rate / (1 - beta1 ** step),
    }),
    graph(parameter, given, [moment1, moment2], { decay, rootCorrection, stepSize }) {
      const gradient = decoupled ? given : g.add(given, g.mul(parameter, decay!));
      const kept = decoupled ? g.mul(parameter, decay!) : parameter;
      const m = g.add(g.mul(moment1!, beta1), g.mul(gradient, 1 - beta1));
      const v = g.add(g.mul(moment2!, beta2), g.mul(g.mul(gradient, 1 - beta2), gradient));
      const root = g.add(g.mul(g.sqrt(v), rootCorrection!), eps);
      return { parameter: g.sub(kept, g.div(g.mul(m, stepSize!), root)), states: [m, v] };
    },
    loop(loops, { parameters, end, gradients, states: [m, v] }, scalars, gradientScale) {
      const { decay, rootCorrection, stepSize } = scalars;
      loops[decoupled ? 'adamw' : 'adam'](
        ...([parameters, end, gradients, m!, v!, decay!, beta1, 1 - beta1, beta2, 1 - beta2] as const),
        ...([rootCorrection!, eps, stepSize!, gradientScale] as const),
      );
    },
  };
}

/** SGD with momentum (Sutskever et al., 2013), L2 in the gradient, as `torch.optim.SGD` without dampening. */
function sgd({ momentum, nesterov }: OptimizerConfig): UpdateRule {
  return {
    states: ['momentum_buffer'],
    scalars: (_step, rate, decay) => ({ decay, rate }),
    graph(parameter, given, [buffer], { decay, rate }) {
      const gradient = g.add(given, g.mul(parameter, decay!));
      const moved = g.add(g.mul(buffer!, momentum), gradient);
      const direction = nesterov ? g.add(gradient, g.mul(moved, momentum)) : moved;
      return { parameter: g.sub(parameter, g.mul(direction, rate!)), states: [moved] };
    },
    loop(loops, { parameters, end, gradients, states: [buffer] }, { decay, rate }, gradientScale) {
      loops[nesterov ? 'nesterov' : 'sgd'](
        ...([parameters, end, gradients, buffer!, decay!, momentum, rate!, gradientScale] as const),
      );
    },
  };
}

/** The rule of a config's optimiser. */
export function updateRule(optimizer: OptimizerConfig): UpdateRule {
  return optimizer.name === 'sgd' ? sgd(optimizer) : adam(optimizer, optimizer.name === 'adamw');
}
