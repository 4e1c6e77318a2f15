/** @file Questions about element types. */
import { check } from './errors';
import type { DType, TensorType } from './types';

export type FloatType = 'float32' | 'float16';

/** Types that gradients flow through. */
export const isFloat = (dtype: DType): dtype is FloatType => dtype === 'float32' || dtype === 'float16';

/** The common type of operands that must be floats. @throws ShapeError */
export function floatType(operator: string, operands: readonly TensorType[]): FloatType {
  const [first] = operands as [TensorType];
  const { dtype } = first;
  const message =
    operands.length === 1 ? 'the operand must be a float' : 'operands must be floats of one type';
  check(isFloat(dtype) && operands.every((other) => other.dtype === dtype), operator, message, operands);
  return dtype;
}

/** For operators that half precision would spoil. @throws ShapeError */
export const checkFloat32 = (operator: string, operands: readonly TensorType[]): void =>
  check(
    operands.every(({ dtype }) => dtype === 'float32'),
    operator,
    `${operands.length === 1 ? 'the operand' : 'every operand'} must be float32; cast it`,
    operands,
  );
