/** @file Writing lowered nodes as an ONNX graph. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { numberToHalf } from '../../util/half';
import type { DType, Node, NumericArray, Shape, Tensor } from '../types';
import {
  ONNX_TYPE,
  type AttributeValue,
  type BodyAttribute,
  type Emitter,
  type NodeOptions,
  type Target,
} from './emitter';

/**
 * Operator set and the IR version that goes with it: for onnxruntime the newest whose operators every provider has,
 * for others the oldest that has what is needed (LayerNormalization).
 */
const VERSIONS: Readonly<Record<Target, { readonly opset: bigint; readonly ir: bigint }>> = {
  cpu: { opset: 20n, ir: 9n },
  webgpu: { opset: 20n, ir: 9n },
  onnx: { opset: 17n, ir: 8n },
};
const INT64 = 7;

const text = new TextEncoder();
const bytesOf = (array: ArrayBufferView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);

/** A graph input of bytes, by the number of its type in the ONNX format. */
export interface BytesInfo {
  readonly name: string;
  readonly type: number;
  readonly shape: Shape;
}

export const valueInfo = (name: string, elemType: number, shape: Shape): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType,
          shape: create(TensorShapeProtoSchema, {
            dim: shape.map((extent) => ({ value: { case: 'dimValue' as const, value: BigInt(extent) } })),
          }),
        },
      },
    },
  });

/** Collects nodes and initialisers of a graph and of the bodies in it. */
export class Writer {
  readonly target: Target;
  readonly #names = new Map<Tensor, string>();
  readonly #initialisers = new Map<string, TensorProto>();
  /** Names that graph outputs give to what computes them. */
  readonly #renamed = new Map<string, string>();
  readonly #fed = new Map<string, BytesInfo>();
  #used: ReadonlySet<Tensor>;
  #next = 0;
  count = 0;

  constructor(target: Target, used: ReadonlySet<Tensor>) {
    this.target = target;
    this.#used = used;
  }

  /** Gives a tensor its name before anything is written. */
  name(tensor: Tensor, name: string): void {
    this.#names.set(tensor, name);
  }

  nameOf(tensor: Tensor): string {
    return this.#names.get(tensor)!;
  }

  /** Lowers a node; its ONNX nodes go to `into`. */
  write(node: Node, into: NodeProto[]): void {
    const inputs = node.inputs.map((input) => this.#names.get(input) ?? '');
    const names = node.operator.lower!(this.#emitter(node, into), inputs, node);
    for (const [i, output] of node.outputs.entries()) this.#names.set(output, names[i]!);
  }

  /** An extra node, for outputs that nothing computes under their name. */
  identity(from: string, to: string, into: NodeProto[]): void {
    this.count++;
    into.push(
      create(NodeProtoSchema, { opType: 'Identity', name: `output/${to}`, input: [from], output: [to] }),
    );
  }

  /** Graph inputs of types that graphs do not have. */
  get fed(): BytesInfo[] {
    return [...this.#fed.values()];
  }

  rename(from: string, to: string): void {
    this.#renamed.set(from, to);
  }

  #emitter(node: Node, into: NodeProto[]): Emitter {
    const add = (type: string, inputs: readonly string[], options: NodeOptions = {}): string[] => {
      const { attributes = {}, domain = '', outputs = 1 } = options;
      const index = this.#next++;
      const names = Array.from({ length: outputs }, (_, i) => `%${index}${outputs > 1 ? `.${i}` : ''}`);
      const name = `${node.scope ? `${node.scope}/` : ''}${type}_${index}`;
      const attribute = Object.entries(attributes).map(([key, value]) => this.#attribute(key, value));
      this.count++;
      into.push(
        create(NodeProtoSchema, { opType: type, domain, name, input: [...inputs], output: names, attribute }),
      );
      return names;
    };
    return {
      target: this.target,
      nodes: add,
      node: (type, inputs, options) => add(type, inputs, options)[0]!,
      ints: (values, shape = [values.length]) =>
        this.#initialiser(INT64, shape, BigInt64Array.from(values, BigInt)),
      constant: (values, shape, dtype) => this.#constant(values, shape, dtype ?? 'float32'),
      bytes: (type, shape, values) => this.#initialiser(type, shape, values),
      fed: (type, shape, name) => {
        this.#fed.set(name, { name, type, shape });
        return name;
      },
      used: (output) => this.#used.has(node.outputs[output]!),
    };
  }

  #constant(values: NumericArray, shape: Shape, dtype: DType): string {
    if (dtype === 'float16') {
      return this.#initialiser(ONNX_TYPE.float16, shape, Uint16Array.from(values, numberToHalf));
    }
    const kind = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
    return this.#initialiser(ONNX_TYPE[dtype], shape, values instanceof kind ? values : kind.from(values));
  }

  #initialiser(dataType: number, shape: Shape, values: ArrayBufferView): string {
    const rawData = bytesOf(values);
    const content = rawData.length <= 256 ? Buffer.from(rawData).toString('latin1') : `big${this.#next++}`;
    const key = `${dataType}[${shape.join()}]${content}`;
    const known = this.#initialisers.get(key);
    if (known) return known.name;
    const name = `%c${this.#initialisers.size}`;
    this.#initialisers.set(
      key,
      create(TensorProtoSchema, { name, dataType, dims: shape.map(BigInt), rawData }),
    );
    return name;
  }

