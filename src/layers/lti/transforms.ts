/** @file Positive parameters: how one is stored and what it stands for, after `param_transform` of state-spaces/s4. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

export type Transform = 'exp' | 'relu' | 'softplus' | 'none';

/** Keeps a rectified parameter away from zero. */
const FLOOR = 1e-4;

/** The positive value of a stored parameter. */
export function positive(stored: Tensor, transform: Transform): Tensor {
  switch (transform) {
    case 'exp':
      return g.exp(stored);
    case 'softplus':
      return g.softplus(stored);
    case 'relu':
      return g.add(g.relu(stored), FLOOR);
    case 'none':
      return stored;
  }
}

/** What float32 took from a positive value, where that is known. */
export function positiveRest(stored: Tensor, value: Tensor, transform: Transform): Tensor | undefined {
  if (transform === 'exp') return g.expRest(stored, value);
  return transform === 'softplus' ? g.softplusRest(stored, value) : undefined;
}

/** What is stored for a positive value. */
export function stored(value: number, transform: Transform): number {
  const x = Math.max(value, FLOOR);
  if (transform === 'exp') return Math.log(x);
  return transform === 'softplus' ? x + Math.log(-Math.expm1(-x)) : x;
}
