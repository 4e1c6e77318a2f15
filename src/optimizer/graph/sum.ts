/** @file Gradients of several micro-batches, added up one after the other. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { FIRST, GRADIENT, NEXT, SUM } from './names';

/**
 * The sums with the gradients of one more micro-batch, or its gradients alone where it is the first.
 * @param program `grad.<parameter>` of a training step
 * @param sums inputs, by parameter
 */
export function sumGraph(
  program: Readonly<Record<string, Tensor>>,
  sums: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const first = g.greater(g.input(FIRST, []), 0.5);
  const outputs: Record<string, Tensor> = {};
  // From the last parameter to the first, as the backward pass finds them; see `updateGraph`.
  for (const [name, sum] of [...sums].reverse()) {
    const gradient = program[GRADIENT + name]!;
    outputs[NEXT + SUM + name] = g.where(first, gradient, g.add(sum, gradient));
  }
  return outputs;
}
