/** @file Sums of rows that share an id: the adjoint of looking rows up. */
import { check } from '../../errors';
import { floatType } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { size } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { sub } from '../elementwise/binary';
import { zeros } from '../leaves';
import { gemm } from '../matrix/linear';
import { concat } from '../shape/concat';
import { expand } from '../shape/expand';
import { reshape, unsqueeze } from '../shape/reshape';
import { scatterAdd } from './along';
import { gather } from './gather';
import { oneHot, position } from './place';

interface SegmentAttributes {
  readonly count: number;
}

/** Up to so many segments the CPU multiplies with the one-hot matrix, too. */
const ONE_HOT_SEGMENTS_CPU = 512;
/** Elements of a one-hot matrix that a GPU is asked to hold at once. */
const ONE_HOT_ELEMENTS = 2 ** 24;

const segmentSumOperator: Operator<SegmentAttributes> = defineOperator<SegmentAttributes>({
  name: 'segmentSum',
  infer(inputs, { count }) {
    const [x, ids] = inputs as [Tensor, Tensor];
    const fits = ids.dtype === 'int32' && ids.shape.length === 1 && x.shape[0] === ids.shape[0];
    check(fits, 'segmentSum', 'needs one int32 id per row', inputs);
    return [{ dtype: floatType('segmentSum', [x]), shape: [count, ...x.shape.slice(1)] }];
  },
  evaluate([x, ids], { count }, [type]) {
    const data = new Float64Array(size(type!.shape));
    const width = data.length / count;
    ids!.data.forEach((id, row) => {
      const at = position(id, count) * width;
      for (let i = 0; i < width; i++) data[at + i]! += x!.data[row * width + i]!;
    });
    return [{ shape: type!.shape, data }];
  },
  gradient: ({ inputs: [, ids] }, [dy]) => [dy && gather(dy, ids!, 0)],
  expand([x, ids], { count }, { target }, { outputs: [y] }) {
    const rows = ids!.shape[0]!;
    const flat = reshape(x!, [rows, size(x!.shape.slice(1))]);
    const width = flat.shape[1]!;
    if (target !== 'webgpu' && count > ONE_HOT_SEGMENTS_CPU) {
      const places = expand(unsqueeze(ids!, 1), [rows, width]);
      return { outputs: [reshape(scatterAdd(zeros([count, width], x!.dtype), places, flat, 0), y!.shape)] };
    }
    // A product adds in one order, which a GPU's atomic additions do not.
    const step = Math.max(1, Math.floor(ONE_HOT_ELEMENTS / Math.max(1, rows)));
    const parts = Array.from({ length: Math.ceil(count / step) }, (_, i) => {
      const first = i * step;
      const own = first === 0 ? ids! : sub(ids!, first);
      return gemm(oneHot(own, Math.min(step, count - first), x!.dtype), flat, true, false);
    });
    return { outputs: [reshape(concat(parts, 0), y!.shape)] };
  },
});

/**
 * Row s of the result is the sum of the rows of `x` whose id is s, zeros where there is none. The order of
 * summation is fixed on every device.
 * @param x (M, …)
 * @param ids (M) int32, each in 0 … count - 1
 * @returns (count, …)
 */
export const segmentSum = (x: Tensor, ids: Tensor, count: number): Tensor =>
  apply1(segmentSumOperator, [x, ids], { count });
