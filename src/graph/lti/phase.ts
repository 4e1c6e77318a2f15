/**
 * @file Angles that are multiplied by thousands of tokens: whole rounds are left out before they take the bits, and
 * what is multiplied is in two parts, the first of which has so few bits that its multiples are exact.
 */
import { add, mul, sub } from '../ops/elementwise/binary';
import { stopGradient } from '../ops/elementwise/select';
import { floor } from '../ops/elementwise/unary';
import { reshape } from '../ops/shape/reshape';
import type { Shape, Tensor } from '../types';
import { cexp, type Complex } from './complex';

/** ln of eigenvalues; `rest` is what float32 took from the imaginary part, as far as it is known. */
export interface Exponents extends Complex {
  readonly rest?: Tensor;
}

/** Maps all parts in the same way. */
export const mapped = <A extends Exponents>(a: A, f: (part: Tensor) => Tensor): A =>
  Object.fromEntries(Object.entries(a).map(([part, x]) => [part, f(x as Tensor)])) as unknown as A;

export const reshaped = <A extends Exponents>(a: A, shape: Shape): A =>
  mapped(a, (part) => reshape(part, shape));

/** An angle but for whole rounds: the sum of both parts. */
interface Phase {
  /** A multiple of `GRID`, at most about half a round. */
  readonly coarse: Tensor;
  readonly fine: Tensor;
}

const GRID = 2 ** -11;
/** 2π in two parts; multiples of the first are multiples of `GRID`. */
const ROUND = 12868 * GRID;
const ROUND_REST = 2 * Math.PI - ROUND;
/** Multiples of a phase up to here are exact, as are sums of two of them. */
const LARGEST_MULTIPLE = 2048;

const onGrid = (x: Tensor): Tensor => mul(floor(add(mul(x, 1 / GRID), 0.5)), GRID);
const roundsOf = (x: Tensor): Tensor => floor(add(mul(x, 1 / (2 * Math.PI)), 0.5));

/** A multiple of `GRID` and more, without whole rounds and without a rounding. */
function phase(exact: Tensor, more: Tensor): Phase {
  const rounds = roundsOf(exact);
  return {
    coarse: sub(exact, mul(rounds, ROUND)),
    fine: sub(more, mul(rounds, ROUND_REST)),
  };
}

function phaseOf({ im, rest }: Exponents): Phase {
  const near = stopGradient(onGrid(im));
  const lacking = sub(im, near);
  return phase(near, rest ? add(lacking, rest) : lacking);
}

/** The phase of so many steps. */
function times({ coarse, fine }: Phase, count: number): Phase {
  if (count <= LARGEST_MULTIPLE) {
    const grown = mul(fine, count);
    const moved = stopGradient(onGrid(grown));
    return phase(add(mul(coarse, count), moved), sub(grown, moved));
  }
  const many = times(times({ coarse, fine }, LARGEST_MULTIPLE), Math.floor(count / LARGEST_MULTIPLE));
  const few = times({ coarse, fine }, count % LARGEST_MULTIPLE);
  return phase(add(many.coarse, few.coarse), add(many.fine, few.fine));
}

/** The angle of `factor` steps, whole numbers up to about 1000. */
function angle({ coarse, fine }: Phase, factor: Tensor | number): Tensor {
  const grown = phase(mul(coarse, factor), mul(fine, factor));
  return add(grown.coarse, grown.fine);
}

/**
 * ln of powers, without whole rounds of the angle.
 * @param stride @param count whole numbers: the power is stride · count, the latter up to 1024
 */
export function multiple(a: Exponents, count: Tensor | number, stride = 1): Complex {
  const step = stride === 1 ? phaseOf(a) : times(phaseOf(a), stride);
  const steps = typeof count === 'number' ? count * stride : mul(count, stride);
  return { re: mul(a.re, steps), im: angle(step, count) };
}

/** exp(a · stride · count), as `multiple`. */
export const powers = (a: Exponents, count: Tensor | number, stride = 1): Complex =>
  cexp(multiple(a, count, stride), true);
