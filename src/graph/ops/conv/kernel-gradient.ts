/** @file The gradient of a convolution's kernel: no device has an operator for it. */
import { size } from '../../shape';
import type { Tensor } from '../../types';
import { mul } from '../elementwise/binary';
import { product } from '../matrix/matmul';
import { sum } from '../reduce/reduce';
import { stack } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { windowCounts, type ConvAttributes } from './geometry';
import { tapViews } from './taps';

/**
 * @param x (N, in, …)
 * @param dy (N, out, …)
 * @returns (out, in / groups, …kernel)
 */
export function kernelGradient(x: Tensor, dy: Tensor, attributes: ConvAttributes): Tensor {
  const { groups, kernel } = attributes;
  const [batch, channels] = x.shape as [number, number];
  const features = dy.shape[1]!;
  const views = tapViews(x, attributes, windowCounts('conv', x, attributes));
  const positions = size(dy.shape.slice(2));
  if (groups === channels && groups === features) {
    // Depthwise: products and sums, the contiguous axes first.
    const perTap = views.map((view) => {
      const products = reshape(mul(view, dy), [batch, channels, positions]);
      return sum(sum(products, [2]), [0]);
    });
    return reshape(stack(perTap, 1), [features, 1, ...kernel]);
  }
  const inner = channels / groups;
  const columns = stack(
    views.map((view) => reshape(view, [batch, groups, inner, positions])),
    3,
  );
  const flat = reshape(columns, [batch, groups, inner * views.length, positions]);
  const rows = reshape(dy, [batch, groups, features / groups, positions]);
  return reshape(sum(product(rows, flat, false, true), [0]), [features, inner, ...kernel]);
}
