/** @file Joining and dividing along one axis. */
import { check } from '../../errors';
import { apply, apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, replaced, sameShape, size } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { splitLinear } from '../matrix/linear';
import { zeros } from '../leaves';
import { unsqueeze } from './reshape';
import { slice } from './slice';

const concatOperator = defineOperator<{ readonly axis: number }>({
  name: 'concat',
  infer(inputs, { axis }) {
    const [first] = inputs as [Tensor];
    const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
    const fits = inputs.every(
      ({ dtype, shape }) =>
        dtype === first.dtype && sameShape(replaced(shape, axis, 0), replaced(first.shape, axis, 0)),
    );
    check(fits, 'concat', `operands must agree but for axis ${axis}`, inputs);
    return [{ dtype: first.dtype, shape: replaced(first.shape, axis, total) }];
  },
  evaluate(inputs, { axis }, [type]) {
    const { outer, n, inner } = around(type!.shape, axis);
    const data = new Float64Array(size(type!.shape));
    let offset = 0;
    for (const x of inputs) {
      const run = x.shape[axis]! * inner;
      for (let o = 0; o < outer; o++) {
        data.set(x.data.subarray(o * run, (o + 1) * run), o * n * inner + offset * inner);
      }
      offset += x.shape[axis]!;
    }
    return [{ shape: type!.shape, data }];
  },
  gradient({ inputs, attributes: { axis } }, [dy]) {
    if (!dy) return [];
    return split(
      dy,
      axis,
      inputs.map(({ shape }) => shape[axis]!),
    );
  },
  lower: (emit, inputs, { attributes: { axis } }) => [emit.node('Concat', inputs, { attributes: { axis } })],
});

/** Joins tensors that agree in every other axis. */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  check(xs.length > 0, 'concat', 'needs at least one tensor');
  const at = axisOf('concat', xs[0]!, axis);
  return xs.length === 1 ? xs[0]! : apply1(concatOperator, xs, { axis: at });
}

/** Joins tensors of one shape along a new axis. */
export const stack = (xs: readonly Tensor[], axis: number): Tensor => {
  const at = axis < 0 ? axis + xs[0]!.shape.length + 1 : axis;
  return concat(
    xs.map((x) => unsqueeze(x, at)),
    at,
  );
};

interface SplitAttributes {
  readonly axis: number;
  readonly sizes: readonly number[];
}

/** WebGPU binds every output as a buffer and guarantees few of them. */
const MOST_OUTPUTS_WEBGPU = 7;

const splitOperator: Operator<SplitAttributes> = defineOperator<SplitAttributes>({
  name: 'split',
  infer([x], { axis, sizes }) {
    const total = sizes.reduce((sum, extent) => sum + extent, 0);
    const whole = total === x!.shape[axis] && sizes.every((extent) => extent >= 0);
    check(whole, 'split', `sizes [${sizes.join(', ')}] do not add up to axis ${axis}`, [x!]);
    return sizes.map((extent) => ({ dtype: x!.dtype, shape: replaced(x!.shape, axis, extent) }));
  },
  evaluate([x], { axis, sizes }, types) {
    const { outer, n, inner } = around(x!.shape, axis);
    let offset = 0;
    return sizes.map((extent, k) => {
      const data = new Float64Array(size(types[k]!.shape));
      for (let o = 0; o < outer; o++) {
        const from = (o * n + offset) * inner;
        data.set(x!.data.subarray(from, from + extent * inner), o * extent * inner);
      }
      offset += extent;
      return { shape: types[k]!.shape, data };
    });
  },
  gradient({ outputs, attributes: { axis } }, cotangents) {
    if (cotangents.every((dy) => dy === undefined)) return [];
    return [
      concat(
        outputs.map(({ dtype, shape }, i) => cotangents[i] ?? zeros(shape, dtype)),
        axis,
      ),
    ];
  },
  expand([x], { axis, sizes }, { target }) {
    if (target !== 'webgpu' || (x!.dtype !== 'int32' && sizes.length <= MOST_OUTPUTS_WEBGPU)) {
      return { outputs: apply(splitKernel, [x!], { axis, sizes }) };
    }
    let start = 0;
    if (x!.dtype === 'int32') {
      return { outputs: sizes.map((extent) => slice(x!, axis, start, (start += extent))) };
    }
    // In groups, each divided at once: a fourth of the operators.
    const outputs: Tensor[] = [];
    for (let i = 0; i < sizes.length; i += MOST_OUTPUTS_WEBGPU) {
      const own = sizes.slice(i, i + MOST_OUTPUTS_WEBGPU);
      const end = own.reduce((total, extent) => total + extent, start);
      const group = slice(x!, axis, start, end);
      outputs.push(...(own.length === 1 ? [group] : apply(splitKernel, [group], { axis, sizes: own })));
      start = end;
    }
    return { outputs };
  },
});

/** The parts that are used, by one operator or, when they are few, by one operator each. */
const splitKernel: Operator<SplitAttributes> = defineOperator<SplitAttributes>({
  ...splitOperator,
  name: 'splitKernel',
  gradient: undefined,
  expand: undefined,
  lower(emit, inputs, { attributes: { axis, sizes } }) {
    const used = sizes.filter((_, i) => emit.used(i)).length;
    if (used > sizes.length / 2) {
      const attributes = { axis };
      return emit.nodes('Split', [inputs[0]!, emit.ints(sizes)], { attributes, outputs: sizes.length });
    }
    let start = 0;
    return sizes.map((extent, i) => {
      const range = [[start], [(start += extent)], [axis]].map((list) => emit.ints(list));
      return emit.used(i) ? emit.node('Slice', [inputs[0]!, ...range]) : '';
    });
  },
});

/** Consecutive parts of the given extents along one axis. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  const at = axisOf('split', x, axis);
  if (sizes.length === 1 && sizes[0] === x.shape[at]) return [x];
  const products = splitLinear(x, at, sizes);
  if (products) return products;
  return [...apply(splitOperator, [x], { axis: at, sizes: [...sizes] })];
}
