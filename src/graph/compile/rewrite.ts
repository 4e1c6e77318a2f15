/** @file Before writing: composites become primitives, equal values one, small constant expressions constants. */
import { apply, atScope } from '../node';
import { constant, constantOperator, uniformValue } from '../ops/leaves';
import { size } from '../shape';
import type { Expansion, Node, Tensor, Value } from '../types';
import type { Target } from './emitter';

/** Constant expressions up to this many elements are computed here. */
const FOLDED = 4096;

/**
 * Bytes that all scans of a graph together may keep for their gradients unless `compile` is told otherwise. Keeping
 * everything makes a scan's forward and backward a quarter faster than recomputing it by chunks; a model of one or
 * two layers can afford that, one of twenty cannot.
 */
export const KEPT_BYTES = 256e6;

/**
 * Bytes of a tensor above which operators that can be computed in parts are, on a GPU: many bind no more than 2 GB at a
 * time, and what is computed next to it lives as long. Smaller parts would be more of them than a GPU likes.
 */
export const LARGEST = 2 ** 28;

/** Sizes that lowerings keep to; everything has a default. */
export interface Limits {
  /** What the scans of the graph together may keep for their gradients; the rest is recomputed. */
  readonly keptBytes?: number | undefined;
  /** Tensors above it are made in parts, where they can be. */
  readonly largest?: number | undefined;
}

export class Rewriter {
  readonly #target: Target;
  readonly #keptBytes: number;
  readonly #largest: number;
  /** Nodes of the graph by operator, before anything was lowered. */
  readonly #counts = new Map<string, number>();
  /** What every tensor has become. */
  readonly #lowered = new Map<Tensor, Tensor>();
  readonly #values = new Map<string, readonly Tensor[]>();
  readonly #saved = new Map<Node, Expansion['saved']>();
  readonly #order = new Map<Node, number>();

  constructor(target: Target, { keptBytes = KEPT_BYTES, largest = LARGEST }: Limits = {}) {
    this.#target = target;
    this.#keptBytes = keptBytes;
    this.#largest = largest;
  }

  /** The tensors in primitive operators. */
  lower(tensors: readonly Tensor[]): readonly Tensor[] {
    const pending = this.#pending(tensors);
    if (this.#counts.size === 0) {
      for (const { operator } of pending) {
        this.#counts.set(operator.name, (this.#counts.get(operator.name) ?? 0) + 1);
      }
    }
    for (const node of pending) {
      const outputs = this.#process(node);
      for (const [i, output] of node.outputs.entries()) this.#lowered.set(output, outputs[i]!);
      // A lowered tensor stands for itself when it is met again inside an expansion.
      for (const output of outputs) this.#lowered.set(output, output);
    }
    return tensors.map((tensor) => this.#lowered.get(tensor)!);
  }

  /** Position in which the node was made, for the order of writing. */
  order(node: Node): number {
    return this.#order.get(node)!;
  }

  #pending(tensors: readonly Tensor[]): Node[] {
    const found = new Set<Node>();
    const open = tensors.filter((tensor) => !this.#lowered.has(tensor)).map(({ node }) => node);
    for (let node = open.pop(); node; node = open.pop()) {
      if (found.has(node)) continue;
      found.add(node);
      for (const input of node.inputs) if (!this.#lowered.has(input)) open.push(input.node);
    }
    return [...found].sort((a, b) => a.id - b.id);
  }

  #process(node: Node): readonly Tensor[] {
    const inputs = node.inputs.map((input) => this.#lowered.get(input)!);
    if (node.operator.expand) return this.#expand(node, inputs);
    const outputs = atScope(node.scope, () => this.#primitive(node, inputs));
    const made = outputs[0]!.node;
    if (!this.#order.has(made)) this.#order.set(made, this.#order.size);
    return outputs;
  }

  #expand(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
    const { operator, attributes, scope } = node;
    const context = {
      target: this.#target,
      keptBytes: this.#keptBytes / (this.#counts.get(operator.name) ?? 1),
      largest: this.#largest,
      saved: (input: number) => this.#saved.get(node.inputs[input]!.node) ?? {},
    };
    const path = scope ? `${scope}/${operator.name}` : operator.name;
    const { outputs, saved } = atScope(path, () => operator.expand!(inputs, attributes, context, node));
    this.#saved.set(node, saved);
    return this.lower(outputs);
  }

  #primitive(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
    const { operator, attributes } = node;
    if (operator.rebuild) return operator.rebuild(node, inputs, (tensors) => this.lower(tensors));
    const own = operator.key ? operator.key(attributes) : JSON.stringify(attributes);
    const key =
      own === undefined ? undefined : `${operator.name}(${inputs.map(({ id }) => id).join()})${own}`;
    const known = key === undefined ? undefined : this.#values.get(key);
    if (known) return known;
    const unchanged = inputs.every((input, i) => input === node.inputs[i]);
    const outputs = fold(node, inputs) ?? (unchanged ? node.outputs : apply(operator, inputs, attributes));
    if (key !== undefined) this.#values.set(key, outputs);
    return outputs;
  }
}

function constantValue(tensor: Tensor): Value | undefined {
  const { operator, attributes } = tensor.node;
  const fixed = operator === constantOperator || uniformValue(tensor) !== undefined;
  return fixed && size(tensor.shape) <= FOLDED ? operator.evaluate([], attributes, [tensor])[0] : undefined;
}

function fold({ operator, attributes, outputs }: Node, inputs: readonly Tensor[]): Tensor[] | undefined {
  if (inputs.length === 0 || outputs.some(({ shape }) => size(shape) > FOLDED)) return undefined;
  const values = inputs.map(constantValue);
  if (!values.every((value) => value !== undefined)) return undefined;
  const found = operator.evaluate(values, attributes, outputs);
  return outputs.map(({ dtype, shape }, i) => constant(found[i]!.data, shape, dtype));
}
