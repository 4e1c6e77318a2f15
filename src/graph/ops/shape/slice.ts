/** @file Taking and placing ranges along one axis. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, replaced, size } from '../../shape';
import type { Tensor, Value } from '../../types';
import { reshape } from './reshape';

/** An end that lies before the first element: plain negative positions count from the back. */
const BEFORE_FIRST = -(2 ** 31);

interface SliceAttributes {
  readonly axis: number;
  readonly start: number;
  /** Number of elements taken. */
  readonly count: number;
  readonly step: number;
}

function evaluateSlice(x: Value, { axis, start, count, step }: SliceAttributes): Value {
  const { outer, n, inner } = around(x.shape, axis);
  const data = new Float64Array(outer * count * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < count; i++) {
      const from = (o * n + start + i * step) * inner;
      data.set(x.data.subarray(from, from + inner), (o * count + i) * inner);
    }
  }
  return { shape: replaced(x.shape, axis, count), data };
}

const sliceOperator = defineOperator<SliceAttributes>({
  name: 'slice',
  infer: ([x], { axis, count }) => [{ dtype: x!.dtype, shape: replaced(x!.shape, axis, count) }],
  evaluate: ([x], attributes) => [evaluateSlice(x!, attributes)],
  gradient({ inputs: [x], attributes: { axis, start, count, step } }, [dy]) {
    if (!dy) return [];
    const n = x!.shape[axis]!;
    const forward = step < 0 ? flip(dy, axis) : dy;
    const stride = Math.abs(step);
    const first = step < 0 ? start + (count - 1) * step : start;
    if (stride === 1 || count <= 1) return [pad(forward, axis, first, n - first - count)];
    return [spread(forward, axis, stride, first, n)];
  },
  lower(emit, inputs, { inputs: [x], attributes: { axis, start, count, step } }) {
    // WebGPU slices floats only.
    if (emit.target === 'webgpu' && x!.dtype === 'int32') {
      const taken = Int32Array.from({ length: count }, (_, i) => start + i * step);
      const indices = emit.constant(taken, [count], 'int32');
      return [emit.node('Gather', [inputs[0]!, indices], { attributes: { axis } })];
    }
    const end = start + count * step;
    const range = [[start], [end < 0 ? BEFORE_FIRST : end], [axis], [step]].map((list) => emit.ints(list));
    return [emit.node('Slice', [inputs[0]!, ...range])];
  },
});

/**
 * Elements `start`, `start + step`, … before `end` along one axis. Negative positions count from the back; with a
 * negative step `end` may be `-Infinity` (to the front).
 */
export function slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
  const at = axisOf('slice', x, axis);
  const n = x.shape[at]!;
  check(Number.isInteger(step) && step !== 0, 'slice', `step ${step} is not possible`, [x]);
  const position = (i: number): number => (i < 0 ? i + n : i);
  const from = step > 0 ? Math.min(Math.max(position(start), 0), n) : Math.min(position(start), n - 1);
  const to = step > 0 ? Math.min(Math.max(position(end), 0), n) : Math.max(position(end), -1);
  const count = Math.max(0, Math.ceil((to - from) / step));
  check(from >= 0, 'slice', `start ${start} is before the first element`, [x]);
  if (step === 1 && count === n) return x;
  if (step < -1) {
    // WebGPU knows no negative step but -1.
    const first = from + (count - 1) * step;
    return slice(flip(slice(x, at, first, from + 1), at), at, 0, from + 1 - first, -step);
  }
  return apply1(sliceOperator, [x], { axis: at, start: from, count, step });
}

/** Reverses the order along one axis. */
export function flip(x: Tensor, axis: number): Tensor {
  const at = axisOf('flip', x, axis);
  const n = x.shape[at]!;
  if (n <= 1) return x;
  const { operator, attributes, inputs } = x.node;
  if (operator === sliceOperator) {
    const before = attributes as SliceAttributes;
    const whole = before.axis === at && before.step === -1 && before.count === inputs[0]!.shape[at];
    if (whole) return inputs[0]!;
  }
  return apply1(sliceOperator, [x], { axis: at, start: n - 1, count: n, step: -1 });
}

