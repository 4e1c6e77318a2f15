/** @file Reverse-mode differentiation: the gradient is more graph. */
import { isFloat } from './dtype';
import { ShapeError } from './errors';
import { atScope, reachable } from './node';
import { add } from './ops/elementwise/binary';
import { ones, zeros } from './ops/leaves';
import { sameShape } from './shape';
import type { Tensor } from './types';

export interface Seed {
  readonly output: Tensor;
  /** Same shape as the output; ones unless given. */
  readonly cotangent?: Tensor;
}

/**
 * Gradients of Σ ⟨cotangent, output⟩ with respect to `wrt`; zeros where nothing depends on a tensor. The nodes
 * carry the scope of the node they differentiate.
 */
export function gradients(seeds: readonly Seed[], wrt: readonly Tensor[]): Tensor[] {
  const nodes = reachable(seeds.map(({ output }) => output));
  const targets = new Set(wrt);
  const dependent = new Set<Tensor>();
  for (const node of nodes) {
    const depends = node.inputs.some((input) => dependent.has(input));
    for (const output of node.outputs) {
      if (targets.has(output) || (depends && isFloat(output.dtype))) dependent.add(output);
    }
  }
  const cotangents = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, cotangent: Tensor): void => {
    if (!sameShape(tensor.shape, cotangent.shape) || tensor.dtype !== cotangent.dtype) {
      throw new ShapeError('gradients', 'the cotangent differs from its tensor', [tensor, cotangent]);
    }
    const before = cotangents.get(tensor);
    cotangents.set(tensor, before ? add(before, cotangent) : cotangent);
  };
  for (const { output, cotangent } of seeds) {
    if (dependent.has(output)) accumulate(output, cotangent ?? ones(output.shape, output.dtype));
  }
  for (const node of nodes.reverse()) {
    const { operator, inputs, outputs } = node;
    const wanted = inputs.map((input) => dependent.has(input));
    if (!operator.gradient || !wanted.includes(true)) continue;
    const incoming = outputs.map((output) => cotangents.get(output));
    if (incoming.every((cotangent) => cotangent === undefined)) continue;
    atScope(node.scope ? `${node.scope}/backward` : 'backward', () => {
      const found = operator.gradient!(node, incoming, wanted);
      for (const [i, cotangent] of found.entries()) {
        if (cotangent && wanted[i]) accumulate(inputs[i]!, cotangent);
      }
    });
  }
  return wrt.map(
    (tensor) =>
      cotangents.get(tensor) ?? zeros(tensor.shape, isFloat(tensor.dtype) ? tensor.dtype : 'float32'),
  );
}
