/** @file Repeating along axes of extent 1. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { broadcast, sameShape } from '../../shape';
import type { Shape, Tensor } from '../../types';
import { mapBroadcast, unbroadcast } from '../elementwise/broadcast';

const expandOperator = defineOperator<{ readonly shape: Shape }>({
  name: 'expand',
  infer([x], { shape }) {
    const whole = broadcast('expand', [x!, { dtype: x!.dtype, shape }]);
    check(sameShape(whole, shape), 'expand', `does not broadcast to [${shape.join(', ')}]`, [x!]);
    return [{ dtype: x!.dtype, shape }];
  },
  evaluate: ([x], { shape }) => [mapBroadcast(shape, [x!], (v) => v!)],
  gradient: ({ inputs: [x] }, [dy]) => [dy && unbroadcast(dy, x!.shape)],
  lower: (emit, inputs, { attributes: { shape } }) => [emit.node('Expand', [inputs[0]!, emit.ints(shape)])],
});

/** Broadcasts to `shape`. Elementwise operators broadcast by themselves and need no expand. */
export const expand = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : apply1(expandOperator, [x], { shape: [...shape] });

/** What an operand repeats, where repeating it is left to an elementwise operator beside `others`. */
export function unexpanded(x: Tensor, others: readonly Tensor[]): Tensor {
  if (x.node.operator !== expandOperator) return x;
  const source = x.node.inputs[0]!;
  return sameShape(broadcast('expand', [source, ...others]), broadcast('expand', [x, ...others]))
    ? source
    : x;
}
