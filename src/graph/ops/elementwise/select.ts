/** @file Choosing by a condition, changing the type, cutting the gradient. */
import { ONNX_TYPE } from '../../compile/emitter';
import { isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { broadcast } from '../../shape';
import type { DType, Tensor } from '../../types';
import { operands, type Operand } from './binary';
import { mapBroadcast, unbroadcast } from './broadcast';
import { scalar } from '../leaves';

const whereOperator = defineOperator<Record<string, never>>({
  name: 'where',
  infer(inputs) {
    const [c, a, b] = inputs as [Tensor, Tensor, Tensor];
    check(c.dtype === 'bool', 'where', 'the condition must be bool', inputs);
    check(a.dtype === b.dtype && a.dtype !== 'bool', 'where', 'choices must be numbers of one type', inputs);
    return [{ dtype: a.dtype, shape: broadcast('where', inputs) }];
  },
  evaluate: (inputs, _, [type]) => [mapBroadcast(type!.shape, inputs, (c, a, b) => (c ? a! : b!))],
  gradient(node, [dy], wanted) {
    const [c, a, b] = node.inputs as [Tensor, Tensor, Tensor];
    if (!dy || !isFloat(a.dtype)) return [];
    const zero = scalar(0, dy.dtype);
    return [
      undefined,
      wanted[1] ? unbroadcast(where(c, dy, zero), a.shape) : undefined,
      wanted[2] ? unbroadcast(where(c, zero, dy), b.shape) : undefined,
    ];
  },
  lower: (emit, inputs) => [emit.node('Where', inputs)],
});

/** `a` where the condition holds, else `b`. */
export const where = (condition: Tensor, a: Operand, b: Operand): Tensor =>
  apply1(whereOperator, [condition, ...operands('where', a, b)], {});

const castOperator = defineOperator<{ readonly to: DType }>({
  name: 'cast',
  infer: ([x], { to }) => [{ dtype: to, shape: x!.shape }],
  evaluate([x], { to }) {
    const convert = to === 'bool' ? (v: number) => Number(v !== 0) : to === 'int32' ? Math.trunc : undefined;
    return [{ shape: x!.shape, data: convert ? x!.data.map(convert) : x!.data }];
  },
  gradient: ({ inputs: [x], outputs: [y] }, [dy]) =>
    dy && isFloat(x!.dtype) && isFloat(y!.dtype) ? [cast(dy, x!.dtype)] : [],
  lower: (emit, inputs, { attributes }) => [
    emit.node('Cast', inputs, { attributes: { to: ONNX_TYPE[attributes.to] } }),
  ],
});

/** The same numbers as another type; a float becomes an int32 by dropping the fraction. Gradients flow between floats. */
export const cast = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? x : apply1(castOperator, [x], { to: dtype });

const stopOperator = defineOperator<Record<string, never>>({
  name: 'stopGradient',
  infer: ([x]) => [x!],
  evaluate: ([x]) => [x!],
  // The compiler passes the input on; nothing is computed.
  expand: (inputs) => ({ outputs: inputs }),
});

/** `x`, seen as a constant by `gradients`. */
export const stopGradient = (x: Tensor): Tensor => apply1(stopOperator, [x], {});
