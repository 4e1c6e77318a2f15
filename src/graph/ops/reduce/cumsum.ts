/** @file Cumulative sums. */
import { checkFloat32 } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { axisOf } from '../../shape';
import type { Tensor } from '../../types';
import { lines } from './softmax';
import { transpose } from '../shape/transpose';

interface CumsumAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

const cumsumOperator = defineOperator<CumsumAttributes>({
  name: 'cumsum',
  infer([x]) {
    checkFloat32('cumsum', [x!]);
    return [{ dtype: 'float32', shape: x!.shape }];
  },
  evaluate([x], { axis, exclusive, reverse }) {
    const data = new Float64Array(x!.data.length);
    const n = x!.shape[axis]!;
    lines(x!.shape, axis, (start, step) => {
      let total = 0;
      for (let k = 0; k < n; k++) {
        const at = start + (reverse ? n - 1 - k : k) * step;
        if (exclusive) data[at] = total;
        total += x!.data[at]!;
        if (!exclusive) data[at] = total;
      }
    });
    return [{ shape: x!.shape, data }];
  },
  gradient: ({ attributes: { axis, exclusive, reverse } }, [dy]) => [
    dy && cumsum(dy, axis, { exclusive, reverse: !reverse }),
  ],
  lower(emit, inputs, { attributes: { axis, exclusive, reverse } }) {
    const at = emit.constant([axis], [], 'int32');
    const attributes = { exclusive: Number(exclusive), reverse: Number(reverse) };
    return [emit.node('CumSum', [inputs[0]!, at], { attributes })];
  },
});

/**
 * Running sum along one axis, which is put first: the CPU kernel is several times slower along inner axes.
 * `exclusive` leaves the element itself out, `reverse` runs from the end.
 */
export function cumsum(
  x: Tensor,
  axis: number,
  options: { readonly exclusive?: boolean; readonly reverse?: boolean } = {},
): Tensor {
  const at = axisOf('cumsum', x, axis);
  const attributes = { exclusive: options.exclusive ?? false, reverse: options.reverse ?? false };
  if (at === 0) return apply1(cumsumOperator, [x], { axis: 0, ...attributes });
  const front = [at, ...x.shape.map((_, i) => i).filter((i) => i !== at)];
  const back = x.shape.map((_, i) => front.indexOf(i));
  return transpose(apply1(cumsumOperator, [transpose(x, front)], { axis: 0, ...attributes }), back);
}
