/**
 * @file One optimiser step on a device with memory of its own, as the graphs that its engine compiles and the estimate of
 * memory counts. A step of one micro-batch is one graph; with several, one adds their gradients and another updates.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { UpdateConfig } from '../config';
import type { ParameterInfo } from '../groups';
import { updateRule } from '../rules';
import { GRADIENT, NEXT, SUM } from './names';
import { sumGraph } from './sum';
import { updateGraph, type UpdateGraph } from './update';

type Outputs = Readonly<Record<string, Tensor>>;

export interface StepGraphs extends Pick<UpdateGraph, 'scalars'> {
  /**
   * What ends a step: `grad_norm` and `next.<input>` for every parameter and state; `loss` and `next.<buffer>` where it
   * is the whole step.
   */
  readonly update: Outputs;
  /** One more micro-batch where there are several: `loss`, `next.sum.<parameter>` and `next.<buffer>`. */
  readonly add?: Outputs;
  /** A frozen parameter has no gradient, and neither sums nor states. */
  readonly trained: ReadonlyMap<string, ParameterInfo>;
  /** Names of what changes without a gradient. */
  readonly buffers: readonly string[];
  /** Names of the optimiser's states. */
  readonly states: readonly string[];
}

/**
 * @param program of a training step: `loss`, `grad.<parameter>` of all that is not frozen, `next.<buffer>`
 * @param train `accumulate`: micro-batches of a step
 */
export function stepGraphs(
  program: Outputs,
  parameters: ReadonlyMap<string, ParameterInfo>,
  train: UpdateConfig & { readonly accumulate: number },
): StepGraphs {
  const accumulating = train.accumulate > 1;
  const names = [...parameters.keys()];
  const trained = new Map([...parameters].filter(([name]) => program[GRADIENT + name] !== undefined));
  const sums = new Map(
    [...trained].map(([name, { shape }]): [string, Tensor] => [
      name,
      accumulating ? g.input(SUM + name, shape) : program[GRADIENT + name]!,
    ]),
  );
  const { outputs, scalars } = updateGraph(sums, trained, train);
  // Only a graph's result stays on the device, so that frozen ones are handed through.
  const frozen = Object.fromEntries(
    names
      .filter((name) => !trained.has(name))
      .map((name) => [NEXT + name, g.input(name, parameters.get(name)!.shape)]),
  );
  const buffers = names.filter((name) => program[NEXT + name] !== undefined);
  const moved = Object.fromEntries(buffers.map((name) => [NEXT + name, program[NEXT + name]!]));
  const loss = (done: Tensor): Tensor => lossBehind(program['loss']!, done);
  const found = { scalars, trained, buffers, states: updateRule(train.optimizer).states };
  if (!accumulating) {
    return { ...found, update: { ...outputs, ...frozen, loss: loss(outputs['grad_norm']!), ...moved } };
  }
  const summed = sumGraph(program, sums);
  // Micro-batches that are added up move the buffers on themselves.
  const add = { loss: loss(Object.values(summed).at(-1)!), ...summed, ...moved };
  return { ...found, update: { ...outputs, ...frozen }, add };
}

/**
 * A loss that is only known once `done` is, which is made before it. Of the results that nobody reads a runtime computes
 * the one that was made first first: what loss and gradients are both computed from would wait for the gradients, the
 * logits of a large vocabulary among them.
 */
const lossBehind = (loss: Tensor, done: Tensor): Tensor => g.behind(loss, [done]);
