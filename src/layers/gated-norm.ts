/** @file The gated RMS norm of Mamba-2: statistics per group of channels, gate before or after. */
import * as g from '../graph';
import type { Tensor } from '../graph';

/**
 * @param y (…, channels)
 * @param gate (…, channels), already silu(z)
 * @param weight (channels)
 * @param options `groups` divides the channels; `before`: norm(y) · gate instead of norm(y · gate); `eps` is added
 * to the mean square
 */
export function gatedNorm(
  y: Tensor,
  gate: Tensor,
  weight: Tensor,
  options: { readonly groups: number; readonly before: boolean; readonly eps?: number },
): Tensor {
  const { groups, before, eps = 1e-5 } = options;
  const input = before ? y : g.mul(y, gate);
  const normed = groups === 1 ? g.rmsNorm(input, weight, eps) : groupedNorm(input, weight, groups, eps);
  return before ? g.mul(normed, gate) : normed;
}

function groupedNorm(x: Tensor, weight: Tensor, groups: number, eps: number): Tensor {
  const channels = weight.shape[0]!;
  const lead = x.shape.slice(0, -1);
  const grouped = g.reshape(x, [...lead, groups, channels / groups]);
  const meanSquare = g.mean(g.square(grouped), [lead.length + 1], true);
  const scaled = g.mul(grouped, g.reciprocal(g.sqrt(g.add(meanSquare, eps))));
  return g.mul(g.reshape(scaled, x.shape), weight);
}
