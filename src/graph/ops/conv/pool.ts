/** @file Pooling over windows, channels first. */
import { checkFloat32 } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { size } from '../../shape';
import type { Tensor } from '../../types';
import { div, mul, sub } from '../elementwise/binary';
import { equal } from '../elementwise/compare';
import { cast } from '../elementwise/select';
import { constant } from '../leaves';
import { max, mean } from '../reduce/reduce';
import { reshape } from '../shape/reshape';
import {
  onnxWindows,
  visitTaps,
  windowCounts,
  windows,
  type PerAxis,
  type Windows,
  type WindowOptions,
} from './geometry';
import { overlay, tapViews } from './taps';

/** Below every float32: what padding counts as when the largest is looked for. */
const LOWEST = -3.4028234663852886e38;

interface PoolOptions extends Omit<WindowOptions, 'dilation'> {
  readonly kernel: PerAxis;
}

/** The stride is the kernel unless given. */
function poolWindows(name: string, x: Tensor, { kernel, stride = kernel, ...options }: PoolOptions): Windows {
  check(x.shape.length >= 3, name, 'needs an input (N, C, …)', [x]);
  const rank = x.shape.length - 2;
  const extents = typeof kernel === 'object' ? kernel : new Array<number>(rank).fill(kernel);
  check(extents.length === rank, name, `the kernel must have ${rank} extents`, [x]);
  const found = windows(name, x, extents, { ...options, stride });
  const half = found.kernel.every((k, i) => Math.max(found.before[i]!, found.after[i]!) * 2 <= k);
  check(half, name, 'the padding must be at most half of the kernel', [x]);
  return found;
}

const maxPoolOperator = defineOperator<Windows>({
  name: 'maxPool',
  infer([x], w) {
    checkFloat32('maxPool', [x!]);
    return [{ dtype: 'float32', shape: [...x!.shape.slice(0, 2), ...windowCounts('maxPool', x!, w)] }];
  },
  evaluate([x], w, [type]) {
    const data = new Float64Array(size(type!.shape)).fill(-Infinity);
    const [spatial, counts] = [x!.shape.slice(2), type!.shape.slice(2)];
    const [from, to] = [size(spatial), size(counts)];
    visitTaps(spatial, counts, w, (input, _, output) => {
      for (let plane = 0; plane * to < data.length; plane++) {
        const at = plane * to + output;
        data[at] = Math.max(data[at]!, x!.data[plane * from + input]!);
      }
    });
    return [{ shape: type!.shape, data }];
  },
  // The first tap that holds the largest value gets the gradient.
  gradient({ inputs: [x], outputs: [y], attributes: w }, [dy]) {
    if (!dy) return [];
    let left: Tensor | undefined;
    const parts = tapViews(x!, w, y!.shape.slice(2), LOWEST).map((view) => {
      const hit = cast(equal(view, y!), 'float32');
      const first = left ? mul(hit, left) : hit;
      left = left ? sub(left, first) : sub(1, first);
      return mul(first, dy);
    });
    return [overlay(parts, x!, w)];
  },
  lower: (emit, inputs, { attributes }) => [
    emit.node('MaxPool', inputs, { attributes: onnxWindows(attributes) }),
  ],
});

/** The largest value of every window, as PyTorch's max_pool: x (N, C, …). */
export const maxPool = (x: Tensor, options: PoolOptions): Tensor =>
  apply1(maxPoolOperator, [x], poolWindows('maxPool', x, options));

interface AveragePoolAttributes extends Windows {
  /** Padding counts as zeros; otherwise it does not count. */
  readonly countPadding: boolean;
}

/** How many values every window averages. */
function windowSizes(
  spatial: readonly number[],
  counts: readonly number[],
  w: AveragePoolAttributes,
): Float64Array {
  const sizes = new Float64Array(size(counts));
  if (w.countPadding) return sizes.fill(size(w.kernel));
  visitTaps(spatial, counts, w, (_, __, output) => sizes[output]!++);
  return sizes;
}

const averagePoolOperator = defineOperator<AveragePoolAttributes>({
  name: 'averagePool',
  infer([x], w) {
    checkFloat32('averagePool', [x!]);
    return [{ dtype: 'float32', shape: [...x!.shape.slice(0, 2), ...windowCounts('averagePool', x!, w)] }];
  },
  evaluate([x], w, [type]) {
    const data = new Float64Array(size(type!.shape));
    const [spatial, counts] = [x!.shape.slice(2), type!.shape.slice(2)];
    const [from, to] = [size(spatial), size(counts)];
    visitTaps(spatial, counts, w, (input, _, output) => {
      for (let plane = 0; plane * to < data.length; plane++) {
        data[plane * to + output]! += x!.data[plane * from + input]!;
      }
    });
    const sizes = windowSizes(spatial, counts, w);
    return [{ shape: type!.shape, data: data.map((total, i) => total / sizes[i % to]!) }];
  },
  gradient({ inputs: [x], attributes: w }, [dy]) {
    if (!dy) return [];
    const counts = dy.shape.slice(2);
    const sizes = windowSizes(x!.shape.slice(2), counts, w);
    const even = sizes.every((n) => n === sizes[0]);
    const share = even ? mul(dy, 1 / sizes[0]!) : div(dy, constant(Float32Array.from(sizes), counts));
    return [overlay(new Array<Tensor>(size(w.kernel)).fill(share), x!, w)];
  },
  lower: (emit, inputs, { attributes }) => {
    // The operator of this name has no dilations before opset 19, and needs none.
    const { dilations: _, ...own } = onnxWindows(attributes);
    return [
      emit.node('AveragePool', inputs, {
        attributes: { ...own, count_include_pad: Number(attributes.countPadding) },
      }),
    ];
  },
});

/**
 * The mean of every window, as PyTorch's avg_pool: x (N, C, …).
 * @param options.countPadding whether padding counts as zeros (the default) or not at all
 */
export const averagePool = (x: Tensor, options: PoolOptions & { readonly countPadding?: boolean }): Tensor =>
  apply1(averagePoolOperator, [x], {
    ...poolWindows('averagePool', x, options),
    countPadding: options.countPadding ?? true,
  });

const spatialAxes = (x: Tensor): number[] => x.shape.slice(2).map((_, i) => i + 2);

/** The mean over all spatial axes: (N, C, …) → (N, C). */
export const globalAveragePool = (x: Tensor): Tensor => mean(x, spatialAxes(x));

/** The largest over all spatial axes: (N, C, …) → (N, C). */
export const globalMaxPool = (x: Tensor): Tensor => max(x, spatialAxes(x));

/** Means over equal blocks, `extents` of them along the spatial axes; they must divide the input. */
export function adaptiveAveragePool(x: Tensor, extents: readonly number[]): Tensor {
  const spatial = x.shape.slice(2);
  const whole =
    extents.length === spatial.length && spatial.every((n, i) => Number.isInteger(n / extents[i]!));
  check(whole, 'adaptiveAveragePool', `[${extents.join(', ')}] blocks do not divide the input`, [x]);
  const blocks = spatial.flatMap((n, i) => [extents[i]!, n / extents[i]!]);
  const axes = spatial.map((_, i) => 3 + 2 * i);
  return mean(reshape(x, [...x.shape.slice(0, 2), ...blocks]), axes);
}
