/**
 * @file Weights in 8 or 4 bits, for inference. A quantised weight is a leaf; a linear map of it keeps the bits, every
 * other use gets the numbers that they stand for.
 */
import { ONNX_TYPE, type Emitter } from '../../compile/emitter';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Tensor } from '../../types';

/** A weight (rows = outputs, columns = inputs) whose numbers are scale · integer. */
export type QuantizedMatrix =
  | {
      readonly bits: 8;
      readonly rows: number;
      readonly columns: number;
      /** (columns, rows): signed bytes −127 … 127, or 128 more than that where `signed` is not set. */
      readonly data: Uint8Array;
      /** A third faster, but overflows inside the kernels of some processors. */
      readonly signed?: boolean;
      /** Per row. */
      readonly scales: Float32Array;
      /**
       * Name of the graph input through which `data` come, so that several graphs read them in one place. Kernels cannot
       * sort such weights beforehand, which hardly shows where many rows are multiplied at once.
       */
      readonly fed?: string;
    }
  | {
      readonly bits: 4;
      readonly rows: number;
      readonly columns: number;
      /** Numbers that share a scale; divides the columns. */
      readonly block: number;
      /** (rows, columns / 2), low halves first; 0 … 15 stand for −8 … 7 */
      readonly data: Uint8Array;
      /** (rows, columns / block) */
      readonly scales: Float32Array;
    };

/** Numbers of one row, (columns). */
export function dequantizeRow(
  { rows, columns, data, scales, signed }: EightBits,
  row: number,
  into: Float32Array,
): void {
  const scale = scales[row]!;
  for (let column = 0; column < columns; column++) {
    const byte = data[column * rows + row]!;
    into[column] = (signed ? (byte << 24) >> 24 : byte - 128) * scale;
  }
}

export type EightBits = Extract<QuantizedMatrix, { readonly bits: 8 }>;

const UINT8 = 2;
const INT8 = 3;

/** The numbers that a quantised weight stands for, (rows, columns). */
export function dequantize(matrix: QuantizedMatrix): Float32Array {
  const { rows, columns, scales, data } = matrix;
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      if (matrix.bits === 8) {
        const byte = data[column * rows + row]!;
        values[at] = (matrix.signed ? (byte << 24) >> 24 : byte - 128) * scales[row]!;
      } else {
        const byte = data[at >> 1]!;
        values[at] = ((at & 1 ? byte >> 4 : byte & 15) - 8) * scales[Math.floor(at / matrix.block)]!;
      }
    }
  }
  return values;
}

interface Attributes {
  readonly matrix: QuantizedMatrix;
}

const leafOperator = defineOperator<Attributes>({
  name: 'quantized',
  infer: (_, { matrix }) => [{ dtype: 'float32', shape: [matrix.rows, matrix.columns] }],
  evaluate: (_, { matrix }, [type]) => [{ shape: type!.shape, data: Float64Array.from(dequantize(matrix)) }],
  lower: (emit, _, { attributes: { matrix } }) => [
    emit.constant(dequantize(matrix), [matrix.rows, matrix.columns]),
  ],
  key: () => undefined,
});

/** A weight (rows, columns) for `linear`. */
export const quantized = (matrix: QuantizedMatrix): Tensor => apply1(leafOperator, [], { matrix });

/** The matrix behind a quantised weight. */
export const quantizedMatrix = (weight: Tensor): QuantizedMatrix | undefined =>
  weight.node.operator === leafOperator ? (weight.node.attributes as Attributes).matrix : undefined;

/**
 * What the kernel does to one row of activations, for many: each has a scale of its own, so that a token's result does
 * not depend on those that are read with it. With x = s (q − z), Σ x w = s · scale · (Σ q w − z Σ w), all in integers.
 */
