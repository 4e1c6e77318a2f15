/** @file Sorting along an axis, and the positions of the largest. */
import { ONNX_TYPE, type Emitter } from '../../compile/emitter';
import { floatType } from '../../dtype';
import { check } from '../../errors';
import { apply, apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, replaced, size } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { zeros } from '../leaves';
import { lines } from '../reduce/softmax';
import { scatterAdd } from './along';

interface AxisAttributes {
  readonly axis: number;
}

/** 64-bit positions below `n` as int32. WebGPU cannot convert them, but looks up with them. */
function asInt32(emit: Emitter, positions: string, n: number): string {
  if (emit.target !== 'webgpu')
    return emit.node('Cast', [positions], { attributes: { to: ONNX_TYPE.int32 } });
  const table = emit.constant(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
    'int32',
  );
  return emit.node('Gather', [table, positions], { attributes: { axis: 0 } });
}

const argmaxOperator = defineOperator<AxisAttributes>({
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
  lower: (emit, inputs, { inputs: [x], attributes: { axis } }) => {
    const found = emit.node('ArgMax', inputs, { attributes: { axis, keepdims: 0 } });
    return [asInt32(emit, found, x!.shape[axis]!)];
  },
});

/** Position of the first largest value along one axis, which disappears. */
export const argmax = (x: Tensor, axis: number): Tensor =>
  apply1(argmaxOperator, [x], { axis: axisOf('argmax', x, axis) });

interface TopKAttributes extends AxisAttributes {
  readonly k: number;
  readonly largest: boolean;
}

/** Outputs the values and their positions. */
const topKOperator: Operator<TopKAttributes> = defineOperator<TopKAttributes>({
  name: 'topK',
  infer([x], { axis, k }) {
    const n = x!.shape[axis]!;
    check(Number.isInteger(k) && k >= 0 && k <= n, 'topK', `cannot take ${k} of ${n}`, [x!]);
    const shape = replaced(x!.shape, axis, k);
    return [
      { dtype: floatType('topK', [x!]), shape },
      { dtype: 'int32', shape },
    ];
  },
  evaluate([x], { axis, k, largest }, [type]) {
    const values = new Float64Array(size(type!.shape));
    const positions = values.slice();
    const { n, inner } = around(x!.shape, axis);
    lines(x!.shape, axis, (start, step, line) => {
      const at = (i: number): number => x!.data[start + i * step]!;
      const order = Array.from({ length: n }, (_, i) => i);
      // Sorting is stable: of equal values the first comes first.
      order.sort((i, j) => (largest ? at(j) - at(i) : at(i) - at(j)));
      const to = Math.floor(line / inner) * k * inner + (line % inner);
      for (let i = 0; i < k; i++) {
        values[to + i * inner] = at(order[i]!);
        positions[to + i * inner] = order[i]!;
      }
    });
    return [values, positions].map((data) => ({ shape: type!.shape, data }));
  },
  gradient: ({ inputs: [x], outputs: [, positions], attributes: { axis } }, [dy]) => [
    dy && scatterAdd(zeros(x!.shape, x!.dtype), positions!, dy, axis, { distinct: true }),
  ],
  lower(emit, inputs, { inputs: [x], attributes: { axis, k, largest } }) {
    const attributes = { axis, largest: Number(largest), sorted: 1 };
    const [values, positions] = emit.nodes('TopK', [inputs[0]!, emit.ints([k])], { attributes, outputs: 2 });
    return [values!, emit.used(1) ? asInt32(emit, positions!, x!.shape[axis]!) : ''];
  },
});

/**
 * The `k` largest (or smallest) values along an axis in order, and their positions (int32). Of equal values the
 * first comes first.
 */
export function topK(
  x: Tensor,
  k: number,
  axis: number,
  { largest = true }: { readonly largest?: boolean } = {},
): { values: Tensor; positions: Tensor } {
  const [values, positions] = apply(topKOperator, [x], { axis: axisOf('topK', x, axis), k, largest });
  return { values: values!, positions: positions! };
}

/** All values along an axis in order, ascending unless said otherwise, and where they were. */
export const sort = (
  x: Tensor,
  axis: number,
  { descending = false }: { readonly descending?: boolean } = {},
): { values: Tensor; positions: Tensor } =>
  topK(x, x.shape[axisOf('sort', x, axis)]!, axis, { largest: descending });

/** The positions that sort `x` along an axis: the smallest value's first. */
export const argsort = (x: Tensor, axis: number): Tensor => sort(x, axis).positions;
