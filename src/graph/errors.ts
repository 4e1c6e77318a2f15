/** @file Errors that name the operator and the shapes. */
import type { TensorType } from './types';

/** The operands of an operator do not fit together. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';

  constructor(operator: string, problem: string, operands: readonly TensorType[] = []) {
    const shapes = operands.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(', ');
    super(`${operator}: ${problem}${shapes ? ` (got ${shapes})` : ''}`);
  }
}

/** Throws a `ShapeError` unless `condition` holds. */
export function check(
  condition: boolean,
  operator: string,
  problem: string,
  operands: readonly TensorType[] = [],
): asserts condition {
  if (!condition) throw new ShapeError(operator, problem, operands);
}
