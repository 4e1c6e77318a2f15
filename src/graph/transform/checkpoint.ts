/**
 * @file Activation checkpointing (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016): what a part
 * of the graph computes on its way is forgotten after the forward pass and computed again for the backward pass.
 */
import { apply1 } from '../node';
import { gradients } from '../gradients';
import { add } from '../ops/elementwise/binary';
import { greater } from '../ops/elementwise/compare';
import { cast, stopGradient } from '../ops/elementwise/select';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { isFloat } from '../dtype';
import { defineOperator } from '../registry';
import { size } from '../shape';
import type { Operator, Tensor } from '../types';

/** Elements up to which a parameter is copied, so that what follows from it is computed again too. */
const COPIED = 2 ** 20;

interface CheckpointAttributes {
  readonly build: (x: Tensor, others: readonly Tensor[]) => Tensor;
}

const checkpointOperator: Operator<CheckpointAttributes> = defineOperator<CheckpointAttributes>({
  name: 'checkpoint',
  infer: ([y]) => [y!],
  evaluate: ([y]) => [y!],
  gradient({ inputs: [, x, ...others], attributes: { build } }, [dy]) {
    if (!dy) return [];
    const later = (t: Tensor): Tensor => stopGradient(add(t, barrier(dy, t)));
    const again = later(x!);
    // Kernels and their tables follow from parameters alone, and would be found to be the same.
    const held = others.map((t) =>
      isFloat(t.dtype) && size(t.shape) <= COPIED ? later(t) : stopGradient(t),
    );
    const cotangents = gradients([{ output: build(again, held), cotangent: dy }], [again, ...held]);
    return [undefined, ...cotangents];
  },
  expand: ([y]) => ({ outputs: [y!] }),
  key: () => undefined,
});

/**
 * Zero, but only known once `dy` is: without the dependence nothing keeps the runtime from computing everything
 * again right after the forward pass, or from finding that it is the same. A number is never greater than itself,
 * and neither is NaN nor an infinity.
 */
export function barrier(dy: Tensor, x: Tensor): Tensor {
  let one = dy;
  for (const axis of dy.shape.keys()) one = slice(one, axis, 0, 1);
  one = reshape(one, []);
  return cast(greater(one, one), x.dtype as 'float32');
}

/**
 * `x`, but only known once all of `done` are: what is computed from it cannot run before them, and what they are
 * computed from is free by then. In graphs of long chains a GPU would otherwise keep the operands of all that is read
 * at the end alone.
 */
export function behind(x: Tensor, done: readonly Tensor[]): Tensor {
  const ones = done.map((tensor) => cast(slice(reshape(tensor, [size(tensor.shape)]), 0, 0, 1), x.dtype));
  if (ones.length === 0) return x;
  return add(
    x,
    barrier(
      ones.reduce((total, one) => add(total, one)),
      x,
    ),
  );
}

/**
 * `build(x, others)`, of which the backward pass only finds `x` and `others` and computes the rest again. The same
 * numbers for about a third more work.
 * @param build must compute the same each time, from its arguments alone
 */
export function checkpoint(
  build: (x: Tensor, others: readonly Tensor[]) => Tensor,
  x: Tensor,
  others: readonly Tensor[],
): Tensor {
  return apply1(checkpointOperator, [build(x, others), x, ...others], { build });
}
