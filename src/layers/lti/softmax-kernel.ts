/**
 * @file The kernel of DSS-softmax (Gupta et al., 2022): each state's powers over the whole length are divided by
 * their sum, so that no eigenvalue, growing or decaying, makes the kernel large. It depends on the length.
 */
import * as g from '../../graph';
import type { Complex, Tensor } from '../../graph';

const { both, cexpm1, cmul, conjugate, cscale, squaredModulus } = g.complex;

/** Added to a squared modulus before dividing by it, as the authors do. */
const EPSILON = 1e-7;

export interface SoftmaxModes {
  /** ln of the discrete eigenvalues, (H, M). */
  readonly a: Complex;
  /** Factor of C B in the weights of the kernel's exponentials, (H, M). */
  readonly factor: Complex;
  /** Subtracted from the exponents of growing states, (H, M). */
  readonly shift: Complex;
}

/** @param lambda (H, M); @param delta (H, 1); @param length that the sums run over */
export function softmaxModes(lambda: Complex, delta: Tensor, length: number): SoftmaxModes {
  const a = cscale(lambda, delta);
  const growing = g.cast(g.greater(lambda.re, 0), 'float32');
  const falling = cscale(a, g.sub(1, g.mul(growing, 2)));
  const total = cmul(cexpm1(cscale(falling, length)), lambda);
  const inverse = both(conjugate(total), (part) => g.div(part, g.add(squaredModulus(total), EPSILON)));
  return {
    a,
    factor: cmul(cexpm1(falling), inverse),
    shift: cscale(a, g.mul(growing, length - 1)),
  };
}
