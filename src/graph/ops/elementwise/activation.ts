/** @file Activations whose lowering is not one standard operator. */
import type { Emitter } from '../../compile/emitter';
import { floatType } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { sameShape } from '../../shape';
import type { DType, Operator, Tensor } from '../../types';
import { expm1 } from './about-one';
import { add, minimum, mul, sub } from './binary';
import { greater } from './compare';
import { where } from './select';
import { abs, erf, erfReference, exp, log, neg, relu, sigmoid, square, tanh } from './unary';

type None = Record<string, never>;
type Parts = Pick<Operator<None>, 'lower' | 'expand'>;

const define = (
  name: string,
  f: (x: number) => number,
  rule: (x: Tensor, y: Tensor, dy: Tensor) => Tensor,
  parts: Parts,
): Operator<None> =>
  defineOperator<None>({
    name,
    infer: ([x]) => [{ dtype: floatType(name, [x!]), shape: x!.shape }],
    evaluate: ([x]) => [{ shape: x!.shape, data: x!.data.map(f) }],
    gradient: ({ inputs: [x], outputs: [y] }, [dy]) => [dy && rule(x!, y!, dy)],
    ...parts,
  });

const siluOperator = define(
  'silu',
  (x) => x / (1 + Math.exp(-x)),
  // s (1 + x (1 - s)). With y = x s at hand a product less would do, but y would have to be kept beside x.
  (x, _y, dy) => {
    const s = sigmoid(x);
    return mul(mul(add(mul(x, sub(1, s)), 1), s), dy);
  },
  {
    lower(emit, inputs) {
      if (emit.target === 'onnx') return [emit.node('Mul', [inputs[0]!, emit.node('Sigmoid', inputs)])];
      const attributes = { alpha: { float: 1 } };
      return [emit.node('QuickGelu', inputs, { attributes, domain: 'com.microsoft' })];
    },
  },
);

/** x · sigmoid(x). */
export const silu = (x: Tensor): Tensor => apply1(siluOperator, [x], {});

/**
 * Its gradients need y and z alone; written as a product of two tensors, they would need silu(z) beside them, a
 * tensor more that every gated layer keeps from the forward to the backward pass.
 */
const siluGateOperator: Operator<None> = defineOperator<None>({
  name: 'siluGate',
  infer(inputs) {
    const [y, z] = inputs as [Tensor, Tensor];
    check(sameShape(y.shape, z.shape), 'siluGate', 'y and z must have one shape', inputs);
    return [{ dtype: floatType('siluGate', inputs), shape: y.shape }];
  },
  evaluate: ([y, z]) => [
    {
      shape: y!.shape,
      data: y!.data.map((value, i) => (value * z!.data[i]!) / (1 + Math.exp(-z!.data[i]!))),
    },
  ],
  gradient({ inputs: [y, z] }, [dout], wanted) {
    if (!dout) return [];
    const s = sigmoid(z!);
    const gate = mul(z!, s);
    return [
      wanted[0] ? mul(dout, gate) : undefined,
      wanted[1] ? mul(mul(dout, y!), add(s, mul(gate, sub(1, s)))) : undefined,
    ];
  },
  expand: ([y, z]) => ({ outputs: [mul(y!, silu(z!))] }),
});

/** y · silu(z), the gate of Mamba and of SwiGLU; y and z of one shape. */
export const siluGate = (y: Tensor, z: Tensor): Tensor => apply1(siluGateOperator, [y, z], {});

const softplusOperator = define(
  'softplus',
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  // The sigmoid of x. Its kernel is accurate against 1 only, and step sizes are thousandths.
  (x, y, dy) => mul(dy, exp(sub(x, y))),
  {
    // The Softplus kernel is scalar on the CPU. log(1 + e) loses what rounding takes from u = 1 + e; e - (u - 1)
    // is exactly that, and to first order what log(u) lacks.
    expand([x]) {
      const e = exp(neg(abs(x!)));
      const u = add(e, 1);
      const log1p = add(log(u), sub(e, sub(u, 1)));
      return { outputs: [add(relu(x!), log1p)] };
    },
  },
);

