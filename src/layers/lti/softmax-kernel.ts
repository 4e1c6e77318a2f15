/**
 * @file The kernel of DSS-softmax (Gupta et al., 2022): each state's powers over the whole length are divided by
 * their sum, so that no eigenvalue, growing or decaying, makes the kernel large. It depends on the length.
 */
import * as g from '../../graph';
import type { Complex, Counted, Exponents } from '../../graph';

const { both, cexpm1, cmul, conjugate, squaredModulus } = g.complex;

/** Added to a squared modulus before dividing by it, as the authors do. */
const EPSILON = 1e-7;

export interface SoftmaxModes {
  /** Factor of C B in the weights of the kernel's exponentials, (H, M). */
  readonly factor: Complex;
  /** Growing states count from the kernel's last token. */
  readonly from: Counted;
}

/** @param lambda (H, M); @param a ln of the discrete eigenvalues, (H, M); @param length that the sums run over */
export function softmaxModes(lambda: Complex, a: Exponents, length: number): SoftmaxModes {
  const growing = g.cast(g.greater(lambda.re, 0), 'float32');
  const falling = g.sub(1, g.mul(growing, 2));
  const total = cmul(cexpm1(g.multiple(a, falling, length)), lambda);
  const inverse = both(conjugate(total), (part) => g.div(part, g.add(squaredModulus(total), EPSILON)));
  return {
    factor: cmul(cexpm1(g.multiple(a, falling)), inverse),
    from: { modes: growing, token: length - 1 },
  };
}
