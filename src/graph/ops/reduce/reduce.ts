/** @file Sums, means and maxima over axes. */
import { checkFloat32, isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { axesOf, broadcastStrides, size } from '../../shape';
import type { Operator, Shape, Tensor, Value } from '../../types';
import { div, mul } from '../elementwise/binary';
import { equal } from '../elementwise/compare';
import { expand } from '../shape/expand';
import { reshape } from '../shape/reshape';
import { cast } from '../elementwise/select';

interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

const kept = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((extent, i) => (axes.includes(i) ? 1 : extent));

const reduced = (shape: Shape, { axes, keepdims }: ReduceAttributes): Shape =>
  keepdims ? kept(shape, axes) : shape.filter((_, i) => !axes.includes(i));

function evaluateReduce(
  x: Value,
  attributes: ReduceAttributes,
  start: number,
  f: (a: number, b: number) => number,
): Value {
  const shape = reduced(x.shape, attributes);
  const data = new Float64Array(size(shape)).fill(start);
  const steps = broadcastStrides(kept(x.shape, attributes.axes), x.shape);
  const index = x.shape.map(() => 0);
  for (let i = 0, at = 0; i < x.data.length; i++) {
    data[at] = f(data[at]!, x.data[i]!);
    for (let axis = x.shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < x.shape[axis]!) break;
      at -= steps[axis]! * x.shape[axis]!;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

const define = (
  name: string,
  onnx: string,
  start: number,
  f: (a: number, b: number) => number,
  gradient: NonNullable<Operator<ReduceAttributes>['gradient']>,
  axesAsInput: boolean,
): Operator<ReduceAttributes> =>
  defineOperator<ReduceAttributes>({
    name,
    infer([x], attributes) {
      check(x!.dtype !== 'bool', name, 'the operand must be a number', [x!]);
      return [{ dtype: x!.dtype, shape: reduced(x!.shape, attributes) }];
    },
    evaluate: ([x], attributes) => [evaluateReduce(x!, attributes, start, f)],
    gradient,
    lower(emit, inputs, { attributes: { axes, keepdims } }) {
      const attributes = { keepdims: Number(keepdims), ...(axesAsInput ? {} : { axes }) };
      return [emit.node(onnx, axesAsInput ? [inputs[0]!, emit.ints(axes)] : inputs, { attributes })];
    },
  });

const sumOperator = define(
  'sum',
  'ReduceSum',
  0,
  (a, b) => a + b,
  ({ inputs: [x], attributes: { axes } }, [dy]) => [
    dy && isFloat(x!.dtype) ? expand(reshape(dy, kept(x!.shape, axes)), x!.shape) : undefined,
  ],
  true,
);

const maxOperator = define(
  'max',
  'ReduceMax',
  -Infinity,
  Math.max,
  ({ inputs: [x], outputs: [y], attributes: { axes } }, [dy]) => {
    if (!dy || !isFloat(x!.dtype)) return [];
    // Equal maxima share the gradient.
    const shape = kept(x!.shape, axes);
    const hits = cast(equal(x!, reshape(y!, shape)), dy.dtype);
    return [mul(hits, div(reshape(dy, shape), sum(hits, axes, true)))];
  },
  true,
);

const reducer =
  (operator: Operator<ReduceAttributes>) =>
  (x: Tensor, axes?: readonly number[], keepdims = false): Tensor => {
    const found = axesOf(operator.name, x, axes);
    const shape = reduced(x.shape, { axes: found, keepdims });
    if (found.every((axis) => x.shape[axis] === 1) && x.dtype !== 'bool') return reshape(x, shape);
    return apply1(operator, [x], { axes: found, keepdims });
  };

/** Sum over the axes, all of them when none are given. */
export const sum = reducer(sumOperator);
/** Largest value over the axes. */
export const max = reducer(maxOperator);

/** Mean over the axes. */
export function mean(x: Tensor, axes?: readonly number[], keepdims = false): Tensor {
  const total = sum(x, axes, keepdims);
  return mul(total, size(total.shape) / size(x.shape));
}

const sumSquareOperator = defineOperator<Record<string, never>>({
  name: 'sumSquares',
  infer([x]) {
    checkFloat32('sumSquares', [x!]);
    return [{ dtype: 'float32', shape: [] }];
  },
  evaluate: ([x]) => [{ shape: [], data: Float64Array.of(x!.data.reduce((total, v) => total + v * v, 0)) }],
  gradient: ({ inputs: [x] }, [dy]) => [dy && mul(x!, mul(dy, 2))],
  lower: (emit, inputs) => [emit.node('ReduceSumSquare', inputs, { attributes: { keepdims: 0 } })],
});

/** Sum of the squares of all elements, a scalar. */
export const sumSquares = (x: Tensor): Tensor => apply1(sumSquareOperator, [x], {});
