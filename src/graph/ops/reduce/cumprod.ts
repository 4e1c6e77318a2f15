/** @file Cumulative products. */
import { checkFloat32 } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { linearRecurrence } from '../../recurrence/linear';
import { axisOf, replaced } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { mul } from '../elementwise/binary';
import { ones } from '../leaves';
import { concat } from '../shape/concat';
import { flip, pad, slice } from '../shape/slice';
import { lines } from './softmax';

interface CumprodAttributes {
  readonly axis: number;
}

/** The products of all that comes before; 1 at the first place. */
function before(products: Tensor, axis: number): Tensor {
  const one = ones(replaced(products.shape, axis, 1));
  return concat([one, slice(products, axis, 0, products.shape[axis]! - 1)], axis);
}

const cumprodOperator: Operator<CumprodAttributes> = defineOperator<CumprodAttributes>({
  name: 'cumprod',
  infer([x]) {
    checkFloat32('cumprod', [x!]);
    return [{ dtype: 'float32', shape: x!.shape }];
  },
  evaluate([x], { axis }) {
    const data = x!.data.slice();
    const n = x!.shape[axis]!;
    lines(x!.shape, axis, (start, step) => {
      for (let k = 1; k < n; k++) data[start + k * step]! *= data[start + (k - 1) * step]!;
    });
    return [{ shape: x!.shape, data }];
  },
  // Of what comes later x[t] scales dy[t] + x[t+1] (dy[t+1] + …): no division, so that zeros do no harm.
  gradient({ inputs: [x], outputs: [y], attributes: { axis } }, [dy]) {
    if (!dy) return [];
    const next = pad(slice(x!, axis, 1, x!.shape[axis]!), axis, 0, 1);
    const later = linearRecurrence(next, dy, { axis, reverse: true });
    return [mul(before(y!, axis), later)];
  },
  expand([x], { axis }) {
    const n = x!.shape[axis]!;
    let y = x!;
    // Each pass doubles how far back the products reach.
    for (let reach = 1; reach < n; reach *= 2) {
      const further = mul(slice(y, axis, reach, n), slice(y, axis, 0, n - reach));
      y = concat([slice(y, axis, 0, reach), further], axis);
    }
    return { outputs: [y] };
  },
});

/** Running product along one axis. `exclusive` leaves the element itself out, `reverse` runs from the end. */
export function cumprod(
  x: Tensor,
  axis: number,
  options: { readonly exclusive?: boolean; readonly reverse?: boolean } = {},
): Tensor {
  const at = axisOf('cumprod', x, axis);
  const { exclusive = false, reverse = false } = options;
  if (reverse) return flip(cumprod(flip(x, at), at, { exclusive }), at);
  const products = apply1(cumprodOperator, [x], { axis: at });
  return exclusive ? before(products, at) : products;
}
