/** @file Kernels that are sums of exponentials, written out: two short tables of powers instead of one long. */
import { check } from '../errors';
import { mul, sub } from '../ops/elementwise/binary';
import { product } from '../ops/matrix/matmul';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import type { Tensor } from '../types';
import { cexp, cmul, creshape, cscale, csub, type Complex } from './complex';
import { exact } from './exact';
import { ramp } from './pieces';

function expression(a: Complex, w: Complex, length: number, shift?: Complex): Tensor {
  const [H, N] = a.re.shape as [number, number];
  check(length > 0, 'diagonalKernel', 'needs a length', [a.re, w.re]);
  const Q = Math.ceil(Math.sqrt(length));
  const far = Math.ceil(length / Q);
  const row = (x: Complex): Complex => creshape(x, [H, 1, N]);
  const steps = cscale(row(a), mul(reshape(ramp(far), [1, far, 1]), Q));
  const start = cmul(row(w), cexp(shift ? csub(steps, row(shift)) : steps));
  const within = cexp(cscale(creshape(a, [H, N, 1]), ramp(Q)));
  const part = (x: keyof Complex): Tensor => product(start[x], within[x], false, false);
  const kernel = sub(part('re'), part('im'));
  return slice(reshape(kernel, [H, far * Q]), 1, 0, length);
}

const kernelOperator = exact<{ readonly length: number }>('diagonalKernel', (inputs, { length }) => {
  const pair = (i: number): Complex => ({ re: inputs[i]!, im: inputs[i + 1]! });
  return expression(pair(0), pair(2), length, inputs.length > 4 ? pair(4) : undefined);
});

/**
 * K[h, s] = Σ_n Re(w[h, n] exp(a[h, n] s - shift[h, n])) for s < length, as (H, length). With s = i Q + j the
 * exponentials are products of exp(a Q i) and exp(a j), Q ≈ √length.
 * @param a (H, N); @param w (H, N)
 * @param shift (H, N): keeps growing modes finite; nothing unless given
 */
export function diagonalKernel(a: Complex, w: Complex, length: number, shift?: Complex): Tensor {
  const parts = [a, w, ...(shift ? [shift] : [])];
  return kernelOperator(
    parts.flatMap(({ re, im }) => [re, im]),
    { length },
  );
}
