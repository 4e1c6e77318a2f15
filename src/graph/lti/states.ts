/** @file Every state of a diagonal recurrence, for whoever looks at them; layers never need them all. */
import { add } from '../ops/elementwise/binary';
import { pad, slice } from '../ops/shape/slice';
import type { Tensor } from '../types';
import { cexp, cmul, creshape, cscale, both, type Complex } from './complex';

/**
 * x[t] = exp(a) x[t - 1] + v[t] over axis 2, by doubling: after k rounds each place holds the last 2ᵏ inputs.
 * @param v (H, rows, L, N); @param a (H, N)
 */
export function diagonalStates(v: Complex, a: Complex): Complex {
  const [H, , L, N] = v.re.shape as [number, number, number, number];
  let x = v;
  for (let reach = 1; reach < L; reach *= 2) {
    const decay = cexp(cscale(creshape(a, [H, 1, 1, N]), reach));
    const before = both(x, (part): Tensor => pad(slice(part, 2, 0, L - reach), 2, reach, 0));
    const kept = cmul(decay, before);
    x = { re: add(x.re, kept.re), im: add(x.im, kept.im) };
  }
  return x;
}
