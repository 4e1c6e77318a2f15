/** @file Gradients of several micro-batches, added up one after the other. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { GRADIENT, NEXT } from './types';
import { lossBehind } from './update-graph';

/** Prefix of the sums of gradients over micro-batches. */
export const SUM = 'sum.';
/** 1 at the first micro-batch of a step, else 0. */
export const FIRST = 'first';

/**
 * The loss, and the sums with the gradients of one more micro-batch, or its gradients alone where it is the first.
 * @param graph `loss` and `grad.<parameter>` of a training step
 * @param sums inputs, by parameter
 */
export function sumGraph(
  graph: Readonly<Record<string, Tensor>>,
  sums: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const first = g.greater(g.input(FIRST, []), 0.5);
  const outputs: Record<string, Tensor> = {};
  // From the last parameter to the first, as the backward pass finds them; see `updateGraph`.
  for (const [name, sum] of [...sums].reverse()) {
    const gradient = graph[GRADIENT + name]!;
    outputs[NEXT + SUM + name] = g.where(first, gradient, g.add(sum, gradient));
  }
  return { loss: lossBehind(graph['loss']!, Object.values(outputs).at(-1)!), ...outputs };
}
