/** @file From tensors to an ONNX model. */
import type { DType, Shape, Tensor } from '../types';
import type { Target } from './emitter';

export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Compiled {
  /** The ONNX model. */
  readonly model: Uint8Array;
  readonly target: Target;
  /** The graph inputs that the outputs depend on. */
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Number of ONNX nodes, those in scan bodies included. */
  readonly nodes: number;
  /** Of the model's bytes: the same graph gives the same hash. */
  readonly hash: string;
}

export function compile(
  _outputs: Readonly<Record<string, Tensor>>,
  _options: { readonly target: Target },
): Compiled {
  throw new Error('not written yet');
}
