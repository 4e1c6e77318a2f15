/** @file Functions of one number. */
import type { Emitter } from '../../compile/emitter';
import { floatType, isFloat } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Operator, Tensor } from '../../types';
import { add, div, mul, sub } from './binary';
import { greater, less } from './compare';
import { cast } from './select';

type None = Record<string, never>;
type Rule = (x: Tensor, y: Tensor, dy: Tensor) => Tensor;

/** An operator that is one ONNX operator on every device; with `integers`, what computes it for int32 on WebGPU. */
function define(
  name: string,
  onnx: string,
  f: (x: number) => number,
  rule?: Rule,
  integers?: (emit: Emitter, x: string) => string,
): Operator<None> {
  return defineOperator<None>({
    name,
    infer([x]) {
      const dtype = integers && x!.dtype === 'int32' ? x!.dtype : floatType(name, [x!]);
      return [{ dtype, shape: x!.shape }];
    },
    evaluate: ([x]) => [{ shape: x!.shape, data: x!.data.map(f) }],
    ...(rule && {
      gradient: ({ inputs: [x], outputs: [y] }, [dy]) => (dy && isFloat(x!.dtype) ? [rule(x!, y!, dy)] : []),
    }),
    // WebGPU's functions of one number are those of floats.
    lower: (emit, inputs, { inputs: [x] }) =>
      emit.target === 'webgpu' && x!.dtype === 'int32'
        ? [integers!(emit, inputs[0]!)]
        : [emit.node(onnx, inputs)],
  });
}

const negative = (emit: Emitter, x: string): string => emit.node('Sub', [emit.constant([0], [], 'int32'), x]);

const operators = {
  neg: define(
    'neg',
    'Neg',
    (x) => -x,
    (_x, _y, dy) => neg(dy),
    negative,
  ),
  exp: define('exp', 'Exp', Math.exp, (_x, y, dy) => mul(dy, y)),
  log: define('log', 'Log', Math.log, (x, _y, dy) => div(dy, x)),
  sqrt: define('sqrt', 'Sqrt', Math.sqrt, (_x, y, dy) => div(mul(dy, 0.5), y)),
  reciprocal: define(
    'reciprocal',
    'Reciprocal',
    (x) => 1 / x,
    (_x, y, dy) => neg(mul(dy, mul(y, y))),
  ),
  abs: define(
    'abs',
    'Abs',
    Math.abs,
    (x, _y, dy) => mul(dy, sign(x)),
    (emit, x) => emit.node('Max', [x, negative(emit, x)]),
  ),
  sigmoid: define(
    'sigmoid',
    'Sigmoid',
    (x) => 1 / (1 + Math.exp(-x)),
    (_x, y, dy) => mul(dy, mul(y, sub(1, y))),
  ),
  tanh: define('tanh', 'Tanh', Math.tanh, (_x, y, dy) => mul(dy, sub(1, mul(y, y)))),
  relu: define(
    'relu',
    'Relu',
    (x) => Math.max(0, x),
    (x, _y, dy) => mul(dy, cast(greater(x, 0), dy.dtype)),
  ),
  erf: define('erf', 'Erf', erfReference, (x, _y, dy) =>
    mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
  ),
  floor: define('floor', 'Floor', Math.floor),
};

const unary =
  (name: keyof typeof operators) =>
  (x: Tensor): Tensor =>
    apply1(operators[name], [x], {});

export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const reciprocal = unary('reciprocal');
export const abs = unary('abs');
export const sigmoid = unary('sigmoid');
export const tanh = unary('tanh');
export const relu = unary('relu');
export const erf = unary('erf');
/** The largest integer ≤ x; no gradient. */
export const floor = unary('floor');

export const neg = (x: Tensor): Tensor =>
  x.node.operator === operators.neg ? x.node.inputs[0]! : apply1(operators.neg, [x], {});

export const square = (x: Tensor): Tensor => mul(x, x);

/** -1, 0 or 1; the `Sign` operator would leave a WebGPU device. */
export const sign = (x: Tensor): Tensor => sub(cast(greater(x, 0), x.dtype), cast(less(x, 0), x.dtype));

/** The error function to float64 accuracy: its series near 0, the continued fraction of erfc beyond. */
export function erfReference(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

/** A polynomial in `z` by Horner's rule, coefficients from the constant up (at least two). */
export function polynomial(z: Tensor, coefficients: readonly number[]): Tensor {
  const [top, ...rest] = [...coefficients].reverse() as [number, ...number[]];
  let total: Tensor | number = top;
  for (const c of rest) total = add(mul(z, total), c);
  return total as Tensor;
}
