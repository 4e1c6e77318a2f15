/** @file Angles that grow with every token: their sum, and the same angle within one round. */
import { add, mul, sub } from '../ops/elementwise/binary';
import { stopGradient } from '../ops/elementwise/select';
import { floor } from '../ops/elementwise/unary';
import { cumsum } from '../ops/reduce/cumsum';
import type { Tensor } from '../types';

/** The same angle between 0 and 2π, where sine and cosine keep their bits. */
export function wrapped(angle: Tensor): Tensor {
  const rounds = stopGradient(floor(mul(angle, 1 / (2 * Math.PI))));
  return sub(angle, mul(rounds, 2 * Math.PI));
}

/** Addends that are multiples of this add up without rounding, to 32,768 rad. */
const GRID = 2 ** -9;
/** 2π in two parts: whole multiples of the first have no rounding either. */
const ROUND = 201 / 32;
const ROUND_REST = 2 * Math.PI - ROUND;

/**
 * Sum of the turns (batch, time, heads, pairs) along time, but for whole rounds: as one number it would lose the bits
 * that the rounds take, and the state would point elsewhere after some hundred tokens.
 */
export function accumulated(turn: Tensor): Tensor {
  const coarse = stopGradient(mul(floor(add(mul(turn, 1 / GRID), 0.5)), GRID));
  const sums = cumsum(coarse, 1);
  const rounds = floor(mul(sums, 1 / (2 * Math.PI)));
  const within = sub(sub(sums, mul(rounds, ROUND)), mul(rounds, ROUND_REST));
  return add(within, cumsum(sub(turn, coarse), 1));
}
