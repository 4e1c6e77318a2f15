/** @file Single elements along an axis, and adding to them. */
import { floatType, isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply, apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, sameShape, size } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { add, mul } from '../elementwise/binary';
import { less } from '../elementwise/compare';
import { where } from '../elementwise/select';
import { iota, zeros } from '../leaves';
import { matmul } from '../matrix/matmul';
import { reshape, unsqueeze } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { gather } from './gather';
import { oneHot, position } from './place';

interface AxisAttributes {
  readonly axis: number;
}

const takeAlongOperator: Operator<AxisAttributes> = defineOperator<AxisAttributes>({
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
  expand([x, indices], { axis }, { target }) {
    const whole = target !== 'webgpu' || isFloat(x!.dtype);
    return { outputs: whole ? apply(takeKernel, [x!, indices!], { axis }) : [takeFlat(x!, indices!, axis)] };
  },
});

const takeKernel: Operator<AxisAttributes> = defineOperator<AxisAttributes>({
  ...takeAlongOperator,
  name: 'takeAlongKernel',
  gradient: undefined,
  expand: undefined,
  lower: (emit, inputs, { attributes: { axis } }) => [
    emit.node('GatherElements', inputs, { attributes: { axis } }),
  ],
});

/** WebGPU takes integers along an axis only as a whole: by their places in the flat tensor. */
function takeFlat(x: Tensor, indices: Tensor, axis: number): Tensor {
  const { outer, n, inner } = around(x.shape, axis);
  const lines = reshape(indices, [outer, indices.shape[axis]!, inner]);
  const forward = where(less(lines, 0), add(lines, n), lines);
  const start = mul(iota(outer), n * inner);
  const places = add(add(mul(forward, inner), reshape(start, [outer, 1, 1])), iota(inner));
  return reshape(gather(reshape(x, [size(x.shape)]), places, 0), indices.shape);
}

/** One element per index along `axis`, as PyTorch's gather. */
export const takeAlong = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  apply1(takeAlongOperator, [x, indices], { axis: axisOf('takeAlong', x, axis) });

interface ScatterAttributes extends AxisAttributes {
  /** No index repeats along the axis. */
  readonly distinct: boolean;
}

const scatterAddOperator: Operator<ScatterAttributes> = defineOperator<ScatterAttributes>({
  name: 'scatterAdd',
  infer(inputs, { axis }) {
    const [base, indices, updates] = inputs as [Tensor, Tensor, Tensor];
    const fits =
      indices.dtype === 'int32' &&
      base.shape.length === indices.shape.length &&
      base.shape.every((n, i) => i === axis || n === indices.shape[i]) &&
      sameShape(indices.shape, updates.shape);
    check(fits, 'scatterAdd', `needs int32 indices and updates alike but for axis ${axis}`, inputs);
    return [{ dtype: floatType('scatterAdd', [base, updates]), shape: base.shape }];
  },
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
  expand(inputs, attributes, { target }) {
    const [base, indices, updates] = inputs as [Tensor, Tensor, Tensor];
    // The CPU adds one after the other; the atomic additions of a GPU have no order.
    if (target !== 'webgpu') return { outputs: apply(scatterKernel, inputs, attributes) };
    if (!attributes.distinct)
      return { outputs: [add(base, oneHotSums(base, indices, updates, attributes.axis))] };
    const placed = apply1(scatterKernel, [zeros(base.shape, base.dtype), indices, updates], attributes);
    return { outputs: [add(base, placed)] };
  },
});

// ScatterND would be faster and is wrong now and then with several threads.
const scatterKernel: Operator<ScatterAttributes> = defineOperator<ScatterAttributes>({
  ...scatterAddOperator,
  name: 'scatterKernel',
  gradient: undefined,
  expand: undefined,
  lower(emit, inputs, { attributes: { axis, distinct } }) {
    const reduction = emit.target === 'webgpu' && distinct ? 'none' : 'add';
    return [emit.node('ScatterElements', inputs, { attributes: { axis, reduction } })];
  },
});

/** What is added at every place, as products with one-hot matrices, line by line. */
function oneHotSums(base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  const { outer, n, inner } = around(base.shape, axis);
  const count = indices.shape[axis]!;
  const lines = (x: Tensor): Tensor =>
    reshape(transpose(reshape(x, [outer, count, inner]), [0, 2, 1]), [outer * inner, count]);
  const own = lines(indices);
  const hits = oneHot(where(less(own, 0), add(own, n), own), n, updates.dtype);
  const sums = matmul(unsqueeze(lines(updates), 1), hits);
  return reshape(transpose(reshape(sums, [outer, inner, n]), [0, 2, 1]), base.shape);
}

/**
 * `base` plus every update at its index along `axis`; the adjoint of `takeAlong`. Updates of one place are added
 * in a fixed order.
 * @param options.distinct promises that no index repeats along the axis, which is faster on a GPU
 */
export const scatterAdd = (
  base: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  { distinct = false }: { readonly distinct?: boolean } = {},
): Tensor =>
  apply1(scatterAddOperator, [base, indices, updates], { axis: axisOf('scatterAdd', base, axis), distinct });
