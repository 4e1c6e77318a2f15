/** @file Batch normalisation: statistics of the batch in training, kept ones in evaluation. */
import { checkFloat32 } from '../../dtype';
import { check } from '../../errors';
import { apply } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, sameShape, size } from '../../shape';
import type { Operator, Shape, Tensor, Value } from '../../types';
import { add, mul, sub } from '../elementwise/binary';
import { reciprocal, sqrt, square } from '../elementwise/unary';
import { ones } from '../leaves';
import { gemm } from '../matrix/linear';
import { sum } from '../reduce/reduce';
import { reshape } from '../shape/reshape';

interface BatchNormAttributes {
  readonly eps: number;
  /** Of the channels. */
  readonly axis: number;
}

/** Sums over everything but the channels; along contiguous axes first, which is faster than all at once. */
function perChannel(x: Tensor, axis: number): Tensor {
  const { outer, n, inner } = around(x.shape, axis);
  if (inner === 1) return reshape(gemm(ones([outer, 1]), reshape(x, [outer, n]), true, false), [n]);
  return sum(sum(reshape(x, [outer, n, inner]), [2]), [0]);
}

/** Channels where they are in `like`. */
const spread = (x: Tensor, like: Tensor, axis: number): Tensor =>
  reshape(
    x,
    like.shape.map((extent, i) => (i === axis ? extent : 1)),
  );

/** Outputs y, the mean and the biased variance of each channel. */
const batchNormOperator: Operator<BatchNormAttributes> = defineOperator<BatchNormAttributes>({
  name: 'batchNorm',
  infer(inputs, { axis }) {
    checkFloat32('batchNorm', inputs);
    const [x, ...parameters] = inputs as [Tensor, ...Tensor[]];
    const channels = [x.shape[axis]!];
    const fits = parameters.every(({ shape }) => sameShape(shape, channels));
    check(fits, 'batchNorm', `weight and bias must be as long as axis ${axis}`, inputs);
    const statistic = { dtype: 'float32', shape: channels } as const;
    return [{ dtype: 'float32', shape: x.shape }, statistic, statistic];
  },
  evaluate: ([x, w, b], { eps, axis }) => evaluateBatchNorm(x!, w!, b!, eps, axis),
  gradient(node, [dy, dMean, dVariance], wanted) {
    const [x, w] = node.inputs as [Tensor, Tensor];
    check(!dMean && !dVariance, 'batchNorm', 'the statistics are not differentiable');
    if (!dy) return [];
    const { eps, axis } = node.attributes;
    const [average, deviation] = node.outputs.slice(1) as [Tensor, Tensor];
    const inverse = reciprocal(sqrt(add(deviation, eps)));
    const wide = (v: Tensor): Tensor => spread(v, x, axis);
    const normed = mul(sub(x, wide(average)), wide(inverse));
    const [dBias, dWeight] = [perChannel(dy, axis), perChannel(mul(dy, normed), axis)];
    const dx = (): Tensor => {
      const share = x.shape[axis]! / size(x.shape);
      const level = wide(mul(dBias, share));
      const slope = wide(mul(dWeight, share));
      return mul(sub(sub(dy, level), mul(normed, slope)), wide(mul(w, inverse)));
    };
    return [wanted[0] ? dx() : undefined, dWeight, dBias];
  },
  expand([x, w, b], { eps, axis }) {
    const share = x!.shape[axis]! / size(x!.shape);
    const average = mul(perChannel(x!, axis), share);
    const centred = sub(x!, spread(average, x!, axis));
    // What rounding has left of the mean, which may be large beside the deviation.
    const rest = mul(perChannel(centred, axis), share);
    const variance = sub(mul(perChannel(square(centred), axis), share), square(rest));
    const scale = mul(w!, reciprocal(sqrt(add(variance, eps))));
    const shift = sub(b!, mul(rest, scale));
    const y = add(mul(centred, spread(scale, x!, axis)), spread(shift, x!, axis));
    return { outputs: [y, add(average, rest), variance] };
  },
});

function evaluateBatchNorm(x: Value, w: Value, b: Value, eps: number, axis: number): Value[] {
  const { n, inner } = around(x.shape, axis);
  const [average, variance] = [new Float64Array(n), new Float64Array(n)];
  const share = n / x.data.length;
  const channel = (i: number): number => Math.floor(i / inner) % n;
  x.data.forEach((v, i) => (average[channel(i)]! += v * share));
  x.data.forEach((v, i) => (variance[channel(i)]! += (v - average[channel(i)]!) ** 2 * share));
  const data = x.data.map((v, i) => {
    const c = channel(i);
    return ((v - average[c]!) / Math.sqrt(variance[c]! + eps)) * w.data[c]! + b.data[c]!;
  });
  const shape: Shape = [n];
  return [
    { shape: x.shape, data },
    { shape, data: average },
    { shape, data: variance },
  ];
}

/** What evaluation normalises with: (C) each. */
export interface RunningStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Normalises every channel over the batch and all other axes (Ioffe and Szegedy, 2015), as PyTorch does in
 * training. Only y is differentiated.
 * @param x (N, C, …), or the channels on another axis
 * @param weight (C)
 * @param bias (C)
 * @param options.running the statistics so far, of which `momentum` is replaced; with the unbiased variance
 * @returns y, and the statistics to keep for the next step
 */
export function batchNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  options: {
    readonly running: RunningStatistics;
    readonly eps?: number;
    readonly momentum?: number;
    readonly axis?: number;
  },
): { y: Tensor; running: RunningStatistics } {
  const { running, eps = 1e-5, momentum = 0.1, axis = 1 } = options;
  const at = axisOf('batchNorm', x, axis);
  const [y, mean, variance] = apply(batchNormOperator, [x, weight, bias], { eps, axis: at }) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const count = size(x.shape) / x.shape[at]!;
  check(count > 1, 'batchNorm', 'one value per channel has no variance', [x]);
  const next = (old: Tensor, now: Tensor, scale: number): Tensor =>
    add(mul(old, 1 - momentum), mul(now, momentum * scale));
  return {
    y,
    running: {
      mean: next(running.mean, mean, 1),
      variance: next(running.variance, variance, count / (count - 1)),
    },
  };
}

/** Normalises with kept statistics: (x - mean) / √(variance + eps) · weight + bias per channel. */
export function batchNormEvaluation(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  options: { readonly running: RunningStatistics; readonly eps?: number; readonly axis?: number },
): Tensor {
  const { running, eps = 1e-5, axis = 1 } = options;
  const at = axisOf('batchNorm', x, axis);
  const scale = mul(weight, reciprocal(sqrt(add(running.variance, eps))));
  const shift = sub(bias, mul(running.mean, scale));
  return add(mul(x, spread(scale, x, at)), spread(shift, x, at));
}
