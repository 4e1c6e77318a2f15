/** @file Complex numbers as two tensors of one shape, made of the real operators. */
import { expm1 } from '../ops/elementwise/about-one';
import { add, div, mul, sub } from '../ops/elementwise/binary';
import { cos, sin } from '../ops/elementwise/trigonometry';
import { exp, neg, square } from '../ops/elementwise/unary';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import type { Shape, Tensor } from '../types';

export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

/** Applies the same map of shapes to both parts. */
export const both = (x: Complex, f: (part: Tensor) => Tensor): Complex => ({ re: f(x.re), im: f(x.im) });

export const conjugate = ({ re, im }: Complex): Complex => ({ re, im: neg(im) });

export const cadd = (x: Complex, y: Complex): Complex => ({ re: add(x.re, y.re), im: add(x.im, y.im) });

export const csub = (x: Complex, y: Complex): Complex => ({ re: sub(x.re, y.re), im: sub(x.im, y.im) });

export const cmul = (x: Complex, y: Complex): Complex => ({
  re: sub(mul(x.re, y.re), mul(x.im, y.im)),
  im: add(mul(x.re, y.im), mul(x.im, y.re)),
});

/** x times a real tensor or number. */
export const cscale = (x: Complex, by: Tensor | number): Complex => both(x, (part) => mul(part, by));

export const squaredModulus = ({ re, im }: Complex): Tensor => add(square(re), square(im));

/**
 * exp(x), by the sine and cosine that are the same on every device.
 * @param reduced whether all angles are within about half a round of 0
 */
export function cexp({ re, im }: Complex, reduced = false): Complex {
  const modulus = exp(re);
  return { re: mul(modulus, cos(im, reduced)), im: mul(modulus, sin(im, reduced)) };
}

/** exp(x) - 1 without cancellation near 0. */
export function cexpm1({ re, im }: Complex): Complex {
  const grown = expm1(re);
  const half = sin(mul(im, 0.5));
  return { re: sub(mul(grown, cos(im)), mul(square(half), 2)), im: mul(add(grown, 1), sin(im)) };
}

/** 1 / x, for x ≠ 0. */
export const creciprocal = (x: Complex): Complex => {
  const squared = squaredModulus(x);
  return { re: div(x.re, squared), im: neg(div(x.im, squared)) };
};

/** From a tensor whose last axis is (re, im), as checkpoints store complex parameters. */
export function fromPairs(x: Tensor): Complex {
  const last = x.shape.length - 1;
  const shape = x.shape.slice(0, last);
  const part = (i: number): Tensor => reshape(slice(x, last, i, i + 1), shape);
  return { re: part(0), im: part(1) };
}

/** The inverse of `fromPairs`. */
export function toPairs({ re, im }: Complex): Tensor {
  const column = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);
  return concat([column(re), column(im)], re.shape.length);
}

export const creshape = (x: Complex, shape: Shape): Complex => both(x, (part) => reshape(part, shape));
