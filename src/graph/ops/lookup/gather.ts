/** @file Looking up along an axis, and its adjoint. */
import { ONNX_TYPE } from '../../compile/emitter';
import { isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply, apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, size } from '../../shape';
import type { DType, Operator, Shape, Tensor } from '../../types';
import { equal } from '../elementwise/compare';
import { expand } from '../shape/expand';
import { gemm } from '../matrix/linear';
import { iota, scalar, zeros } from '../leaves';
import { max } from '../reduce/reduce';
import { reshape, unsqueeze } from '../shape/reshape';
import { cast, where } from '../elementwise/select';
import { transpose } from '../shape/transpose';
import { neg } from '../elementwise/unary';

interface AxisAttributes {
  readonly axis: number;
}

/** Rows up to which a gradient is a product with the one-hot matrix, which keeps its order of summation. */
const ONE_HOT_ROWS = 512;

const gatherOperator = defineOperator<AxisAttributes>({
  name: 'gather',
  infer(inputs, { axis }) {
    const [x, indices] = inputs as [Tensor, Tensor];
    check(indices.dtype === 'int32', 'gather', 'indices must be int32', inputs);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return [{ dtype: x.dtype, shape }];
  },
  evaluate([x, indices], { axis }, [type]) {
    const { outer, n, inner } = around(x!.shape, axis);
    const count = indices!.data.length;
    const data = new Float64Array(size(type!.shape));
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        const from = (o * n + position(indices!.data[i]!, n)) * inner;
        data.set(x!.data.subarray(from, from + inner), (o * count + i) * inner);
      }
    }
    return [{ shape: type!.shape, data }];
  },
  gradient({ inputs, attributes: { axis } }, [dy]) {
    const [x, indices] = inputs as [Tensor, Tensor];
    if (!dy || !isFloat(x.dtype)) return [];
    return [gatherGradient(dy, indices, x.shape, axis)];
  },
  lower: (emit, inputs, { attributes: { axis } }) => [emit.node('Gather', inputs, { attributes: { axis } })],
});

const position = (index: number, n: number): number => {
  const at = index < 0 ? index + n : index;
  if (!(at >= 0 && at < n)) throw new RangeError(`gather: index ${index} is outside of 0 … ${n - 1}`);
  return at;
};

/** Adds the rows of `dy` up where they were taken from. */
function gatherGradient(dy: Tensor, indices: Tensor, shape: Shape, axis: number): Tensor {
  const { outer, n, inner } = around(shape, axis);
  const count = size(indices.shape);
  // (outer, count, inner) → (count, outer · inner)
  const front = reshape(transpose(reshape(dy, [outer, count, inner]), [1, 0, 2]), [count, outer * inner]);
  const flat = reshape(indices, [count]);
  const rows =
    n <= ONE_HOT_ROWS
      ? gemm(oneHot(flat, n, dy.dtype), front, true, false)
      : scatterAdd(
          zeros([n, outer * inner], dy.dtype),
          expand(unsqueeze(flat, 1), [count, outer * inner]),
          front,
          0,
        );
  return reshape(transpose(reshape(rows, [n, outer, inner]), [1, 0, 2]), shape);
}

/** Slices of `x` along `axis` at `indices` (int32); the axes of `indices` take the axis's place. */
export const gather = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  apply1(gatherOperator, [x, indices], { axis: axisOf('gather', x, axis) });

/** Rows of `table` (rows, width) for ids (…) int32 → (…, width). */
export function embedding(ids: Tensor, table: Tensor): Tensor {
  check(table.shape.length === 2, 'embedding', 'the table must be (rows, width)', [ids, table]);
  return gather(table, ids, 0);
}

/** 1 where the last axis equals the id, else 0: (…) int32 → (…, depth). */
export const oneHot = (ids: Tensor, depth: number, dtype: DType = 'float32'): Tensor =>
  cast(equal(unsqueeze(ids, ids.shape.length), iota(depth)), dtype);

