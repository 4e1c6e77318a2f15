/** @file The angle of a point by one polynomial on every device: GPUs promise few digits of theirs. */
import { checkFloat32 } from '../../dtype';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { broadcast } from '../../shape';
import type { Tensor } from '../../types';
import { add, div, maximum, minimum, mul, operands, sub, type Operand } from './binary';
import { scalar } from '../leaves';
import { mapBroadcast, unbroadcast } from './broadcast';
import { greater, less } from './compare';
import { where } from './select';
import { abs, neg, polynomial, square } from './unary';

/** Of arctan(x)/x in x² for |x| ≤ tan(π/8) (Moshier's cephes, single precision). */
const ARCTAN = [1, -3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2];

/** arctan on [0, 1]. */
function arctan(x: Tensor): Tensor {
  const steep = greater(x, Math.SQRT2 - 1);
  const r = where(steep, div(sub(x, 1), add(x, 1)), x);
  return add(mul(r, polynomial(square(r), ARCTAN)), where(steep, Math.PI / 4, scalar(0)));
}

const atan2Operator = defineOperator<Record<string, never>>({
  name: 'atan2',
  infer(inputs) {
    checkFloat32('atan2', inputs);
    return [{ dtype: 'float32', shape: broadcast('atan2', inputs) }];
  },
  evaluate: (inputs, _, [type]) => [mapBroadcast(type!.shape, inputs, Math.atan2)],
  gradient({ inputs: [y, x] }, [dy]) {
    if (!dy) return [];
    const along = div(dy, add(square(x!), square(y!)));
    return [unbroadcast(mul(along, x!), y!.shape), unbroadcast(neg(mul(along, y!)), x!.shape)];
  },
  expand([y, x]) {
    const [height, width] = [abs(y!), abs(x!)];
    const long = maximum(height, width);
    // At the origin 0 / tiny, so that the angle there is 0.
    const angle = arctan(div(minimum(height, width), maximum(long, 1e-37)));
    const first = where(greater(height, width), sub(Math.PI / 2, angle), angle);
    const upper = where(less(x!, 0), sub(Math.PI, first), first);
    return { outputs: [where(less(y!, 0), neg(upper), upper)] };
  },
});

/** The angle of the point (x, y) in (-π, π], 0 at the origin. */
export const atan2 = (y: Operand, x: Operand): Tensor => apply1(atan2Operator, operands('atan2', y, x), {});
