/** @file Permuting axes. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { size, strides } from '../../shape';
import type { Tensor } from '../../types';
import { reshape } from './reshape';

const transposeOperator = defineOperator<{ readonly perm: readonly number[] }>({
  name: 'transpose',
  infer([x], { perm }) {
    const rank = x!.shape.length;
    const whole = perm.length === rank && [...perm].sort((a, b) => a - b).every((axis, i) => axis === i);
    check(whole, 'transpose', `[${perm.join(', ')}] is not a permutation of the axes`, [x!]);
    return [{ dtype: x!.dtype, shape: perm.map((axis) => x!.shape[axis]!) }];
  },
  evaluate([x], { perm }, [type]) {
    const { shape } = type!;
    const steps = perm.map((axis) => strides(x!.shape)[axis]!);
    const data = new Float64Array(size(shape));
    const index = shape.map(() => 0);
    for (let i = 0, at = 0; i < data.length; i++) {
      data[i] = x!.data[at]!;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += steps[axis]!;
        if (++index[axis]! < shape[axis]!) break;
        at -= steps[axis]! * shape[axis]!;
        index[axis] = 0;
      }
    }
    return [{ shape, data }];
  },
  gradient: ({ attributes: { perm } }, [dy]) => [dy && transpose(dy, inverse(perm))],
  lower: (emit, inputs, { attributes: { perm } }) => [
    emit.node('Transpose', inputs, { attributes: { perm } }),
  ],
});

const inverse = (perm: readonly number[]): number[] => perm.map((_, i) => perm.indexOf(i));

/** Axis i of the result is axis `perm[i]` of `x`. */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  if (perm.length === x.shape.length && perm.every((axis, i) => axis === i)) return x;
  if (x.node.operator === transposeOperator) {
    const before = (x.node.attributes as { perm: readonly number[] }).perm;
    return transpose(
      x.node.inputs[0]!,
      perm.map((axis) => before[axis]!),
    );
  }
  // Moving axes of extent 1 moves no value.
  const moved = perm.filter((axis) => x.shape[axis] !== 1);
  if (perm.length === x.shape.length && moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) {
    return reshape(
      x,
      perm.map((axis) => x.shape[axis]!),
    );
  }
  return apply1(transposeOperator, [x], { perm: [...perm] });
}
