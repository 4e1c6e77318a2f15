/** @file What a lowering sees of the ONNX graph being written. */
import type { DType, Node, NumericArray, Shape, Tensor } from '../types';

/**
 * What a graph is written for: onnxruntime's processor, its WebGPU, or any reader of the format (`onnx`), for which
 * only operators of the standard are written.
 */
export type Target = 'cpu' | 'webgpu' | 'onnx';

/** A floating-point attribute; plain numbers are integers. */
export interface FloatAttribute {
  readonly float: number;
}
/** A subgraph attribute: nodes over local inputs and over values around it. */
export interface BodyAttribute {
  readonly body: {
    readonly inputs: readonly Tensor[];
    readonly outputs: readonly Tensor[];
    /** In order; everything that depends on the inputs. */
    readonly nodes: readonly Node[];
  };
}
export type AttributeValue = number | string | readonly number[] | FloatAttribute | BodyAttribute;

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** `com.microsoft` for contributed operators. */
  readonly domain?: string;
  /** Number of outputs, 1 unless given. */
  readonly outputs?: number;
}

export interface Emitter {
  readonly target: Target;
  /** Adds a node and returns the names of its outputs; an empty input name leaves an optional input out. */
  nodes(type: string, inputs: readonly string[], options?: NodeOptions): string[];
  /** The same for one output. */
  node(type: string, inputs: readonly string[], options?: NodeOptions): string;
  /** Names an int64 list (shapes, axes), or a tensor of one. */
  ints(values: readonly number[], shape?: Shape): string;
  constant(values: NumericArray, shape: Shape, dtype?: DType): string;
  /** A constant of a type that graphs do not have, by its number in the ONNX format. */
  bytes(type: number, shape: Shape, values: Uint8Array): string;
  /** The same as a graph input. */
  fed(type: number, shape: Shape, name: string): string;
  /** Whether an output of the node being lowered is used. */
  used(output: number): boolean;
}

/** The types by their numbers in the ONNX format. */
export const ONNX_TYPE: Readonly<Record<DType, number>> = { float32: 1, float16: 10, int32: 6, bool: 9 };
