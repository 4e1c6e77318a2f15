/**
 * @file How much memory a graph needs while it runs, from the graph alone: nodes in the order in which onnxruntime
 * runs them, every tensor from the node that makes it to the last that reads it.
 */
import { Rewriter, type Limits } from './compile/rewrite';
import type { Target } from './compile/emitter';
import { reachable } from './node';
import { size } from './shape';
import type { DType, Node, Tensor } from './types';

const BYTES: Readonly<Record<DType, number>> = { float32: 4, float16: 2, int32: 4, bool: 1 };

/** Operators whose result is their operand under another shape. */
const VIEWS = new Set(['reshape', 'stopGradient', 'checkpoint']);

/** Operators that write over an operand that nobody reads afterwards. */
const IN_PLACE = new Set(
  'add mul div pow exp log sqrt abs neg tanh erf floor sign reciprocal relu sigmoid'.split(' '),
);

/** Operators that need as much again while they compute. */
const WITH_COPY = new Set(['where']);

/** What the allocator takes beyond the buffers: blocks that are larger than asked for, and gaps between them. */
const FRAGMENTATION = 1.1;

export interface MemoryNeed {
  /** Largest sum of the intermediate tensors that live at one time, bytes; neither inputs nor outputs. */
  readonly peak: number;
  /** Graph inputs and outputs, bytes. */
  readonly inputs: number;
  readonly outputs: number;
  /** Of the largest tensor, bytes. */
  readonly largest: number;
  readonly nodes: number;
}

/** @param outputs what is computed, as for `compile` */
export function memoryNeed(
  outputs: readonly Tensor[],
  { target, ...limits }: { readonly target: Target } & Limits,
): MemoryNeed {
  const rewriter = new Rewriter(target, limits);
  const results = rewriter.lower(outputs);
  const nodes = reachable(results).sort((a, b) => rewriter.order(a) - rewriter.order(b));
  const total = (tensors: readonly Tensor[]): number => tensors.reduce((sum, one) => sum + bytesOf(one), 0);
  const given = nodes.filter(({ operator }) => operator.name === 'input');
  return {
    peak: Math.round(FRAGMENTATION * peakOf(plan(executionOrder(nodes, results), new Set(results)))),
    inputs: total(given.map((node) => node.outputs[0]!)),
    outputs: total(results),
    largest: largestOf(nodes),
    nodes: nodes.length,
  };
}

const bytesOf = ({ dtype, shape }: Tensor): number => BYTES[dtype] * size(shape);

/** Bytes of the largest tensor that the nodes give. */
export const largestOf = (nodes: readonly Node[]): number =>
  nodes.reduce((most, { outputs }) => Math.max(most, ...outputs.map(bytesOf)), 0);

/** Memory that one tensor after another lies in. */
interface Buffer {
  readonly bytes: number;
  /** Never given away: inputs, constants and results. */
  readonly fixed: boolean;
  readonly from: number;
  /** Position of the last node that uses it. */
  to: number;
  /** Reads that are still to come of the tensor that lies in it now. */
  readers: number;
}

/**
 * The buffers as onnxruntime's planner assigns them before anything runs: an operand is written over where that is
 * allowed and nobody else reads it; else a buffer is taken whose tensor is done and had the same type and shape,
 * and which therefore stays allocated in between; else there is a new one.
 */
function plan(order: readonly Node[], results: ReadonlySet<Tensor>): Buffer[] {
  const readers = new Map<Tensor, number>();
  for (const { inputs } of order) {
    for (const input of new Set(inputs)) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  const all: Buffer[] = [];
  const holding = new Map<Tensor, Buffer>();
  const idle = new Map<string, Buffer[]>();
  const shapeOf = new Map<Buffer, string>();
  const release = (buffer: Buffer): void => {
    if (buffer.fixed || buffer.readers > 0) return;
    const key = shapeOf.get(buffer)!;
    const list = idle.get(key) ?? [];
    list.push(buffer);
    idle.set(key, list);
  };
  for (const [position, { operator, inputs, outputs }] of order.entries()) {
    if (WITH_COPY.has(operator.name)) {
      all.push({ bytes: bytesOf(outputs[0]!), fixed: false, from: position, to: position, readers: 0 });
    }
    const sources = [...new Set(inputs)].map((input) => holding.get(input)!);
    for (const output of outputs) {
      const count = readers.get(output) ?? 0;
      const key = `${output.dtype}[${output.shape.join()}]`;
      // A loop leaves out what nobody reads: there is no buffer that a later tensor could lie in.
      const absent = operator.name === 'scanLoop' && count === 0;
      const fixed = inputs.length === 0 || results.has(output) || absent;
      const bytes = fixed ? 0 : bytesOf(output);
      const given =
        fixed || inputs.length === 0
          ? undefined
          : VIEWS.has(operator.name)
            ? sources[0]!
            : ((IN_PLACE.has(operator.name)
                ? sources.find((one) => !one.fixed && one.readers === 1 && one.bytes === bytes)
                : undefined) ?? idle.get(key)?.pop());
      const buffer = given ?? { bytes, fixed, from: position, to: position, readers: 0 };
      if (!given) all.push(buffer);
      buffer.readers += count;
      buffer.to = position;
      holding.set(output, buffer);
      shapeOf.set(buffer, key);
    }
    for (const source of sources) {
      source.readers--;
      source.to = position;
      release(source);
    }
    for (const output of outputs) {
      const buffer = holding.get(output)!;
      if (!(readers.get(output) ?? 0) && !sources.includes(buffer)) release(buffer);
    }
  }
  return all;
}

/** Largest sum of the buffers in use at one position. */
function peakOf(buffers: readonly Buffer[]): number {
  const changes = new Map<number, number>();
  const change = (at: number, by: number): void => void changes.set(at, (changes.get(at) ?? 0) + by);
  for (const { from, to, bytes } of buffers) {
    change(from, bytes);
    change(to + 1, -bytes);
  }
  let [live, peak] = [0, 0];
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    live += changes.get(at)!;
    peak = Math.max(peak, live);
  }
  return peak;
}

/**
 * Depth first from the results that nobody reads, in the order in which `compile` lets onnxruntime meet them; of a
 * node's operands the one that was written last comes first.
 */
function executionOrder(nodes: readonly Node[], results: readonly Tensor[]): Node[] {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  const index = new Map(nodes.map((node, i) => [node, i]));
  const done = new Set<Node>();
  const order: Node[] = [];
  const last = [...new Set(results.map(({ node }) => node))].filter((node) => !used.has(node));
  const open: (readonly [node: Node, leaving: boolean])[] = last
    .sort((a, b) => index.get(b)! - index.get(a)!)
    .map((node) => [node, false]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, leaving] = next;
    if (leaving) {
      order.push(node);
      continue;
    }
    if (done.has(node)) continue;
    done.add(node);
    open.push([node, true]);
    const before = [...new Set(node.inputs.map((input) => input.node))].filter((one) => !done.has(one));
    for (const one of before.sort((a, b) => index.get(a)! - index.get(b)!)) open.push([one, false]);
  }
  return order;
}
