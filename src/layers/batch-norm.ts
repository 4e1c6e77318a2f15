/**
 * @file Batch normalisation (Ioffe and Szegedy, 2015) of channels on the last axis: statistics of the batch while
 * training, of which a running mean and variance are kept as PyTorch keeps them; these in every other use.
 */
import * as g from '../graph';
import type { Tensor } from '../graph';
import { buffer, type Parameters, type Tensors } from './define';
import { ones, zeros } from './init';

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
 * @param training whether to normalise with the statistics of `x` over all other axes, and to keep them: a tenth of
 * each, of the variance with n − 1
 * @param keep false for a batch whose statistics are kept elsewhere
 */
export function batchNorm(
  x: Tensor,
  p: Tensors,
  name: string,
  eps: number,
  training: boolean,
  keep = true,
): Tensor {
  const of = (part: string): Tensor => p[`${name}.${part}`]!;
  const [mean, variance] = [of('running_mean'), of('running_var')];
  const options = { running: { mean, variance }, eps, axis: x.shape.length - 1 };
  if (!training) return g.batchNormEvaluation(x, of('weight'), of('bias'), options);
  const { y, running } = g.batchNorm(x, of('weight'), of('bias'), options);
  if (!keep) return y;
  return g.retain(y, [
    { buffer: mean, next: running.mean },
    { buffer: variance, next: running.variance },
  ]);
}
