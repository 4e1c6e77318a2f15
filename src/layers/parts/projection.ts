/** @file Parameters and graph pieces that several mixers share: linear maps, the causal convolution, its cache. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Dims, ParameterSpec, Parameters, Tensors } from '../define';
import { linear, scaled, zeros, type Init } from '../init';

/**
 * `name.weight` (outputs, inputs) and, when asked for, `name.bias` (outputs). Biases start at zero and are not
 * decayed, as in the authors' language model wrapper.
 */
export function linearParameters(
  name: string,
  inputs: number,
  outputs: number,
  options: { bias?: boolean; init?: Init } = {},
): Parameters {
  const weight: ParameterSpec = {
    shape: [outputs, inputs],
    init: options.init ?? linear(inputs),
    decay: true,
  };
  const bias: ParameterSpec = { shape: [outputs], init: zeros, decay: false };
  return { [`${name}.weight`]: weight, ...(options.bias ? { [`${name}.bias`]: bias } : {}) };
}

/** Start of the map that leads back to the residual stream: PyTorch's, smaller the more sub-layers add to it. */
export const residualInit = (inputs: number, { n_layer, residuals_per_layer }: Dims): Init =>
  scaled(linear(inputs), 1 / Math.sqrt(n_layer * residuals_per_layer));

/** Splits the last axis; a part of width 0 becomes undefined. */
export function divide(x: Tensor, sizes: readonly number[]): (Tensor | undefined)[] {
  const parts = g.split(
    x,
    x.shape.length - 1,
    sizes.filter((size) => size > 0),
  );
  let next = 0;
  return sizes.map((size) => (size > 0 ? parts[next++] : undefined));
}

/** Depthwise `conv1d.weight` (channels, 1, width) and `conv1d.bias` (channels), PyTorch's default start. */
export function convolutionParameters(
  channels: number,
  width: number,
  bias: boolean,
  init?: Init,
): Parameters {
  const start = init ?? linear(width);
  return {
    'conv1d.weight': { shape: [channels, 1, width], init: start, decay: true },
    ...(bias ? { 'conv1d.bias': { shape: [channels], init: linear(width), decay: false } } : {}),
  };
}

/** `x` (…, inputs) → (…, outputs) with the parameters `name.*`. */
export const project = (x: Tensor, p: Tensors, name: string): Tensor =>
  g.linear(x, p[`${name}.weight`]!, p[`${name}.bias`]);

/** The depthwise causal convolution `conv1d.*` over `timeAxis`; channels are the last axis. */
export const convolve = (x: Tensor, p: Tensors, timeAxis: number): Tensor =>
  g.causalConv1d(x, p['conv1d.weight']!, p['conv1d.bias'], timeAxis);

/** The same taps around each position, as many on either side, zeros beyond both ends; their number is odd. */
export function convolveAround(x: Tensor, p: Tensors, timeAxis: number): Tensor {
  const half = (p['conv1d.weight']!.shape[2]! - 1) / 2;
  const length = x.shape[timeAxis]!;
  const shifted = convolve(g.pad(x, timeAxis, 0, half), p, timeAxis);
  return g.slice(shifted, timeAxis, half, half + length);
}

/**
 * The convolution for one token.
 * @param x (batch, channels)
 * @param cache (batch, channels, width), newest in the last column
 */
export function convolveStep(x: Tensor, cache: Tensor, p: Tensors): { y: Tensor; cache: Tensor } {
  const weight = p['conv1d.weight']!;
  const [channels, , width] = weight.shape as [number, number, number];
  const newest = g.unsqueeze(x, 2);
  const next = width === 1 ? newest : g.concat([g.slice(cache, 2, 1, width), newest], 2);
  const sum = g.sum(g.mul(next, g.reshape(weight, [channels, width])), [2]);
  const bias = p['conv1d.bias'];
  return { y: bias ? g.add(sum, bias) : sum, cache: next };
}

/**
 * The same convolution for several tokens that continue from a cache.
 * @param x time along `timeAxis` (0 or 1), batch along the other of the two, channels last
 * @param cache (batch, channels, width), newest in the last column
 */
export function convolveFrom(
  x: Tensor,
  cache: Tensor,
  p: Tensors,
  timeAxis: 0 | 1,
): { y: Tensor; cache: Tensor } {
  const width = cache.shape[2]!;
  const length = x.shape[timeAxis]!;
  const toTime = timeAxis === 0 ? [2, 0, 1] : [0, 2, 1];
  const fromTime = timeAxis === 0 ? [1, 2, 0] : [0, 2, 1];
  const joined = g.concat([g.transpose(cache, toTime), x], timeAxis);
  // The oldest column is only kept for the step's sake; no token of now sees it.
  return {
    y: g.slice(convolve(joined, p, timeAxis), timeAxis, width, width + length),
    cache: g.transpose(g.slice(joined, timeAxis, length, width + length), fromTime),
  };
}
