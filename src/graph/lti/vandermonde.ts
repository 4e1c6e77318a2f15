/** @file Kernels that are sums of exponentials, written out: two short tables of powers instead of one long. */
import { check } from '../errors';
import { sub } from '../ops/elementwise/binary';
import { product } from '../ops/matrix/matmul';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import type { Tensor } from '../types';
import { cexp, cmul, csub, type Complex } from './complex';
import { exact } from './exact';
import { multiple, powers, reshaped, type Exponents } from './phase';
import { ramp } from './pieces';

/** Modes that are counted from a token of the kernel on, and not from its start. */
export interface Counted {
  /** 1 where a mode is, else 0: (H, N). */
  readonly modes: Tensor;
  readonly token: number;
}

function expression(a: Exponents, w: Complex, length: number, from?: Counted): Tensor {
  const [H, N] = a.re.shape as [number, number];
  check(length > 0, 'diagonalKernel', 'needs a length', [a.re, w.re]);
  const Q = Math.ceil(Math.sqrt(length));
  const far = Math.ceil(length / Q);
  const row = <A extends Complex>(x: A): A => reshaped(x, [H, 1, N]);
  const steps = multiple(row(a), reshape(ramp(far), [1, far, 1]), Q);
  const back = from && multiple(a, from.modes, from.token);
  const start = cmul(row(w), cexp(back ? csub(steps, row(back)) : steps));
  const within = powers(reshaped(a, [H, N, 1]), ramp(Q));
  const part = (x: keyof Complex): Tensor => product(start[x], within[x], false, false);
  const kernel = sub(part('re'), part('im'));
  return slice(reshape(kernel, [H, far * Q]), 1, 0, length);
}

interface Attributes {
  readonly length: number;
  /** Which operands follow Re a, Im a, Re w, Im w. */
  readonly hasRest: boolean;
  readonly token?: number;
}

const kernelOperator = exact<Attributes>('diagonalKernel', (inputs, { length, hasRest, token }) => {
  const [re, im, wRe, wIm, ...more] = inputs as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
  const a = hasRest ? { re, im, rest: more[0]! } : { re, im };
  const from = token === undefined ? undefined : { modes: more.at(-1)!, token };
  return expression(a, { re: wRe, im: wIm }, length, from);
});

/**
 * K[h, s] = Σ_n Re(w[h, n] exp(a[h, n] s)) for s < length, as (H, length). With s = i Q + j the exponentials are
 * products of exp(a Q i) and exp(a j), Q ≈ √length.
 * @param a (H, N); @param w (H, N)
 * @param from modes with exp(a (s - token)) instead, which keeps growing ones finite; none unless given
 */
export const diagonalKernel = (a: Exponents, w: Complex, length: number, from?: Counted): Tensor =>
  kernelOperator([a.re, a.im, w.re, w.im, ...(a.rest ? [a.rest] : []), ...(from ? [from.modes] : [])], {
    length,
    hasRest: a.rest !== undefined,
    ...(from && { token: from.token }),
  });
