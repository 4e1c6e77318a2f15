/**
 * @file State that a training step changes without a gradient, such as the running statistics of a batch norm. The
 * value that it takes is computed on the way of the forward pass, and hangs there: whatever rewrites the graph
 * (mixed precision, checkpoints) takes it along, and what nobody asks for is never computed.
 */
import { check } from '../errors';
import { apply, apply1, atScope, reachable } from '../node';
import { defineOperator } from '../registry';
import { sameShape } from '../shape';
import type { Tensor } from '../types';

/** A graph input and the value that it has in the next step. */
export interface Retained {
  readonly buffer: Tensor;
  readonly next: Tensor;
}

/** Inputs y, then every buffer with its next value; the result is y. */
const retainOperator = defineOperator<Record<string, never>>({
  name: 'retain',
  infer(inputs) {
    const [y, ...pairs] = inputs as [Tensor, ...Tensor[]];
    const fits = pairs.every(({ shape }, i) => i % 2 === 0 || sameShape(shape, pairs[i - 1]!.shape));
    check(fits, 'retain', 'the next value must have the shape of the buffer', inputs);
    return [y];
  },
  evaluate: ([y]) => [y!],
  gradient: (_node, [dy]) => [dy],
  expand: ([y]) => ({ outputs: [y!] }),
  key: () => undefined,
});

/** `y`; in training every `buffer`, a graph input, becomes its `next`. Gradients flow through y alone. */
export const retain = (y: Tensor, updates: readonly Retained[]): Tensor =>
  apply1(retainOperator, [y, ...updates.flatMap(({ buffer, next }) => [buffer, next])], {});

/**
 * What the buffers become, by the names of their inputs: one that is changed in several places (of layers that share
 * it) goes on from each to the next.
 * @param outputs of a forward pass
 * @throws Error when a buffer is no graph input
 */
export function retained(outputs: readonly Tensor[]): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const { operator, inputs } of reachable(outputs)) {
    if (operator !== retainOperator) continue;
    for (let i = 1; i < inputs.length; i += 2) {
      const { node } = inputs[i]!;
      if (node.operator.name !== 'input') throw new Error('Only a graph input can be retained.');
      const { name } = node.attributes as { readonly name: string };
      const before = found.get(name);
      const next = inputs[i + 1]!;
      found.set(name, before ? replaced(next, inputs[i]!, before) : next);
    }
  }
  return found;
}

/** `tensor` computed from `by` where it was from `leaf`. */
function replaced(tensor: Tensor, leaf: Tensor, by: Tensor): Tensor {
  const mapped = new Map([[leaf, by]]);
  for (const node of reachable([tensor], mapped)) {
    if (!node.inputs.some((input) => mapped.has(input))) continue;
    const inputs = node.inputs.map((input) => mapped.get(input) ?? input);
    const outputs = atScope(node.scope, () => apply(node.operator, inputs, node.attributes));
    node.outputs.forEach((before, i) => mapped.set(before, outputs[i]!));
  }
  return mapped.get(tensor) ?? tensor;
}
