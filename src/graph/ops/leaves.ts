/** @file Leaves: graph inputs, constants, ranges. */
import { createHash } from 'node:crypto';
import { isFloat } from '../dtype';
import { check } from '../errors';
import { apply1 } from '../node';
import { defineOperator } from '../registry';
import { size } from '../shape';
import type { DType, NumericArray, Shape, Tensor } from '../types';

export interface InputAttributes {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export const inputOperator = defineOperator<InputAttributes>({
  name: 'input',
  infer(_, { name, dtype, shape }) {
    const whole = shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
    check(whole, `input ${name}`, `extents must be integers ≥ 0, got [${shape.join(', ')}]`);
    return [{ dtype, shape }];
  },
  evaluate(_, { name }) {
    throw new Error(`No values were given for the graph input ${name}.`);
  },
});

/** A value that is given when the graph runs. Two inputs of one name are the same input. */
export const input = (name: string, shape: Shape, dtype: DType = 'float32'): Tensor =>
  apply1(inputOperator, [], { name, dtype, shape: [...shape] });

export interface ConstantAttributes {
  /** Halves are kept as float32. */
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Larger constants are not looked for twice: weights written into a graph are, and hashing them takes longer. */
const HASHED_BYTES = 1 << 20;

export const constantOperator = defineOperator<ConstantAttributes>({
  name: 'constant',
  infer(_, { values, shape, dtype }) {
    check(
      values.length === size(shape),
      'constant',
      `${values.length} values for shape [${shape.join(', ')}]`,
    );
    return [{ dtype, shape }];
  },
  evaluate: (_, { values, shape }) => [{ shape, data: Float64Array.from(values) }],
  lower: (emit, _, { attributes: { values, shape, dtype } }) => [emit.constant(values, shape, dtype)],
  key({ values, shape, dtype }) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (bytes.length > HASHED_BYTES) return undefined;
    return `${dtype}[${shape.join(',')}]${createHash('sha1').update(bytes).digest('base64')}`;
  },
});

const arrayOf = (values: NumericArray, dtype: DType): ConstantAttributes['values'] => {
  if (isFloat(dtype)) return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === 'int32') return values instanceof Int32Array ? values : Int32Array.from(values);
  return values instanceof Uint8Array ? values : Uint8Array.from(values);
};

/** Fixed values, row-major. The type follows the array; plain lists are float32 unless `dtype` says otherwise. */
export function constant(values: NumericArray, shape: Shape, dtype?: DType): Tensor {
  const kind = dtype ?? (values instanceof Int32Array ? 'int32' : 'float32');
  return apply1(constantOperator, [], { values: arrayOf(values, kind), shape: [...shape], dtype: kind });
}

export const scalar = (x: number, dtype: DType = 'float32'): Tensor => constant([x], [], dtype);

interface FullAttributes {
  readonly shape: Shape;
  readonly value: number;
  readonly dtype: DType;
}

const fullOperator = defineOperator<FullAttributes>({
  name: 'full',
  infer: (_, { shape, dtype }) => [{ dtype, shape }],
  evaluate: (_, { shape, value }) => [{ shape, data: new Float64Array(size(shape)).fill(value) }],
  lower(emit, _, { attributes: { shape, value, dtype } }) {
    const one = emit.constant(
      [value],
      shape.map(() => 1),
      dtype,
    );
    if (size(shape) === 1) return [one];
    return [emit.node('Expand', [one, emit.ints(shape)])];
  },
  key: ({ shape, value, dtype }) => `${dtype}[${shape.join(',')}]${Object.is(value, -0) ? '-0' : value}`,
});

export const full = (shape: Shape, x: number, dtype: DType = 'float32'): Tensor =>
  apply1(fullOperator, [], { shape: [...shape], value: x, dtype });
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 0, dtype);
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 1, dtype);

/** 0, 1, …, n-1 as int32. */
export const iota = (n: number): Tensor =>
  constant(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
  );

/** The one number that a leaf holds everywhere, if it is such a leaf. */
export function uniformValue(x: Tensor): number | undefined {
  if (x.node.operator === fullOperator) return (x.node.attributes as FullAttributes).value;
  if (x.node.operator !== constantOperator) return undefined;
  const { values } = x.node.attributes as ConstantAttributes;
  return values.length === 1 ? values[0] : undefined;
}
