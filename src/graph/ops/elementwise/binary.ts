/** @file Arithmetic on two operands, with broadcasting; that of integers wraps at 32 bits and divides towards 0. */
import { isFloat } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { broadcast, sameShape } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { mapBroadcast, unbroadcast } from './broadcast';
import { less } from './compare';
import { scalar, uniformValue } from '../leaves';
import { cast } from './select';
import { expand, unexpanded } from '../shape/expand';
import { log, neg } from './unary';

export type Operand = Tensor | number;
type Rule = (a: Tensor, b: Tensor, y: Tensor, dy: Tensor) => Tensor;
type None = Record<string, never>;

function define(
  name: string,
  onnx: string,
  f: (a: number, b: number) => number,
  rules: { readonly a: Rule; readonly b: Rule },
  integer = f,
): Operator<None> {
  return defineOperator<None>({
    name,
    infer(inputs) {
      const [a, b] = inputs as [Tensor, Tensor];
      check(a.dtype === b.dtype && a.dtype !== 'bool', name, 'operands must be numbers of one type', inputs);
      return [{ dtype: a.dtype, shape: broadcast(name, inputs) }];
    },
    evaluate: (inputs, _, [type]) => [
      mapBroadcast(type!.shape, inputs, type!.dtype === 'int32' ? integer : f),
    ],
    gradient(node, [dy], wanted) {
      const [a, b] = node.inputs as [Tensor, Tensor];
      const y = node.outputs[0]!;
      if (!dy || !isFloat(a.dtype)) return [];
      return [
        wanted[0] ? unbroadcast(rules.a(a, b, y, dy), a.shape) : undefined,
        wanted[1] ? unbroadcast(rules.b(a, b, y, dy), b.shape) : undefined,
      ];
    },
    lower: (emit, inputs) => [emit.node(onnx, inputs)],
  });
}

const operators = {
  add: define(
    'add',
    'Add',
    (a, b) => a + b,
    { a: (_a, _b, _y, dy) => dy, b: (_a, _b, _y, dy) => dy },
    (a, b) => (a + b) | 0,
  ),
  sub: define(
    'sub',
    'Sub',
    (a, b) => a - b,
    { a: (_a, _b, _y, dy) => dy, b: (_a, _b, _y, dy) => neg(dy) },
    (a, b) => (a - b) | 0,
  ),
  mul: define(
    'mul',
    'Mul',
    (a, b) => a * b,
    { a: (_a, b, _y, dy) => mul(dy, b), b: (a, _b, _y, dy) => mul(dy, a) },
    Math.imul,
  ),
  div: define(
    'div',
    'Div',
    (a, b) => a / b,
    { a: (_a, b, _y, dy) => div(dy, b), b: (_a, b, y, dy) => neg(mul(dy, div(y, b))) },
    (a, b) => Math.trunc(a / b) | 0,
  ),
  pow: define('pow', 'Pow', (a, b) => a ** b, {
    a: (a, b, _y, dy) => mul(dy, mul(b, pow(a, sub(b, 1)))),
    b: (a, _b, y, dy) => mul(dy, mul(y, log(a))),
  }),
  // A tie counts as the first operand's.
  maximum: define('maximum', 'Max', Math.max, {
    a: (a, b, _y, dy) => mul(dy, sub(1, cast(less(a, b), dy.dtype))),
    b: (a, b, _y, dy) => mul(dy, cast(less(a, b), dy.dtype)),
  }),
  minimum: define('minimum', 'Min', Math.min, {
    a: (a, b, _y, dy) => mul(dy, sub(1, cast(less(b, a), dy.dtype))),
    b: (a, b, _y, dy) => mul(dy, cast(less(b, a), dy.dtype)),
  }),
};

/** Both operands as tensors; a number takes the other's type. */
export function operands(name: string, a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === 'number') {
    check(typeof b !== 'number', name, 'at least one operand must be a tensor');
    return [scalar(a, b.dtype), b];
  }
  if (typeof b === 'number') return [a, scalar(b, a.dtype)];
  broadcast(name, [a, b]);
  const left = unexpanded(a, [b]);
  return [left, unexpanded(b, [left])];
}

const binary =
  (name: keyof typeof operators) =>
  (a: Operand, b: Operand): Tensor =>
    apply1(operators[name], operands(name, a, b), {});

/** `x` in the broadcast shape of both, for identities such as x + 0. */
const kept = (name: string, x: Tensor, other: Tensor): Tensor => {
  const shape = broadcast(name, [x, other]);
  return sameShape(shape, x.shape) ? x : expand(x, shape);
};

export function add(a: Operand, b: Operand): Tensor {
  const [x, y] = operands('add', a, b);
  if (uniformValue(y) === 0 && x.dtype === y.dtype) return kept('add', x, y);
  if (uniformValue(x) === 0 && x.dtype === y.dtype) return kept('add', y, x);
  return apply1(operators.add, [x, y], {});
}

export function mul(a: Operand, b: Operand): Tensor {
  const [x, y] = operands('mul', a, b);
  if (uniformValue(y) === 1 && x.dtype === y.dtype) return kept('mul', x, y);
  if (uniformValue(x) === 1 && x.dtype === y.dtype) return kept('mul', y, x);
  return apply1(operators.mul, [x, y], {});
}

export const sub = binary('sub');
export const div = binary('div');
/** `a` to the power `b`; gradient of the exponent needs a > 0. */
export const pow = binary('pow');
export const maximum = binary('maximum');
export const minimum = binary('minimum');
