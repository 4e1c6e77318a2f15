/** @file Making nodes; the scope they carry. */
import type { Node, Operator, Tensor } from './types';

let nextId = 1;
let scopePath = '';

/** A node of `operator`; its outputs are typed by the operator's shape rule. */
export function apply<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): readonly Tensor[] {
  const types = operator.infer(inputs, attributes);
  const outputs: Tensor[] = [];
  const node: Node<A> = { id: nextId++, operator, inputs, attributes, scope: scopePath, outputs };
  for (const [output, { dtype, shape }] of types.entries()) {
    outputs.push({ id: nextId++, dtype, shape, node, output });
  }
  return outputs;
}

/** `apply` for operators with one output. */
export const apply1 = <A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): Tensor =>
  apply(operator, inputs, attributes)[0]!;

/** Nodes made inside `fn` carry `label` in their path. */
export function scope<T>(label: string, fn: () => T): T {
  const outer = scopePath;
  return atScope(outer ? `${outer}/${label}` : label, fn);
}

/** Nodes made inside `fn` carry exactly `path`. */
export function atScope<T>(path: string, fn: () => T): T {
  const outer = scopePath;
  scopePath = path;
  try {
    return fn();
  } finally {
    scopePath = outer;
  }
}

/**
 * All nodes that the tensors depend on, inputs before users.
 * @param leaves tensors to stop at: what they depend on is left out
 */
export function reachable(outputs: readonly Tensor[], leaves?: { has(tensor: Tensor): boolean }): Node[] {
  const found = new Set<Node>();
  const open: Node[] = [];
  const visit = (tensors: readonly Tensor[]): void => {
    for (const tensor of tensors) if (!leaves?.has(tensor) && !found.has(tensor.node)) open.push(tensor.node);
  };
  visit(outputs);
  for (let node = open.pop(); node; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    visit(node.inputs);
  }
  return [...found].sort((a, b) => a.id - b.id);
}
