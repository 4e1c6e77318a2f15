/** @file Losses made of other operators, element by element unless an axis is given. */
import { check } from '../../errors';
import type { Tensor } from '../../types';
import { softplus } from '../elementwise/activation';
import { mul, sub } from '../elementwise/binary';
import { clip } from '../elementwise/clip';
import { abs, exp, square } from '../elementwise/unary';
import { sum } from '../reduce/reduce';

/** -t log σ(x) - (1 - t) log(1 - σ(x)) for logits x and targets t in [0, 1], finite for every x. */
export const binaryCrossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  sub(softplus(logits), mul(logits, targets));

/** (x - y)². */
export const squaredError = (x: Tensor, y: Tensor): Tensor => square(sub(x, y));

/** |x - y|. */
export const absoluteError = (x: Tensor, y: Tensor): Tensor => abs(sub(x, y));

/** d²/2 of the difference d up to |d| = delta, then linear: delta (|d| - delta/2) (Huber, 1964). */
export function huber(x: Tensor, y: Tensor, delta = 1): Tensor {
  check(delta > 0, 'huber', `delta must be positive, got ${delta}`, [x, y]);
  const difference = sub(x, y);
  const limited = clip(difference, -delta, delta);
  return mul(limited, sub(difference, mul(limited, 0.5)));
}

/** KL(p ‖ q) = Σ p (log p - log q) along an axis, from the logarithms of both. */
export const klDivergence = (logP: Tensor, logQ: Tensor, axis: number): Tensor =>
  sum(mul(exp(logP), sub(logP, logQ)), [axis]);
