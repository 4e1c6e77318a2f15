/** @file Sums, means and extremes over axes. */
import type { Emitter } from '../../compile/emitter';
import { checkFloat32, isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { axesOf, broadcastStrides, size } from '../../shape';
import type { Node, Operator, Shape, Tensor, Value } from '../../types';
import { div, mul, sub } from '../elementwise/binary';
import { equal } from '../elementwise/compare';
import { expand } from '../shape/expand';
import { square } from '../elementwise/unary';
import { reshape } from '../shape/reshape';
import { cast } from '../elementwise/select';

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

/** The shape with extent 1 along the axes. */
export const kept = (shape: Shape, axes: readonly number[]): Shape =>
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

/** A reduction that is one ONNX operator, folding with `f` from `start`. */
export const defineReduction = (
  name: string,
  onnx: string,
  start: number,
  f: (a: number, b: number) => number,
  gradient: NonNullable<Operator<ReduceAttributes>['gradient']>,
): Operator<ReduceAttributes> =>
  defineOperator<ReduceAttributes>({
    name,
    infer([x], attributes) {
      check(x!.dtype !== 'bool', name, 'the operand must be a number', [x!]);
      return [{ dtype: x!.dtype, shape: reduced(x!.shape, attributes) }];
    },
    evaluate: ([x], attributes) => [evaluateReduce(x!, attributes, start, f)],
    gradient,
    lower(emit, inputs, node) {
      const { axes, keepdims } = node.attributes;
      const grouped = onnx === 'ReduceSum' && sumInGroups(emit, inputs[0]!, node);
      if (grouped) return [grouped];
      const attributes = { keepdims: Number(keepdims) };
      // The others take their axes as an input from opset 18 on.
      return emit.target === 'onnx' && onnx !== 'ReduceSum'
        ? [emit.node(onnx, inputs, { attributes: { ...attributes, axes } })]
        : [emit.node(onnx, [inputs[0]!, emit.ints(axes)], { attributes })];
    },
  });

/** Rows from which they are added up in groups. */
const MANY_ROWS = 256;

/** The divisor of n nearest to its root from below. */
function divisorOf(n: number): number {
  let divisor = Math.floor(Math.sqrt(n));
  while (n % divisor > 0) divisor--;
  return divisor;
}

/**
 * The sum of many rows by groups of rows. Added up one after the other, as the processor's kernel does, a thousand
 * rows lose three bits more, and take longer.
 */
function sumInGroups(
  emit: Emitter,
  x: string,
  { inputs: [tensor], outputs: [sum], attributes: { axes } }: Node<ReduceAttributes>,
): string | undefined {
  const { dtype, shape } = tensor!;
  const leading = axes.every((axis, i) => axis === i);
  const rows = size(shape.slice(0, axes.length));
  if (emit.target !== 'cpu' || dtype !== 'float32' || !leading || rows < MANY_ROWS) return undefined;
  const add = (table: string, axis: number): string =>
    emit.node('ReduceSum', [table, emit.ints([axis])], { attributes: { keepdims: 0 } });
  const shaped = (found: string): string => emit.node('Reshape', [found, emit.ints(sum!.shape)]);
  const columns = size(shape.slice(axes.length));
  if (columns === 1) {
    // A column is a row to the kernel that adds all up in many lanes.
    if (axes.length === shape.length) return undefined;
    return shaped(add(emit.node('Reshape', [x, emit.ints([rows])]), 0));
  }
  const groups = divisorOf(rows);
  if (groups < 8) return undefined;
  const table = emit.node('Reshape', [x, emit.ints([groups, rows / groups, columns])]);
  return shaped(add(add(table, 1), 0));
}

const sumOperator = defineReduction(
  'sum',
  'ReduceSum',
  0,
  (a, b) => a + b,
  ({ inputs: [x], attributes: { axes } }, [dy]) => [
    dy && isFloat(x!.dtype) ? expand(reshape(dy, kept(x!.shape, axes)), x!.shape) : undefined,
  ],
);

/** Equal extremes share the gradient. */
const ofExtremes: NonNullable<Operator<ReduceAttributes>['gradient']> = (
  { inputs: [x], outputs: [y], attributes: { axes } },
  [dy],
) => {
  if (!dy || !isFloat(x!.dtype)) return [];
  const shape = kept(x!.shape, axes);
  const hits = cast(equal(x!, reshape(y!, shape)), dy.dtype);
  return [mul(hits, div(reshape(dy, shape), sum(hits, axes, true)))];
};

const maxOperator = defineReduction('max', 'ReduceMax', -Infinity, Math.max, ofExtremes);
const minOperator = defineReduction('min', 'ReduceMin', Infinity, Math.min, ofExtremes);

/** A reduction as a function of a tensor and axes, all of them when none are given. */
export const reducer =
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
/** Smallest value over the axes. */
export const min = reducer(minOperator);

/** Mean over the axes. */
export function mean(x: Tensor, axes?: readonly number[], keepdims = false): Tensor {
  const total = sum(x, axes, keepdims);
  return mul(total, size(total.shape) / size(x.shape));
}

/**
 * Mean squared deviation from the mean over the axes, in two passes.
 * @param options.correction is taken from the number of values that the squares are divided by; 1 is unbiased
 */
export function variance(
  x: Tensor,
  axes?: readonly number[],
  options: { readonly correction?: number; readonly keepdims?: boolean } = {},
): Tensor {
  const { correction = 0, keepdims = false } = options;
  const total = sum(square(sub(x, mean(x, axes, true))), axes, keepdims);
  const count = size(x.shape) / size(total.shape);
  check(count > correction, 'variance', `${count} values less a correction of ${correction}`, [x]);
  return mul(total, 1 / (count - correction));
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
