/** @file Softmax and log-sum-exp over one axis. */
import { floatType } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf } from '../../shape';
import type { Operator, Shape, Tensor, Value } from '../../types';
import { add, mul, sub } from '../elementwise/binary';
import { max, sum } from './reduce';
import { reshape } from '../shape/reshape';
import { exp, log } from '../elementwise/unary';

interface AxisAttributes {
  readonly axis: number;
}

/** Calls `visit` with the offsets of every line along `axis`. */
export function lines(
  shape: Shape,
  axis: number,
  visit: (start: number, step: number, line: number) => void,
): void {
  const { outer, n, inner } = around(shape, axis);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) visit(o * n * inner + i, inner, o * inner + i);
  }
}

const softmaxOperator = defineOperator<AxisAttributes>({
  name: 'softmax',
  infer([x]) {
    return [{ dtype: floatType('softmax', [x!]), shape: x!.shape }];
  },
  evaluate: ([x], { axis }) => [evaluateSoftmax(x!, axis)],
  gradient({ outputs: [y], attributes: { axis } }, [dy]) {
    if (!dy) return [];
    const weighted = mul(dy, y!);
    return [sub(weighted, mul(y!, sum(weighted, [axis], true)))];
  },
  lower: (emit, inputs, { attributes: { axis } }) => [emit.node('Softmax', inputs, { attributes: { axis } })],
});

export function evaluateSoftmax(x: Value, axis: number): Value {
  const data = new Float64Array(x.data.length);
  const n = x.shape[axis]!;
  lines(x.shape, axis, (start, step) => {
    let top = -Infinity;
    for (let i = 0; i < n; i++) top = Math.max(top, x.data[start + i * step]!);
    let total = 0;
    for (let i = 0; i < n; i++) total += data[start + i * step] = Math.exp(x.data[start + i * step]! - top);
    for (let i = 0; i < n; i++) data[start + i * step]! /= total;
  });
  return { shape: x.shape, data };
}

export const softmax = (x: Tensor, axis: number): Tensor =>
  apply1(softmaxOperator, [x], { axis: axisOf('softmax', x, axis) });

const logSumExpOperator = defineOperator<AxisAttributes>({
  name: 'logSumExp',
  infer([x], { axis }) {
    return [{ dtype: floatType('logSumExp', [x!]), shape: x!.shape.filter((_, i) => i !== axis) }];
  },
  evaluate([x], { axis }, [type]) {
    const data = new Float64Array(type!.shape.reduce((a, b) => a * b, 1));
    const n = x!.shape[axis]!;
    lines(x!.shape, axis, (start, step, line) => {
      let top = -Infinity;
      for (let i = 0; i < n; i++) top = Math.max(top, x!.data[start + i * step]!);
      let total = 0;
      for (let i = 0; i < n; i++) total += Math.exp(x!.data[start + i * step]! - top);
      data[line] = top + Math.log(total);
    });
    return [{ shape: type!.shape, data }];
  },
  gradient({ inputs: [x], attributes: { axis } }, [dy]) {
    if (!dy) return [];
    const shape = x!.shape.map((extent, i) => (i === axis ? 1 : extent));
    return [mul(softmax(x!, axis), reshape(dy, shape))];
  },
  expand([x], { axis }, _context, { outputs: [y] }) {
    const top = max(x!, [axis], true);
    const total = sum(exp(sub(x!, top)), [axis], true);
    return { outputs: [reshape(add(log(total), top), y!.shape)] };
  },
});

/** log Σ exp over one axis, which disappears; finite even where exp overflows. */
export const logSumExp = (x: Tensor, axis: number): Tensor =>
  apply1(logSumExpOperator, [x], { axis: axisOf('logSumExp', x, axis) });

const logSoftmaxOperator: Operator<AxisAttributes> = defineOperator<AxisAttributes>({
  name: 'logSoftmax',
  infer: ([x]) => [{ dtype: floatType('logSoftmax', [x!]), shape: x!.shape }],
  evaluate([x], { axis }) {
    const { data, shape } = evaluateSoftmax(x!, axis);
    // From the difference to the largest value, which no underflow hides.
    const result = new Float64Array(data.length);
    const n = shape[axis]!;
    lines(shape, axis, (start, step) => {
      let top = 0;
      for (let i = 1; i < n; i++) if (x!.data[start + i * step]! > x!.data[start + top * step]!) top = i;
      const base = Math.log(data[start + top * step]!) - x!.data[start + top * step]!;
      for (let i = 0; i < n; i++) result[start + i * step] = x!.data[start + i * step]! + base;
    });
    return [{ shape, data: result }];
  },
  gradient: ({ outputs: [y], attributes: { axis } }, [dy]) => [
    dy && sub(dy, mul(exp(y!), sum(dy, [axis], true))),
  ],
  expand: ([x], { axis }, { target }) => {
    // WebGPU has no kernel of its own.
    if (target !== 'webgpu') return { outputs: [apply1(logSoftmaxKernel, [x!], { axis })] };
    const moved = sub(x!, max(x!, [axis], true));
    return { outputs: [sub(moved, log(sum(exp(moved), [axis], true)))] };
  },
});

const logSoftmaxKernel: Operator<AxisAttributes> = defineOperator<AxisAttributes>({
  ...logSoftmaxOperator,
  name: 'logSoftmaxKernel',
  gradient: undefined,
  expand: undefined,
  lower: (emit, inputs, { attributes: { axis } }) => [
    emit.node('LogSoftmax', inputs, { attributes: { axis } }),
  ],
});

/** log softmax over one axis, accurate where softmax is 0. */
export const logSoftmax = (x: Tensor, axis: number): Tensor =>
  apply1(logSoftmaxOperator, [x], { axis: axisOf('logSoftmax', x, axis) });
