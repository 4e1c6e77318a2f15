/** @file What each tap of a kernel sees, as tensors of the output's extents, and back. */
import type { Tensor } from '../../types';
import { add } from '../elementwise/binary';
import { zeros } from '../leaves';
import { stack } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { pad, slice } from '../shape/slice';
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

/**
 * The adjoint of `tapViews`: adds up where each tap looked. The input is seen as cells of one stride; taps that look
 * at the same place of their cells add up on the coarse grid of cells, and the places are put side by side last.
 */
export function overlay(parts: readonly Tensor[], x: Tensor, w: Windows): Tensor {
  const counts = parts[0]!.shape.slice(2);
  const spatial = x.shape.slice(2);
  const offsets = indices(w.kernel).map((tap) => tap.map((k, i) => k * w.dilations[i]!));
  const cells = spatial.map((extent, i) => {
    const padded = extent + w.before[i]! + w.after[i]!;
    return Math.ceil(padded / w.strides[i]!);
  });
  const places = indices(w.strides).map((place) => {
    const own = parts.flatMap((part, k) => {
      const offset = offsets[k]!;
      if (!offset.every((at, i) => place[i] === at % w.strides[i]!)) return [];
      return [
        offset.reduce((moved, at, i) => {
          const first = Math.floor(at / w.strides[i]!);
          return pad(moved, i + 2, first, cells[i]! - counts[i]! - first);
        }, part),
      ];
    });
    return own.length === 0
      ? zeros([...x.shape.slice(0, 2), ...cells])
      : own.reduce((total, part) => add(total, part));
  });
  return spatial.reduce(
    (y, extent, i) => slice(y, i + 2, w.before[i]!, w.before[i]! + extent),
    sideBySide(places, w.strides),
  );
}

/** Places of cells next to each other, the last axis first. */
function sideBySide(places: readonly Tensor[], strides: readonly number[]): Tensor {
  let level = [...places];
  for (let i = strides.length - 1; i >= 0; i--) {
    const k = strides[i]!;
    level = Array.from({ length: level.length / k }, (_, group) => {
      const { shape } = level[0]!;
      return reshape(
        stack(level.slice(group * k, (group + 1) * k), i + 3),
        shape.map((extent, axis) => (axis === i + 2 ? extent * k : extent)),
      );
    });
  }
  return level[0]!;
}