interface PadAttributes {
  readonly value: number;
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

const padOperator = defineOperator<PadAttributes>({
  name: 'pad',
  infer([x], { axis, before, after }) {
    check(before >= 0 && after >= 0, 'pad', `cannot pad by ${before} and ${after}`, [x!]);
    return [{ dtype: x!.dtype, shape: replaced(x!.shape, axis, before + x!.shape[axis]! + after) }];
  },
  evaluate([x], { axis, before, value }, [type]) {
    const { outer, n, inner } = around(x!.shape, axis);
    const data = new Float64Array(size(type!.shape)).fill(value);
    const rows = type!.shape[axis]!;
    for (let o = 0; o < outer; o++) {
      data.set(x!.data.subarray(o * n * inner, (o + 1) * n * inner), (o * rows + before) * inner);
    }
    return [{ shape: type!.shape, data }];
  },
  gradient({ inputs: [x], attributes: { axis, before } }, [dy]) {
    return [dy && slice(dy, axis, before, before + x!.shape[axis]!)];
  },
  lower(emit, inputs, { inputs: [x], attributes: { axis, before, after, value } }) {
    // All axes are written out: onnxruntime moves a Transpose across a Pad without looking at `axes`.
    const along = (extent: number): number[] => x!.shape.map((_, i) => (i === axis ? extent : 0));
    const fill = value === 0 ? [] : [emit.constant([value], [], x!.dtype)];
    return [emit.node('Pad', [inputs[0]!, emit.ints([...along(before), ...along(after)]), ...fill])];
  },
});

/** Zeros, or another finite value, before and after along one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number, value = 0): Tensor {
  const at = axisOf('pad', x, axis);
  return before === 0 && after === 0 ? x : apply1(padOperator, [x], { axis: at, before, after, value });
}

interface SpreadAttributes {
  readonly axis: number;
  readonly stride: number;
  readonly first: number;
  readonly total: number;
}

/** The adjoint of a strided slice: every `stride`-th element of a longer axis, zeros between. */
const spreadOperator = defineOperator<SpreadAttributes>({
  name: 'spread',
  infer: ([x], { axis, total }) => [{ dtype: x!.dtype, shape: replaced(x!.shape, axis, total) }],
  evaluate([x], { axis, stride, first, total }) {
    const { outer, n, inner } = around(x!.shape, axis);
    const data = new Float64Array(outer * total * inner);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < n; i++) {
        const from = (o * n + i) * inner;
        data.set(x!.data.subarray(from, from + inner), (o * total + first + i * stride) * inner);
      }
    }
    return [{ shape: replaced(x!.shape, axis, total), data }];
  },
  gradient({ inputs: [x], attributes: { axis, stride, first } }, [dy]) {
    const n = x!.shape[axis]!;
    return [dy && slice(dy, axis, first, first + (n - 1) * stride + 1, stride)];
  },
  expand([x], { axis, stride, first, total }) {
    const { n } = around(x!.shape, axis);
    const lead = x!.shape.slice(0, axis + 1);
    const tail = x!.shape.slice(axis + 1);
    const columns = pad(reshape(x!, [...lead, 1, ...tail]), axis + 1, 0, stride - 1);
    const flat = reshape(columns, [...x!.shape.slice(0, axis), n * stride, ...tail]);
    const kept = slice(flat, axis, 0, Math.min(n * stride, total - first));
    return { outputs: [pad(kept, axis, first, total - first - kept.shape[axis]!)] };
  },
});

const spread = (x: Tensor, axis: number, stride: number, first: number, total: number): Tensor =>
  apply1(spreadOperator, [x], { axis, stride, first, total });
