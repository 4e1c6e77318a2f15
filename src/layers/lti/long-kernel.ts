/** @file What is done to a free kernel before it convolves: smooth, then squash (Fu et al., 2023, section 3). */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Init } from '../init';

/** Moving average over an odd window along the last axis; zeros beyond the ends count. */
export function smooth(kernel: Tensor, window: number): Tensor {
  const axis = kernel.shape.length - 1;
  const length = kernel.shape[axis]!;
  const half = (window - 1) / 2;
  const padded = g.pad(kernel, axis, half, half);
  const parts = Array.from({ length: window }, (_, i) => g.slice(padded, axis, i, i + length));
  return g.mul(
    parts.reduce((total, part) => g.add(total, part)),
    1 / window,
  );
}

/** sign(k) · relu(|k| - λ): small taps become zero, large ones shrink. */
export const squash = (kernel: Tensor, lambda: number): Tensor =>
  lambda === 0 ? kernel : g.sub(g.relu(g.sub(kernel, lambda)), g.relu(g.sub(g.neg(kernel), lambda)));

/** Standard deviations of the two starts. */
export const START = { random: 0.002, double_exp: 0.02 } as const;

/** Normal values; for `double_exp` times exp(-(j / L) (H / 2)^(i / H)) at channel i and tap j. */
export const kernelInit =
  (start: keyof typeof START): Init =>
  (shape, random) => {
    const [, H, L] = shape as [number, number, number];
    return Float32Array.from({ length: shape[0]! * H * L }, (_, index) => {
      const value = START[start] * random.normal();
      if (start === 'random') return value;
      const [i, j] = [Math.floor(index / L) % H, index % L];
      return value * Math.exp(-(j / L) * (H / 2) ** (i / H));
    });
  };
