/**
 * @file Batch normalisation (Ioffe and Szegedy, 2015) of channels on the last axis: statistics of the batch while
 * training, of which a running mean and variance are kept as PyTorch keeps them; these in every other use.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { buffer, type Parameters, type Tensors } from '../define';
import { ones, zeros } from '../init';

/** Weight and bias, not decayed, and the running statistics, under PyTorch's names behind `name`. */
export function batchNormParameters(name: string, channels: number): Parameters {
  const shape = [channels];
  return {
    [`${name}.weight`]: { shape, init: ones, decay: false },
    [`${name}.bias`]: { shape, init: zeros, decay: false },
    [`${name}.running_mean`]: buffer(shape, zeros),
    [`${name}.running_var`]: buffer(shape, ones),
  };
}

/**
 * @param x (…, channels); in training with more than one value per channel
 * @param options.training whether to normalise with the statistics of `x` over all other axes, and to keep them: a
 * tenth of each, of the variance with n − 1
 * @param options.keep false for a batch whose statistics are kept elsewhere
 * @param options.real 1 or 0 (…): what is 0 does not count in the statistics
 */
export function batchNorm(
  x: Tensor,
  p: Tensors,
  name: string,
  eps: number,
  {
    training,
    keep = true,
    real,
  }: { readonly training: boolean; readonly keep?: boolean; readonly real?: Tensor | undefined },
): Tensor {
  const of = (part: string): Tensor => p[`${name}.${part}`]!;
  const [mean, variance] = [of('running_mean'), of('running_var')];
  const options = { running: { mean, variance }, eps, axis: x.shape.length - 1 };
  if (!training) return g.batchNormEvaluation(x, of('weight'), of('bias'), options);
  const [weight, bias] = [of('weight'), of('bias')];
  const { y, running } = real
    ? ofTokens(x, weight, bias, real, { running: options.running, eps })
    : g.batchNorm(x, weight, bias, options);
  if (!keep) return y;
  return g.retain(y, [
    { buffer: mean, next: running.mean },
    { buffer: variance, next: running.variance },
  ]);
}

/** Share of the running statistics that a batch replaces. */
const MOMENTUM = 0.1;

/** The same with the statistics of what is 1 in `real` (…). */
function ofTokens(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  real: Tensor,
  {
    running,
    eps,
  }: { readonly running: { readonly mean: Tensor; readonly variance: Tensor }; readonly eps: number },
): { y: Tensor; running: { mean: Tensor; variance: Tensor } } {
  const axes = real.shape.map((_, axis) => axis);
  const count = g.sum(real, axes);
  const shares = g.unsqueeze(g.div(real, g.maximum(count, 1)), axes.length);
  const mean = g.sum(g.mul(x, shares), axes);
  const centred = g.sub(x, mean);
  const variance = g.sum(g.mul(g.square(centred), shares), axes);
  const unbiased = g.mul(variance, g.div(count, g.maximum(g.sub(count, 1), 1)));
  const next = (old: Tensor, now: Tensor): Tensor => g.add(g.mul(old, 1 - MOMENTUM), g.mul(now, MOMENTUM));
  return {
    y: g.add(g.mul(centred, g.mul(weight, g.reciprocal(g.sqrt(g.add(variance, eps))))), bias),
    running: { mean: next(running.mean, mean), variance: next(running.variance, unbiased) },
  };
}
