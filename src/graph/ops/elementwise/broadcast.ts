/** @file Evaluating and differentiating element by element with broadcasting. */
import { broadcastStrides, sameShape, size } from '../../shape';
import type { Shape, Tensor, Value } from '../../types';
import { reshape } from '../shape/reshape';
import { sum } from '../reduce/reduce';

/** Applies `f` to broadcast operands. */
export function mapBroadcast(shape: Shape, operands: readonly Value[], f: (...x: number[]) => number): Value {
  const data = new Float64Array(size(shape));
  const steps = operands.map((operand) => broadcastStrides(operand.shape, shape));
  const at = operands.map(() => 0);
  const index = shape.map(() => 0);
  const x = operands.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    for (let k = 0; k < x.length; k++) x[k] = operands[k]!.data[at[k]!]!;
    data[i] = f(...x);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      for (let k = 0; k < x.length; k++) at[k]! += steps[k]![axis]!;
      if (++index[axis]! < shape[axis]!) break;
      for (let k = 0; k < x.length; k++) at[k]! -= steps[k]![axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** Sums over the axes along which a value of `shape` was repeated. */
export function unbroadcast(cotangent: Tensor, shape: Shape): Tensor {
  if (sameShape(cotangent.shape, shape)) return cotangent;
  const extra = cotangent.shape.length - shape.length;
  const axes = cotangent.shape.flatMap((extent, i) => {
    const repeated = i < extra || (shape[i - extra] === 1 && extent !== 1);
    return repeated ? [i] : [];
  });
  return reshape(sum(cotangent, axes, true), shape);
}
