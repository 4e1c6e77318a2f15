/** @file What a graph is made of: tensors, nodes and operators. */
import type { Emitter, Target } from './compile/emitter';

/** Gradients flow through the floats; float16 is computed by the device, never by the reference. */
export type DType = 'float32' | 'float16' | 'int32' | 'bool';
export type Shape = readonly number[];
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array | readonly number[];

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A value in the graph: one output of a node. */
export interface Tensor extends TensorType {
  /** Increases in the order of creation: a node's inputs are always older than its outputs. */
  readonly id: number;
  readonly node: Node;
  /** Which of the node's outputs this is. */
  readonly output: number;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of nodes holds operators of any attributes
export interface Node<A = any> {
  readonly id: number;
  readonly operator: Operator<A>;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  /** Path of the `scope` labels around the node, for example `layers.0/mixer`. */
  readonly scope: string;
  readonly outputs: readonly Tensor[];
}

/** Row-major values of one tensor in the float64 reference; integers and booleans as numbers. */
export interface Value {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** What replaces a composite node on one target. */
export interface Expansion {
  readonly outputs: readonly Tensor[];
  /** Intermediate tensors that the gradient's expansion may use; they cost nothing unless it does. */
  readonly saved?: Readonly<Record<string, Tensor>>;
}

export interface ExpandContext {
  readonly target: Target;
  /** Bytes that this node may keep for its gradient, its share of what the graph may keep. */
  readonly keptBytes: number;
  /** Bytes that no tensor should exceed where an operator can be computed in parts. */
  readonly largest: number;
  /** What the expansion of the node behind the `input`-th input saved. */
  saved(input: number): Readonly<Record<string, Tensor>>;
}

/**
 * Everything about one operator, side by side. A primitive operator has `lower`, a composite one `expand` into
 * other operators, chosen per target.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see Node
export interface Operator<A = any> {
  readonly name: string;
  /** Types of the outputs. @throws ShapeError */
  infer(inputs: readonly Tensor[], attributes: A): TensorType[];
  /** Float64 reference. */
  evaluate(inputs: readonly Value[], attributes: A, types: readonly TensorType[]): Value[];
  /**
   * Cotangents of the inputs from cotangents of the outputs (undefined: zero). Absent when no output depends
   * differentiably on an input.
   * @param wanted which inputs' cotangents are asked for; the others may be left undefined
   */
  gradient?(
    node: Node<A>,
    cotangents: readonly (Tensor | undefined)[],
    wanted: readonly boolean[],
  ): (Tensor | undefined)[];
  /** Adds ONNX nodes and returns the names of the outputs. */
  lower?(emit: Emitter, inputs: readonly string[], node: Node<A>): readonly string[];
  expand?(inputs: readonly Tensor[], attributes: A, context: ExpandContext, node: Node<A>): Expansion;
  /** For operators with graphs in their attributes: the node again, over lowered inputs and graphs. */
  rebuild?(
    node: Node<A>,
    inputs: readonly Tensor[],
    lower: (tensors: readonly Tensor[]) => readonly Tensor[],
  ): readonly Tensor[];
  /** Two nodes with equal keys and inputs are the same value; undefined: never merged. Default: JSON. */
  key?(attributes: A): string | undefined;
}
