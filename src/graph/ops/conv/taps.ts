/** @file What each tap of a kernel sees, as tensors of the output's extents, and back. */
import type { Tensor } from '../../types';
import { add } from '../elementwise/binary';
import { stack } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { pad, slice, spread } from '../shape/slice';
import { indices, type Windows } from './geometry';

/** The padded input. */
const padded = (x: Tensor, { before, after }: Windows, value: number): Tensor =>
  before.reduce((y, extent, i) => pad(y, i + 2, extent, after[i]!, value), x);

/** For every tap, in row-major order, its input at every output position: (N, C, …counts) each. */
export function tapViews(x: Tensor, w: Windows, counts: readonly number[], value = 0): Tensor[] {
  const whole = padded(x, w, value);
  return indices(w.kernel).map((tap) =>
    tap.reduce((view, k, i) => {
      const start = k * w.dilations[i]!;
      const stride = w.strides[i]!;
      return slice(view, i + 2, start, start + (counts[i]! - 1) * stride + 1, stride);
    }, whole),
  );
}

/** Whether the windows divide the input among them without padding. */
export const tiles = (x: Tensor, w: Windows, counts: readonly number[]): boolean =>
  x.shape
    .slice(2)
    .every(
      (extent, i) =>
        w.kernel[i] === w.strides[i] && w.dilations[i] === 1 && extent === counts[i]! * w.kernel[i]!,
    ) && [...w.before, ...w.after].every((n) => n === 0);

/** The adjoint of `tapViews`: adds up where each tap looked. */
export function overlay(parts: readonly Tensor[], x: Tensor, w: Windows): Tensor {
  const counts = parts[0]!.shape.slice(2);
  if (tiles(x, w, counts)) return interlocked(parts, x, w);
  const extents = x.shape.slice(2).map((extent, i) => extent + w.before[i]! + w.after[i]!);
  const placed = indices(w.kernel).map((tap, k) =>
    tap.reduce(
      (part, at, i) => spread(part, i + 2, w.strides[i]!, at * w.dilations[i]!, extents[i]!),
      parts[k]!,
    ),
  );
  const whole = placed.reduce((total, part) => add(total, part));
  return x.shape
    .slice(2)
    .reduce((y, extent, i) => slice(y, i + 2, w.before[i]!, w.before[i]! + extent), whole);
}

/** Windows that do not overlap only have to be put side by side, the last axis first. */
function interlocked(parts: readonly Tensor[], x: Tensor, w: Windows): Tensor {
  let level = [...parts];
  for (let i = w.kernel.length - 1; i >= 0; i--) {
    const k = w.kernel[i]!;
    level = Array.from({ length: level.length / k }, (_, group) => {
      const row = stack(level.slice(group * k, (group + 1) * k), i + 3);
      const { shape } = level[0]!;
      return reshape(
        row,
        shape.map((extent, axis) => (axis === i + 2 ? extent * k : extent)),
      );
    });
  }
  return reshape(level[0]!, x.shape);
}
