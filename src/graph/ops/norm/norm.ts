/** @file Layer and RMS normalisation over the last axis. */
import { checkFloat32 } from '../../dtype';
import { check } from '../../errors';
import { apply } from '../../node';
import { defineOperator } from '../../registry';
import { sameShape, size } from '../../shape';
import type { Operator, Shape, Tensor, Value } from '../../types';
import { add, mul, sub } from '../elementwise/binary';
import { gemm } from '../matrix/linear';
import { ones } from '../leaves';
import { rows } from '../matrix/matmul';
import { mean } from '../reduce/reduce';
import { reshape } from '../shape/reshape';
import { reciprocal, sqrt, square } from '../elementwise/unary';

interface NormAttributes {
  readonly eps: number;
}

const perRow = (shape: Shape): Shape => [...shape.slice(0, -1), 1];
const column = (x: Tensor): Tensor => reshape(x, [x.shape[x.shape.length - 1]!, 1]);

/** Σ over rows: (rows, n)ᵀ × (rows, 1) as a product, which is faster than a reduction over the outer axis. */
const overRows = (x: Tensor, weights: Tensor): Tensor =>
  reshape(gemm(weights, x, true, false), [x.shape[1]!]);

function checkNorm(name: string, inputs: readonly Tensor[]): void {
  checkFloat32(name, inputs);
  const [x, ...parameters] = inputs as [Tensor, ...Tensor[]];
  const width = x.shape.slice(-1);
  const fits = x.shape.length >= 1 && parameters.every(({ shape }) => sameShape(shape, width));
  check(fits, name, 'the parameters must be as long as the last axis', inputs);
}

/** Outputs y and 1/rms, the latter for the gradient. */
const rmsNormOperator: Operator<NormAttributes> = defineOperator<NormAttributes>({
  name: 'rmsNorm',
  infer(inputs) {
    checkNorm('rmsNorm', inputs);
    const { shape } = inputs[0]!;
    return [
      { dtype: 'float32', shape },
      { dtype: 'float32', shape: perRow(shape) },
    ];
  },
  evaluate([x, w], { eps }) {
    const n = w!.data.length;
    const y = x!.data.slice();
    const inverse = new Float64Array(y.length / n);
    for (let row = 0; row < inverse.length; row++) {
      const own = y.subarray(row * n, (row + 1) * n);
      inverse[row] = 1 / Math.sqrt(own.reduce((total, v) => total + v * v, 0) / n + eps);
      own.forEach((v, i) => (own[i] = v * inverse[row]! * w!.data[i]!));
    }
    return [
      { shape: x!.shape, data: y },
      { shape: perRow(x!.shape), data: inverse },
    ];
  },
  gradient(node, [dy, dInverse], wanted) {
    const [x, w] = node.inputs as [Tensor, Tensor];
    check(!dInverse, 'rmsNorm', 'the inverse deviation is not differentiable');
    if (!dy) return [];
    const inverse = reshape(node.outputs[1]!, [-1, 1]);
    const [flat, cotangent] = [rows(x), rows(dy)];
    const t = mul(cotangent, flat);
    const dx = (): Tensor => {
      // inverse³ · mean(dy w x) per row
      const along = mul(
        gemm(t, mul(column(w), 1 / w.shape[0]!), false, false),
        mul(square(inverse), inverse),
      );
      return reshape(sub(mul(mul(cotangent, w), inverse), mul(flat, along)), x.shape);
    };
    return [wanted[0] ? dx() : undefined, wanted[1] ? overRows(t, inverse) : undefined];
  },
  expand([x, w], { eps }, { target }) {
    if (target === 'cpu') return { outputs: apply(rmsKernel, [x!, w!], { eps }) };
    const inverse = reciprocal(sqrt(add(mean(square(x!), [-1], true), eps)));
    return { outputs: [mul(mul(x!, inverse), w!), inverse] };
  },
});

