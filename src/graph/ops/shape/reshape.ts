/** @file The same values in another shape. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { axisOf, sameShape, size } from '../../shape';
import type { Shape, Tensor } from '../../types';

const reshapeOperator = defineOperator<{ readonly shape: Shape }>({
  name: 'reshape',
  infer([x], { shape }) {
    check(size(shape) === size(x!.shape), 'reshape', `cannot become [${shape.join(', ')}]`, [x!]);
    return [{ dtype: x!.dtype, shape }];
  },
  evaluate: ([x], { shape }) => [{ shape, data: x!.data }],
  gradient: ({ inputs: [x] }, [dy]) => [dy && reshape(dy, x!.shape)],
  lower: (emit, inputs, { attributes: { shape } }) => [emit.node('Reshape', [inputs[0]!, emit.ints(shape)])],
});

/** Row-major values in a new shape; one extent may be -1 and follows from the rest. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.indexOf(-1);
  let full = shape;
  if (open >= 0) {
    const rest = size(shape.filter((_, i) => i !== open));
    const extent = rest === 0 ? 0 : size(x.shape) / rest;
    check(Number.isInteger(extent), 'reshape', `cannot become [${shape.join(', ')}]`, [x]);
    full = shape.map((old, i) => (i === open ? extent : old));
  }
  if (sameShape(full, x.shape)) return x;
  const source = x.node.operator === reshapeOperator ? x.node.inputs[0]! : x;
  if (sameShape(full, source.shape)) return source;
  return apply1(reshapeOperator, [source], { shape: [...full] });
}

/** A new axis of extent 1 at position `axis` of the result. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const rank = x.shape.length;
  const at = axis < 0 ? axis + rank + 1 : axis;
  check(Number.isInteger(at) && at >= 0 && at <= rank, 'unsqueeze', `axis ${axis} is out of range`, [x]);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** Removes an axis of extent 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const at = axisOf('squeeze', x, axis);
  check(x.shape[at] === 1, 'squeeze', `axis ${axis} is not of extent 1`, [x]);
  return reshape(x, [...x.shape.slice(0, at), ...x.shape.slice(at + 1)]);
}

/** What a chain of reshapes started from. */
export const unshaped = (x: Tensor): Tensor => (x.node.operator === reshapeOperator ? x.node.inputs[0]! : x);