  #attribute(name: string, value: AttributeValue): AttributeProto {
    const made = (fields: Partial<Omit<AttributeProto, '$typeName'>>): AttributeProto =>
      create(AttributeProtoSchema, { name, ...fields } as never);
    if (typeof value === 'number') return made({ type: Kind.INT, i: BigInt(value) });
    if (typeof value === 'string')
      return made({ type: Kind.STRING, s: text.encode(value) as Uint8Array<ArrayBuffer> });
    if ('float' in value) return made({ type: Kind.FLOAT, f: value.float });
    if ('body' in value) return made({ type: Kind.GRAPH, g: this.#body(value.body) });
    return made({ type: Kind.INTS, ints: value.map(BigInt) });
  }

  #body({ inputs, outputs, nodes }: BodyAttribute['body']): GraphProto {
    const body: NodeProto[] = [];
    const input = inputs.map((tensor) => {
      const name = `%l${this.#next++}`;
      this.#names.set(tensor, name);
      return valueInfo(name, ONNX_TYPE[tensor.dtype], tensor.shape);
    });
    const around = this.#used;
    this.#used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs]);
    for (const node of nodes) this.write(node, body);
    this.#used = around;
    // A value that a body gives back twice, or gives back as it came in, silently becomes wrong numbers.
    const taken = new Set(input.map(({ name }) => name));
    const output = outputs.map((tensor) => {
      const own = this.#names.get(tensor)!;
      const computed = nodes.includes(tensor.node) && !taken.has(own);
      const name = computed ? own : `%o${this.#next++}`;
      if (!computed) this.identity(own, name, body);
      taken.add(name);
      return valueInfo(name, ONNX_TYPE[tensor.dtype], tensor.shape);
    });
    return create(GraphProtoSchema, { name: 'body', node: body, input, output });
  }

  /** The finished model. */
  model(nodes: readonly NodeProto[], input: ValueInfoProto[], output: ValueInfoProto[]): Uint8Array {
    this.#applyNames(nodes);
    const graph = {
      name: 'graph',
      node: [...nodes],
      input,
      output,
      initializer: [...this.#initialisers.values()],
    };
    const { opset, ir } = VERSIONS[this.target];
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: ir,
        producerName: 'ssm-studio',
        opsetImport: [
          { domain: '', version: opset },
          ...(this.target === 'onnx' ? [] : [{ domain: 'com.microsoft', version: 1n }]),
        ],
        graph,
      }),
    );
  }

  #applyNames(nodes: readonly NodeProto[]): void {
    const renamed = (names: string[]): string[] => names.map((name) => this.#renamed.get(name) ?? name);
    for (const node of nodes) {
      node.input = renamed(node.input);
      node.output = renamed(node.output);
      for (const { g } of node.attribute) if (g) this.#applyNames(g.node);
    }
  }
}