const takeAlongOperator = defineOperator<AxisAttributes>({
  name: 'takeAlong',
  infer(inputs, { axis }) {
    const [x, indices] = inputs as [Tensor, Tensor];
    const fits =
      x.shape.length === indices.shape.length &&
      x.shape.every((n, i) => i === axis || n === indices.shape[i]);
    check(
      indices.dtype === 'int32' && fits,
      'takeAlong',
      `needs int32 indices alike but for axis ${axis}`,
      inputs,
    );
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
  evaluate([x, indices], { axis }) {
    const { n, inner } = around(x!.shape, axis);
    const count = indices!.shape[axis]!;
    const data = indices!.data.map((index, i) => {
      const o = Math.floor(i / (count * inner));
      return x!.data[(o * n + position(index, n)) * inner + (i % inner)]!;
    });
    return [{ shape: indices!.shape, data }];
  },
  gradient({ inputs, attributes: { axis } }, [dy]) {
    const [x, indices] = inputs as [Tensor, Tensor];
    return [dy && isFloat(x.dtype) ? scatterAdd(zeros(x.shape, x.dtype), indices, dy, axis) : undefined];
  },
  lower: (emit, inputs, { attributes: { axis } }) => [
    emit.node('GatherElements', inputs, { attributes: { axis } }),
  ],
});

/** One element per index along `axis`, as PyTorch's gather. */
export const takeAlong = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  apply1(takeAlongOperator, [x, indices], { axis: axisOf('takeAlong', x, axis) });

const scatterAddOperator = defineOperator<AxisAttributes>({
  name: 'scatterAdd',
  infer: ([base]) => [{ dtype: base!.dtype, shape: base!.shape }],
  evaluate([base, indices, updates], { axis }) {
    const { n, inner } = around(base!.shape, axis);
    const count = indices!.shape[axis]!;
    const data = base!.data.slice();
    indices!.data.forEach((index, i) => {
      const o = Math.floor(i / (count * inner));
      data[(o * n + position(index, n)) * inner + (i % inner)]! += updates!.data[i]!;
    });
    return [{ shape: base!.shape, data }];
  },
  gradient: ({ inputs: [, indices], attributes: { axis } }, [dy]) =>
    dy ? [dy, undefined, takeAlong(dy, indices!, axis)] : [],
  // ScatterND would be faster and is wrong now and then with several threads.
  lower: (emit, inputs, { attributes: { axis } }) => [
    emit.node('ScatterElements', inputs, { attributes: { axis, reduction: 'add' } }),
  ],
});

/** `base` plus every update at its index along `axis`; the adjoint of `takeAlong`. */
export const scatterAdd = (base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor =>
  apply1(scatterAddOperator, [base, indices, updates], { axis: axisOf('scatterAdd', base, axis) });

const argmaxOperator: Operator<AxisAttributes> = defineOperator<AxisAttributes>({
  name: 'argmax',
  infer: ([x], { axis }) => [{ dtype: 'int32', shape: x!.shape.filter((_, i) => i !== axis) }],
  evaluate([x], { axis }, [type]) {
    const { outer, n, inner } = around(x!.shape, axis);
    const data = new Float64Array(outer * inner);
    for (let line = 0; line < data.length; line++) {
      const start = Math.floor(line / inner) * n * inner + (line % inner);
      let best = 0;
      for (let i = 1; i < n; i++) if (x!.data[start + i * inner]! > x!.data[start + best * inner]!) best = i;
      data[line] = best;
    }
    return [{ shape: type!.shape, data }];
  },
  expand([x], { axis }, { target }, { outputs: [y] }) {
    if (target === 'cpu') return { outputs: apply(argmaxKernel, [x!], { axis }) };
    // WebGPU's ArgMax gives 64-bit positions, which it cannot convert: the smallest position of a maximum.
    const n = x!.shape[axis]!;
    const shape = x!.shape.map((_, i) => (i === axis ? n : 1));
    const positions = reshape(cast(iota(n), 'float32'), shape);
    const hits = equal(x!, max(x!, [axis], true));
    const first = neg(max(where(hits, neg(positions), scalar(-n)), [axis]));
    return { outputs: [reshape(cast(first, 'int32'), y!.shape)] };
  },
});

const argmaxKernel: Operator<AxisAttributes> = defineOperator<AxisAttributes>({
  ...argmaxOperator,
  name: 'argmaxKernel',
  expand: undefined,
  lower(emit, inputs, { attributes: { axis } }) {
    const found = emit.node('ArgMax', inputs, { attributes: { axis, keepdims: 0 } });
    return [emit.node('Cast', [found], { attributes: { to: ONNX_TYPE.int32 } })];
  },
});

/** Position of the first largest value along one axis, which disappears. */
export const argmax = (x: Tensor, axis: number): Tensor =>
  apply1(argmaxOperator, [x], { axis: axisOf('argmax', x, axis) });
