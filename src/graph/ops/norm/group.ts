/** @file Normalisation over groups of channels. */
import { check } from '../../errors';
import { sameShape, size } from '../../shape';
import type { Tensor } from '../../types';
import { add, mul } from '../elementwise/binary';
import { ones, zeros } from '../leaves';
import { reshape } from '../shape/reshape';
import { layerNorm, rmsNorm } from './norm';

function checkGroups(name: string, inputs: readonly Tensor[], channels: number, groups: number): void {
  check(
    Number.isInteger(groups) && channels % groups === 0,
    name,
    `${groups} groups do not divide ${channels}`,
    inputs,
  );
  const fits = inputs.slice(1).every(({ shape }) => sameShape(shape, [channels]));
  check(fits, name, 'the parameters must be as long as the channels', inputs);
}

/**
 * Every example's channels in groups, each normalised over its channels and positions (Wu and He, 2018).
 * @param x (N, C, …)
 * @param weight (C)
 * @param bias (C)
 */
export function groupNorm(x: Tensor, groups: number, weight: Tensor, bias: Tensor, eps = 1e-5): Tensor {
  const channels = x.shape[1]!;
  checkGroups('groupNorm', [x, weight, bias], channels, groups);
  const width = size(x.shape) / (x.shape[0]! * groups);
  const flat = reshape(x, [-1, width]);
  const normed = reshape(layerNorm(flat, ones([width]), zeros([width]), eps), x.shape);
  const perChannel = (v: Tensor): Tensor => reshape(v, [channels, ...x.shape.slice(2).map(() => 1)]);
  return add(mul(normed, perChannel(weight)), perChannel(bias));
}

/** RMS normalisation of every group of channels by itself, channels last: x (…, C), weight (C). */
export function groupRmsNorm(x: Tensor, groups: number, weight: Tensor, eps = 1e-5): Tensor {
  const channels = x.shape[x.shape.length - 1]!;
  checkGroups('groupRmsNorm', [x, weight], channels, groups);
  if (groups === 1) return rmsNorm(x, weight, eps);
  const width = channels / groups;
  const normed = rmsNorm(reshape(x, [-1, width]), ones([width]), eps);
  return mul(reshape(normed, x.shape), weight);
}
