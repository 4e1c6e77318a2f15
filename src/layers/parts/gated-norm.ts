/** @file The gated RMS norm of Mamba-2: statistics per group of channels, gate before or after. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/**
 * @param y (…, channels)
 * @param z (…, channels), whose SiLU is the gate
 * @param weight (channels)
 * @param options `groups` divides the channels; `before`: norm(y) · silu(z) instead of norm(y · silu(z)); `eps` is added
 * to the mean square
 */
export function gatedNorm(
  y: Tensor,
  z: Tensor,
  weight: Tensor,
  options: { readonly groups: number; readonly before: boolean; readonly eps?: number },
): Tensor {
  const { groups, before, eps = 1e-5 } = options;
  const input = before ? y : g.siluGate(y, z);
  const normed = g.groupRmsNorm(input, groups, weight, eps);
  return before ? g.siluGate(normed, z) : normed;
}
