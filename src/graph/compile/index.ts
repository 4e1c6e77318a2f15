/** @file From tensors to an ONNX model. */
import { createHash } from 'node:crypto';
import type { NodeProto } from 'onnx-buf';
import { largestOf } from '../liveness';
import { reachable } from '../node';
import type { InputAttributes } from '../ops/leaves';
import { sameShape } from '../shape';
import type { DType, Node, Shape, Tensor } from '../types';
import { ONNX_TYPE, type Target } from './emitter';
import { runnable } from './order';
import { Rewriter, type Limits } from './rewrite';
import { valueInfo, Writer, type BytesInfo } from './write';

export type { BytesInfo } from './write';

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
  /** Further ones, of bytes; `fed` of quantised weights. */
  readonly bytes?: readonly BytesInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Number of ONNX nodes, those in scan bodies included. */
  readonly nodes: number;
  /** Bytes of the largest tensor, those in scan bodies left out. */
  readonly largest: number;
  /** Of the model's bytes: the same graph gives the same hash. */
  readonly hash: string;
}

/** Composite operators in primitive ones, as `compile` writes them for a target. */
export const lowered = (outputs: readonly Tensor[], target: Target, limits: Limits = {}): readonly Tensor[] =>
  new Rewriter(target, limits).lower(outputs);

/**
 * One ONNX model of everything that the outputs depend on. Graph inputs keep their names.
 * @throws when two inputs of one name differ in type or shape
 */
export function compile(
  outputs: Readonly<Record<string, Tensor>>,
  { target, ...limits }: { readonly target: Target } & Limits,
): Compiled {
  const rewriter = new Rewriter(target, limits);
  const names = Object.keys(outputs);
  const results = rewriter.lower(Object.values(outputs));
  const nodes = reachable(results).sort((a, b) => rewriter.order(a) - rewriter.order(b));
  const writer = new Writer(target, new Set([...nodes.flatMap((node) => node.inputs), ...results]));
  const inputs = writeInputs(nodes, writer);
  const written: NodeProto[] = [];
  for (const node of nodes) if (node.operator.name !== 'input') writer.write(node, written);
  const taken = new Set(inputs.map(({ name }) => name));
  const computed = new Set(written.flatMap(({ output }) => output));
  const renamed = new Set<string>();
  for (const [i, tensor] of results.entries()) {
    const [own, name] = [writer.nameOf(tensor), names[i]!];
    if (taken.has(name) && own !== name)
      throw new Error(`compile: ${name} names an input and another output.`);
    if (own === name) continue;
    if (computed.has(own) && !renamed.has(own)) {
      writer.rename(own, name);
      renamed.add(own);
    } else {
      writer.identity(own, name, written);
    }
  }
  const info = results.map(({ dtype, shape }, i) => ({ name: names[i]!, dtype, shape }));
  const values = (list: readonly TensorInfo[]) =>
    list.map(({ name, dtype, shape }) => valueInfo(name, ONNX_TYPE[dtype], shape));
  const bytes = writer.fed;
  const given = [...values(inputs), ...bytes.map(({ name, type, shape }) => valueInfo(name, type, shape))];
  const model = writer.model(runnable(written), given, values(info));
  const hash = createHash('sha256').update(model).digest('hex');
  return {
    model,
    target,
    inputs,
    ...(bytes.length > 0 && { bytes }),
    outputs: info,
    nodes: writer.count,
    largest: largestOf(nodes),
    hash,
  };
}

function writeInputs(nodes: readonly Node[], writer: Writer): TensorInfo[] {
  const inputs = new Map<string, TensorInfo>();
  for (const { operator, attributes, outputs } of nodes) {
    if (operator.name !== 'input') continue;
    const { name, dtype, shape } = attributes as InputAttributes;
    const known = inputs.get(name);
    if (known && !(known.dtype === dtype && sameShape(known.shape, shape))) {
      throw new Error(
        `compile: the input ${name} has two shapes, [${known.shape.join()}] and [${shape.join()}].`,
      );
    }
    inputs.set(name, { name, dtype, shape });
    writer.name(outputs[0]!, name);
  }
  return [...inputs.values()];
}