/** log(1 + exp(x)), accurate for large and small x. */
export const softplus = (x: Tensor): Tensor => apply1(softplusOperator, [x], {});

/** x · (1 + y) / 2 */
function halfTimesOnePlus(emit: Emitter, x: string, y: string, dtype: DType): string {
  const one = emit.node('Add', [y, emit.constant([1], [], dtype)]);
  return emit.node('Mul', [emit.node('Mul', [x, one]), emit.constant([0.5], [], dtype)]);
}

const geluOperator = define(
  'gelu',
  (x) => 0.5 * x * (1 + erfReference(x / Math.SQRT2)),
  (x, _y, dy) => {
    const phi = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    const Phi = add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
    return mul(dy, add(Phi, mul(x, phi)));
  },
  {
    lower(emit, [x], { inputs: [tensor] }) {
      if (emit.target !== 'onnx') return [emit.node('Gelu', [x!], { domain: 'com.microsoft' })];
      const scaled = emit.node('Mul', [x!, emit.constant([Math.SQRT1_2], [], tensor!.dtype)]);
      return [halfTimesOnePlus(emit, x!, emit.node('Erf', [scaled]), tensor!.dtype)];
    },
  },
);

/** x · Φ(x) with the exact error function. */
export const gelu = (x: Tensor): Tensor => apply1(geluOperator, [x], {});

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;
/** A square beyond which tanh is ±1. */
const GELU_END = 1000;

const geluTanhOperator = define(
  'geluTanh',
  (x) => 0.5 * x * (1 + Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x ** 3))),
  (x, _y, dy) => {
    // Where the bend is over, it is the same for all that is larger: no infinity times its slope of zero.
    const z = minimum(square(x), GELU_END);
    const t = tanh(mul(mul(x, add(mul(z, GELU_CUBIC), 1)), GELU_SCALE));
    const slope = mul(add(mul(z, 3 * GELU_CUBIC), 1), GELU_SCALE);
    return mul(dy, mul(add(add(t, 1), mul(x, mul(slope, sub(1, square(t))))), 0.5));
  },
  {
    lower(emit, [x], { inputs: [tensor] }) {
      if (emit.target !== 'onnx') return [emit.node('Gelu', [x!], { attributes: { approximate: 'tanh' } })];
      const { dtype } = tensor!;
      const scalar = (value: number): string => emit.constant([value], [], dtype);
      const cube = emit.node('Mul', [emit.node('Mul', [x!, x!]), x!]);
      const inner = emit.node('Add', [x!, emit.node('Mul', [cube, scalar(GELU_CUBIC)])]);
      const bend = emit.node('Tanh', [emit.node('Mul', [inner, scalar(GELU_SCALE)])]);
      return [halfTimesOnePlus(emit, x!, bend, dtype)];
    },
  },
);

/** GELU by its tanh approximation (Hendrycks and Gimpel, 2016). */
export const geluTanh = (x: Tensor): Tensor => apply1(geluTanhOperator, [x], {});

const eluOperator = define(
  'elu',
  (x) => (x > 0 ? x : Math.expm1(x)),
  (x, _y, dy) => mul(dy, exp(minimum(x, 0))),
  { expand: ([x]) => ({ outputs: [where(greater(x!, 0), x!, expm1(minimum(x!, 0)))] }) },
);

/** x above 0, else exp(x) - 1. */
export const elu = (x: Tensor): Tensor => apply1(eluOperator, [x], {});

/** The Laplace attention function (Ma et al., 2022): Φ((x - √½) / √(1/4π)), which approximates relu². */
export const laplace = (x: Tensor): Tensor =>
  add(mul(erf(mul(sub(x, Math.SQRT1_2), Math.sqrt(2 * Math.PI))), 0.5), 0.5);