function byRows(emit: Emitter, x: string, weight: string, matrix: EightBits): string {
  const { rows, columns, data, scales, signed = false } = matrix;
  const float = (value: number): string => emit.constant(Float32Array.of(value), []);
  const node = (type: string, ...operands: string[]): string => emit.node(type, operands);
  const extreme = (type: string): string =>
    emit.node(type, [x, emit.ints([1])], { attributes: { keepdims: 1 } });
  const high = node('Max', extreme('ReduceMax'), float(0));
  const low = node('Min', extreme('ReduceMin'), float(0));
  // A row of zeros has any scale but none.
  const step = node('Max', node('Div', node('Sub', high, low), float(255)), float(1e-30));
  const zero = node('Round', node('Clip', node('Div', node('Neg', low), step), float(0), float(255)));
  const levels = node('Add', node('Round', node('Div', x, step)), zero);
  const bytes = emit.node('Cast', [node('Clip', levels, float(0), float(255))], {
    attributes: { to: UINT8 },
  });
  const type = signed ? INT8 : UINT8;
  const middle = emit.bytes(type, [], Uint8Array.of(signed ? 0 : 128));
  const none = emit.bytes(UINT8, [], Uint8Array.of(0));
  const product = emit.node('MatMulInteger', [bytes, weight, none, middle]);
  const sums = new Float32Array(rows);
  for (let k = 0; k < columns; k++) {
    for (let row = 0; row < rows; row++) {
      const byte = data[k * rows + row]!;
      sums[row]! += signed ? (byte << 24) >> 24 : byte - 128;
    }
  }
  const whole = emit.node('Cast', [product], { attributes: { to: ONNX_TYPE.float32 } });
  const centred = node('Sub', whole, node('Mul', zero, emit.constant(sums, [rows])));
  return node('Mul', node('Mul', centred, step), emit.constant(scales, [rows]));
}

const linearOperator = defineOperator<Attributes>({
  name: 'quantizedLinear',
  infer: ([x], { matrix }) => [{ dtype: 'float32', shape: [x!.shape[0]!, matrix.rows] }],
  evaluate([x], { matrix }, [type]) {
    const weight = dequantize(matrix);
    const { rows, columns } = matrix;
    const data = new Float64Array(x!.shape[0]! * rows);
    for (let i = 0; i < data.length; i++) {
      const from = Math.floor(i / rows) * columns;
      const row = (i % rows) * columns;
      for (let k = 0; k < columns; k++) data[i]! += x!.data[from + k]! * weight[row + k]!;
    }
    return [{ shape: type!.shape, data }];
  },
  lower(emit, inputs, { outputs: [product], attributes: { matrix } }) {
    const { rows, columns, scales, data } = matrix;
    const domain = 'com.microsoft';
    if (emit.target !== 'cpu') {
      const weight = emit.constant(dequantize(matrix), [rows, columns]);
      return [emit.node('Gemm', [inputs[0]!, weight], { attributes: { transB: 1 } })];
    }
    // The CPU's kernels round the activations to 8 bits as well.
    if (matrix.bits === 8) {
      const type = matrix.signed ? INT8 : UINT8;
      const { fed } = matrix;
      const shape = [columns, rows];
      const weight = fed === undefined ? emit.bytes(type, shape, data) : emit.fed(type, shape, fed);
      if (product!.shape[0]! > 1) return [byRows(emit, inputs[0]!, weight, matrix)];
      const zero = emit.bytes(type, [rows], new Uint8Array(rows).fill(matrix.signed ? 0 : 128));
      const operands = [inputs[0]!, weight, emit.constant(scales, [rows]), zero];
      return [emit.node('DynamicQuantizeMatMul', operands, { domain })];
    }
    const { block } = matrix;
    const blocks = columns / block;
    const weight = emit.bytes(UINT8, [rows, blocks, block / 2], data);
    const attributes = { K: columns, N: rows, bits: 4, block_size: block, accuracy_level: 4 };
    const scale = emit.constant(scales, [rows * blocks]);
    return [emit.node('MatMulNBits', [inputs[0]!, weight, scale], { domain, attributes })];
  },
  key: () => undefined,
});

/** x (n, columns) → (n, rows) */
export const quantizedLinear = (x: Tensor, matrix: QuantizedMatrix): Tensor =>
  apply1(linearOperator, [x], { matrix });
