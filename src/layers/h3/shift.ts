/**
 * @file The shift model of H3: a register of the last keys, which the token's B is added to and C reads (Fu et al.,
 * 2022, section 3.1). Its kernel has as many taps as the register places.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Tensors } from '../define';

/**
 * What a register (D, batch, N), newest first, shows in the next outputs: y[t] = Σ_j C[j + t + 1] register[j].
 * @returns (D, batch, length)
 */
export function shown(before: Tensor, C: Tensor, length: number): Tensor {
  const N = C.shape[1]!;
  const places = g.flip(g.longConv(before, g.flip(C, 1)), 2);
  const until = Math.min(N, length + 1);
  return g.pad(g.slice(places, 2, 1, until), 2, 0, length + 1 - until);
}

/** The register behind keys k (D, batch, time): B ∗ k, newest first, and what is left of the one before. */
export function register(before: Tensor, k: Tensor, B: Tensor): Tensor {
  const N = B.shape[1]!;
  const length = k.shape[2]!;
  const count = Math.min(N, length);
  const newest = g.pad(g.flip(g.slice(k, 2, length - count, length), 2), 2, 0, N - count);
  const written = g.longConv(newest, B);
  if (length >= N) return written;
  return g.add(written, g.pad(g.slice(before, 2, 0, N - length), 2, length, 0));
}

/** κ[t] = Σ_j C[t + j] B[j], as (D, N). */
export function shiftKernel(p: Tensors): Tensor {
  const C = p['ssm_k_kernel.kernel.C']!;
  const [, D, N] = C.shape as [number, number, number];
  const kernel = g.longConv(g.reshape(C, [D, 1, N]), p['ssm_k_kernel.kernel.B']!, { ahead: true });
  return g.reshape(kernel, [D, N]);
}

/** A skip is a weight on lag 0. */
export const withSkip = (kernel: Tensor, D: Tensor): Tensor =>
  g.add(kernel, g.pad(g.reshape(D, [D.shape[0]!, 1]), 1, 0, kernel.shape[1]! - 1));
