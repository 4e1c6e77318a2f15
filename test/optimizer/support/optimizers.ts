/** @file The update rules for one element, one float32 rounding per operation, and the settings that tests use. */
import { trainSchema } from '../../../src/models/config';
import type { OptimizerConfig, ParameterInfo } from '../../../src/optimizer';

const f = Math.fround;

/** Groups of every kind: decay or not, a rate and a decay of their own, a factor. */
export const parameters = new Map<string, ParameterInfo>([
  ['embedding.weight', { shape: [13, 5], decay: true }],
  ['norm.weight', { shape: [5], decay: false }],
  ['out.weight', { shape: [3, 7], decay: true }],
  ['A_log', { shape: [6], decay: false, lr: 1e-3 }],
  ['B', { shape: [2, 3], decay: false, weightDecay: 0.02 }],
  ['dt.bias', { shape: [1], decay: false, lrScale: 0.1 }],
]);

export const train = (optimizer: object, rest: object = {}) => trainSchema.parse({ ...rest, optimizer });

export const optimizers: [string, OptimizerConfig][] = (
  [
    ['AdamW', { name: 'adamw', lr: 1e-2 }],
    ['Adam', { name: 'adam', lr: 1e-2, betas: [0.9, 0.999] }],
    ['SGD with momentum', { name: 'sgd', lr: 1e-2, momentum: 0.9 }],
    ['SGD with Nesterov momentum', { name: 'sgd', lr: 1e-2, momentum: 0.8, nesterov: true }],
    ['plain SGD', { name: 'sgd', lr: 1e-2, momentum: 0 }],
  ] as const
).map(([name, settings]) => [name, train(settings).optimizer]);

/** Parameter and states of one element. */
export interface Element {
  p: number;
  states: number[];
}

/** One update as the documentation of `torch.optim` gives it. */
export function plainUpdate(
  o: OptimizerConfig,
  element: Element,
  given: number,
  { step, rate, decay }: { step: number; rate: number; decay: number },
): void {
  const [beta1, beta2] = o.betas;
  const g = o.name === 'adamw' ? given : f(given + f(element.p * f(decay)));
  if (o.name === 'sgd') {
    const moved = f(f(element.states[0]! * f(o.momentum)) + g);
    element.states = [moved];
    element.p = f(element.p - f((o.nesterov ? f(g + f(moved * f(o.momentum))) : moved) * f(rate)));
    return;
  }
  const m = f(f(element.states[0]! * f(beta1)) + f(g * f(1 - beta1)));
  const v = f(f(element.states[1]! * f(beta2)) + f(f(g * f(1 - beta2)) * g));
  const root = f(f(f(Math.sqrt(v)) * f(1 / Math.sqrt(1 - beta2 ** step))) + f(o.eps));
  const change = f(f(m * f(rate / (1 - beta1 ** step))) / root);
  element.states = [m, v];
  element.p = f((o.name === 'adamw' ? f(element.p * f(1 - rate * decay)) : element.p) - change);
}