/** The CPU's fused kernel; on WebGPU its second output is something else. */
const rmsKernel: Operator<NormAttributes> = defineOperator<NormAttributes>({
  ...rmsNormOperator,
  name: 'rmsNormKernel',
  gradient: undefined,
  expand: undefined,
  lower: (emit, inputs, { attributes: { eps } }) =>
    emit.nodes('SimplifiedLayerNormalization', inputs, {
      attributes: { axis: -1, epsilon: { float: eps }, stash_type: 1 },
      outputs: 2,
    }),
});

/** x / √(mean(x²) + eps) · weight over the last axis. */
export const rmsNorm = (x: Tensor, weight: Tensor, eps: number): Tensor =>
  apply(rmsNormOperator, [x, weight], { eps })[0]!;

/** Outputs y, mean and 1/deviation. */
const layerNormOperator: Operator<NormAttributes> = defineOperator<NormAttributes>({
  name: 'layerNorm',
  infer(inputs) {
    checkNorm('layerNorm', inputs);
    const { shape } = inputs[0]!;
    const row = { dtype: 'float32', shape: perRow(shape) } as const;
    return [{ dtype: 'float32', shape }, row, row];
  },
  evaluate: ([x, w, b], { eps }) => evaluateLayerNorm(x!, w!, b!, eps),
  gradient(node, [dy], wanted) {
    const [x, w] = node.inputs as [Tensor, Tensor];
    if (!dy) return [];
    const [average, inverse] = node.outputs.slice(1).map((t) => reshape(t, [-1, 1])) as [Tensor, Tensor];
    const cotangent = rows(dy);
    const normed = mul(sub(rows(x), average), inverse);
    const t = mul(cotangent, normed);
    const dx = (): Tensor => {
      const weights = mul(column(w), 1 / w.shape[0]!);
      const level = gemm(cotangent, weights, false, false);
      const slope = gemm(t, weights, false, false);
      const inner = sub(sub(mul(cotangent, w), level), mul(normed, slope));
      return reshape(mul(inner, inverse), x.shape);
    };
    const one = ones([t.shape[0]!, 1]);
    return [
      wanted[0] ? dx() : undefined,
      wanted[1] ? overRows(t, one) : undefined,
      wanted[2] ? overRows(cotangent, one) : undefined,
    ];
  },
  expand([x, w, b], { eps }, { target }) {
    if (target !== 'webgpu') return { outputs: apply(layerKernel, [x!, w!, b!], { eps }) };
    // The kernel there takes the variance from the mean square, of which a large mean leaves nothing.
    const level = mean(x!, [-1], true);
    const [y, rest, inverse] = apply(layerKernel, [sub(x!, level), w!, b!], { eps }) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    return { outputs: [y, add(level, rest), inverse] };
  },
});

const layerKernel: Operator<NormAttributes> = defineOperator<NormAttributes>({
  ...layerNormOperator,
  name: 'layerNormKernel',
  gradient: undefined,
  expand: undefined,
  lower: (emit, inputs, { attributes: { eps } }) =>
    emit.nodes('LayerNormalization', inputs, {
      attributes: { axis: -1, epsilon: { float: eps } },
      outputs: 3,
    }),
});

function evaluateLayerNorm(x: Value, w: Value, b: Value, eps: number): Value[] {
  const n = w.data.length;
  const y = x.data.slice();
  const averages = new Float64Array(size(x.shape) / n);
  const inverses = averages.slice();
  for (let row = 0; row < averages.length; row++) {
    const own = y.subarray(row * n, (row + 1) * n);
    const average = own.reduce((total, v) => total + v, 0) / n;
    const inverse = 1 / Math.sqrt(own.reduce((total, v) => total + (v - average) ** 2, 0) / n + eps);
    own.forEach((v, i) => (own[i] = (v - average) * inverse * w.data[i]! + b.data[i]!));
    averages[row] = average;
    inverses[row] = inverse;
  }
  const shape = perRow(x.shape);
  return [
    { shape: x.shape, data: y },
    { shape, data: averages },
    { shape, data: inverses },
  ];
}

/** (x - mean) / √(variance + eps) · weight + bias over the last axis. */
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor =>
  apply(layerNormOperator, [x, weight, bias], { eps })[0]!;
