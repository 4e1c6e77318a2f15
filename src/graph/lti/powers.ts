/**
 * @file Powers exp(a l) of many numbers from two short tables, l = i + k with few i and few k: a sine takes as long as
 * thirty products. Real and imaginary parts stand beside each other in the last axis, [re | im], so that one product
 * of matrices reads both.
 */
import { add, mul, sub } from '../ops/elementwise/binary';
import { neg } from '../ops/elementwise/unary';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { flip, pad, slice } from '../ops/shape/slice';
import type { Tensor } from '../types';
import { both, cadd, cmul, conjugate, creshape, cscale, type Complex } from './complex';
import { powers, reshaped, type Exponents } from './phase';
import { constantOnce } from './pieces';

/** Powers with the exponents of all pairs of a coarse and a fine step, in this order. */
export interface Powers {
  /** (H, C, N) */
  readonly coarse: Complex;
  /** (H, F, N) */
  readonly fine: Complex;
  /** Exponents of the coarse (C) and the fine ones (F), in this order. */
  readonly steps: readonly [coarse: (i: number) => number, fine: (k: number) => number];
  /** How many of the C · F powers count. */
  readonly count: number;
  /** Whether the last of them count; else the first. */
  readonly last: boolean;
  /** For constants that depend on the steps. */
  readonly name: string;
}

export interface PowersOfChunk {
  /** exp(a l) for l = 1 … Q. */
  readonly up: Powers;
  /** exp(a l) for l = Q - 1 … 0. */
  readonly down: Powers;
  /** exp(a Q), (H, N). */
  readonly whole: Complex;
}

const part = (x: Complex, from: number, to: number): Complex => both(x, (each) => slice(each, 1, from, to));
const flipped = (x: Complex): Complex => both(x, (each) => flip(each, 1));

/** [re, im] along the last axis. */
const joined = ({ re, im }: Complex): Tensor => concat([re, im], re.shape.length - 1);

/** The inverse of `joined`. */
export function parted(x: Tensor): Complex {
  const axis = x.shape.length - 1;
  const n = x.shape[axis]! / 2;
  return { re: slice(x, axis, 0, n), im: slice(x, axis, n, 2 * n) };
}

/** @param a (H, N) */
export function powersOfChunk(a: Exponents, Q: number): PowersOfChunk {
  const [H, N] = a.re.shape as [number, number];
  const F = Math.ceil(Math.sqrt(Q));
  const C = Math.ceil(Q / F);
  const exponents = [
    ...Array.from({ length: F + 1 }, (_, k) => k),
    ...Array.from({ length: C }, (_, i) => i * F),
    Q,
  ];
  const column = constantOnce(`exponents of ${Q}`, [exponents.length, 1], (index) => exponents[index]!);
  const all = powers(reshaped(a, [H, 1, N]), column);
  const coarse = part(all, F + 1, F + 1 + C);
  return {
    up: {
      coarse,
      fine: part(all, 1, F + 1),
      steps: [(i) => i * F, (k) => k + 1],
      ...{ count: Q, last: false, name: `${Q} up` },
    },
    down: {
      coarse: flipped(coarse),
      fine: flipped(part(all, 0, F)),
      steps: [(i) => (C - 1 - i) * F, (k) => F - 1 - k],
      ...{ count: Q, last: true, name: `${Q} down` },
    },
    whole: creshape(part(all, F + 1 + C, F + 2 + C), [H, N]),
  };
}

/** The powers of the conjugates. */
export const conjugated = (p: Powers): Powers => ({
  ...p,
  coarse: conjugate(p.coarse),
  fine: conjugate(p.fine),
});

/** The powers times `by` (H, N), written out: [re | im], (H, count, 2 N). */
export function written({ coarse, fine, count, last }: Powers, by?: Complex): Tensor {
  const [H, C, N] = coarse.re.shape as [number, number, number];
  const F = fine.re.shape[1]!;
  const c = by ? cmul(creshape(by, [H, 1, N]), coarse) : coarse;
  const tall = (x: Tensor): Tensor => reshape(concat([x, x], 2), [H, C, 1, 2 * N]);
  const wide = (x: Complex): Tensor => reshape(joined(x), [H, 1, F, 2 * N]);
  const all = add(mul(tall(c.re), wide(fine)), mul(tall(c.im), wide({ re: neg(fine.im), im: fine.re })));
  const from = last ? C * F - count : 0;
  return slice(reshape(all, [H, C * F, 2 * N]), 1, from, from + count);
}

/** Gradients of `written`, each (H, N). */
export interface PowerGradients {
  /** Of what the powers are times: Σ ē(l) d(l) over the exponents l. */
  readonly factor: Complex;
  /** Of what the exponents multiply, to be taken times the factor's conjugate: Σ l ē(l) d(l). */
  readonly exponent: Complex;
}

/**
 * @param d gradient of what is written, [re | im], (H, count, 2 N)
 * @param real (H, count): belongs to the real part of `d`, the same for every n
 */
export function powerGradients(p: Powers, d: Tensor, real?: Tensor): PowerGradients {
  const { coarse, fine, steps, count, last, name } = p;
  const [H, C, N] = coarse.re.shape as [number, number, number];
  const F = fine.re.shape[1]!;
  const rest = C * F - count;
  const whole = (x: Tensor): Tensor => pad(x, 1, last ? rest : 0, last ? 0 : rest);
  const divided = reshape(whole(d), [H, C, F, 2 * N]);
  const wide = (re: Tensor, im: Tensor): Tensor => reshape(concat([re, im], 2), [H, 1, F, 2 * N]);
  // Both sums over the fine steps in one product.
  const weights = constantOnce(`one and steps ${name}`, [2, F], (i) => (i < F ? 1 : steps[1](i - F)));
  const summed = (x: Tensor): Complex => parted(product(weights, x, false, false));
  const same = summed(mul(divided, wide(fine.re, fine.im)));
  const crossed = summed(mul(divided, wide(fine.im, fine.re)));
  let found = { re: add(same.re, same.im), im: sub(crossed.im, crossed.re) };
  if (real) {
    const each = mul(
      reshape(joined(fine), [H, F, 1, 2 * N]),
      constantOnce(`steps and one ${name}`, [F, 2, 1], (i) => (i % 2 ? steps[1]((i - 1) / 2) : 1)),
    );
    const more = product(reshape(whole(real), [H, C, F]), reshape(each, [H, F, 4 * N]), false, false);
    found = cadd(found, conjugate(parted(reshape(more, [H, C, 2, 2 * N]))));
  }
  const [ones, fines] = [0, 1].map((i) => both(found, (x) => slice(x, 2, i, i + 1))) as [Complex, Complex];
  const places = constantOnce(`coarse ${name}`, [C, 1, 1], (i) => steps[0](i));
  const over = (x: Complex): Complex =>
    both(cmul(conjugate(creshape(coarse, [H, C, 1, N])), x), (each) => sum(each, [1, 2]));
  return { factor: over(ones), exponent: over(cadd(cscale(ones, places), fines)) };
}
