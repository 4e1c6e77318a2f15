/** @file What a convolution connects: positions of the input, taps of the kernel, positions of the output. */
import { check } from '../../errors';
import { size } from '../../shape';
import type { Shape, TensorType } from '../../types';

/** One entry per spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface ConvAttributes extends Windows {
  readonly groups: number;
}

/** A number for all spatial axes, or one per axis; of a padding, both ends or `[before, after]` of each axis. */
export type PerAxis = number | readonly number[];
export type Padding = PerAxis | readonly (readonly [before: number, after: number])[];

export interface WindowOptions {
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
}

/** @throws ShapeError when an option does not fit the number of axes or is no such number */
export function windows(
  name: string,
  x: TensorType,
  kernel: readonly number[],
  options: WindowOptions,
): Windows {
  const rank = kernel.length;
  const perAxis = (what: string, value: PerAxis | undefined, fallback: number, least: number): number[] => {
    const list = typeof value === 'object' ? [...value] : new Array<number>(rank).fill(value ?? fallback);
    const fits = list.length === rank && list.every((n) => Number.isInteger(n) && n >= least);
    check(fits, name, `${what} must be ${rank} integers ≥ ${least}, got ${list.join(', ')}`, [x]);
    return list;
  };
  const { padding = 0 } = options;
  const ends = (which: 0 | 1): PerAxis =>
    typeof padding === 'number'
      ? padding
      : padding.map((one) => (typeof one === 'number' ? one : one[which]));
  return {
    kernel: perAxis('the kernel', kernel, 1, 1),
    strides: perAxis('the stride', options.stride, 1, 1),
    dilations: perAxis('the dilation', options.dilation, 1, 1),
    before: perAxis('the padding', ends(0), 0, 0),
    after: perAxis('the padding', ends(1), 0, 0),
  };
}

/** How far a kernel reaches along an axis. */
export const reach = ({ kernel, dilations }: Windows, axis: number): number =>
  dilations[axis]! * (kernel[axis]! - 1) + 1;

/** Numbers of windows along the spatial axes. */
export function windowCounts(name: string, x: TensorType, w: Windows): number[] {
  return x.shape.slice(2).map((extent, i) => {
    const count = Math.floor((extent + w.before[i]! + w.after[i]! - reach(w, i)) / w.strides[i]!) + 1;
    check(count >= 1, name, `the kernel [${w.kernel.join(', ')}] reaches beyond the padded input`, [x]);
    return count;
  });
}

/** As ONNX attributes. */
export const onnxWindows = ({ kernel, strides, dilations, before, after }: Windows) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [...before, ...after],
});

/** All index tuples below the extents, in row-major order. */
export function indices(extents: readonly number[]): number[][] {
  return Array.from({ length: size(extents) }, (_, flat) => {
    let rest = flat;
    return [...extents]
      .reverse()
      .map((extent) => {
        const i = rest % extent;
        rest = Math.floor(rest / extent);
        return i;
      })
      .reverse();
  });
}

/**
 * Calls `visit` with flat spatial positions of the input, the kernel and the output that belong together; taps in
 * the padding are left out.
 */
export function visitTaps(
  spatial: Shape,
  counts: Shape,
  w: Windows,
  visit: (input: number, tap: number, output: number) => void,
): void {
  const taps = indices(w.kernel);
  for (const [output, place] of indices(counts).entries()) {
    for (const [tap, offset] of taps.entries()) {
      let input = 0;
      let inside = true;
      for (const [i, extent] of spatial.entries()) {
        const at = place[i]! * w.strides[i]! + offset[i]! * w.dilations[i]! - w.before[i]!;
        inside &&= at >= 0 && at < extent;
        input = input * extent + at;
      }
      if (inside) visit(input, tap, output);
    }
  }
}
