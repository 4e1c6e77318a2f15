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
  const normed = g.groupRmsNorm(input, groups, weight, eps);
  return before ? g.mul(normed, gate) : normed;
}
