/** @file Slices at given places of an axis. */
import { isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, size } from '../../shape';
import type { Shape, Tensor } from '../../types';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { position } from './place';
import { segmentSum } from './segment-sum';

interface AxisAttributes {
  readonly axis: number;
}

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

/** Adds the slices of `dy` up where they were taken from. */
function gatherGradient(dy: Tensor, indices: Tensor, shape: Shape, axis: number): Tensor {
  const { outer, n, inner } = around(shape, axis);
  const count = size(indices.shape);
  const front = transpose(reshape(dy, [outer, count, inner]), [1, 0, 2]);
  const sums = segmentSum(front, reshape(indices, [count]), n);
  return reshape(transpose(sums, [1, 0, 2]), shape);
}

/** Slices of `x` along `axis` at `indices` (int32); the axes of `indices` take the axis's place. */
export const gather = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  apply1(gatherOperator, [x, indices], { axis: axisOf('gather', x, axis) });

/** Rows of `table` (rows, width) for ids (…) int32 → (…, width). */
export function embedding(ids: Tensor, table: Tensor): Tensor {
  check(table.shape.length === 2, 'embedding', 'the table must be (rows, width)', [ids, table]);
  return gather(table, ids, 0);
}
