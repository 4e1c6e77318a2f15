/** @file Taking out of a graph what does not change from run to run, and putting it in as constants. */
import { apply, atScope, reachable } from './node';
import { constant, input, inputOperator, type InputAttributes } from './ops/leaves';
import { reshape, unshaped } from './ops/shape/reshape';
import type { NumericArray, Tensor } from './types';

export interface Hoisted {
  /** The graph with an input in place of everything that was taken out. */
  readonly program: Readonly<Record<string, Tensor>>;
  /** What those inputs have to be given, by their names; computed from the fixed inputs alone. */
  readonly prepared: Readonly<Record<string, Tensor>>;
}

/**
 * @param fixed whether a graph input has the same values in every run
 * @param prefix of the new inputs' names
 */
export function hoist(
  program: Readonly<Record<string, Tensor>>,
  fixed: (name: string) => boolean,
  prefix = 'hoisted.',
): Hoisted {
  const nodes = [...reachable(Object.values(program))].sort((a, b) => a.id - b.id);
  // Graphs inside a node have values of their own, which this does not follow.
  if (nodes.some(({ operator }) => operator.rebuild)) return { program, prepared: {} };
  /** Tensors that follow from fixed inputs, and those that have become something else. */
  const known = new Set<Tensor>();
  const replaced = new Map<Tensor, Tensor>();
  const prepared: Record<string, Tensor> = {};
  const now = (tensor: Tensor): Tensor => {
    const before = replaced.get(tensor);
    if (before) return before;
    if (!known.has(tensor) || tensor.node.inputs.length === 0) return tensor;
    const source = unshaped(tensor);
    if (source !== tensor) {
      // The same numbers: taking them out would only copy them.
      const shaped = reshape(now(source), tensor.shape);
      replaced.set(tensor, shaped);
      return shaped;
    }
    const name = `${prefix}${Object.keys(prepared).length}`;
    prepared[name] = tensor;
    const made = input(name, tensor.shape, tensor.dtype);
    replaced.set(tensor, made);
    return made;
  };
  for (const node of nodes) {
    const { operator, inputs, outputs, attributes, scope } = node;
    const given = operator === inputOperator && fixed((attributes as InputAttributes).name);
    const follows =
      inputs.some((each) => known.has(each)) && inputs.every((each) => known.has(each) || isConstant(each));
    if (given || follows) {
      for (const output of outputs) known.add(output);
      continue;
    }
    const next = inputs.map(now);
    if (next.every((each, i) => each === inputs[i])) continue;
    const made = atScope(scope, () => apply(operator, next, attributes));
    outputs.forEach((output, i) => replaced.set(output, made[i]!));
  }
  const outputs = Object.entries(program).map(([name, tensor]) => [name, now(tensor)] as const);
  return { program: Object.fromEntries(outputs), prepared };
}

/**
 * The graph with constants in place of inputs: onnxruntime then lays weights out for its products when the session
 * opens, and is handed fewer tensors with every run. The model's bytes grow by the values.
 */
export function bind(
  program: Readonly<Record<string, Tensor>>,
  values: Readonly<Record<string, NumericArray>>,
): Readonly<Record<string, Tensor>> {
  const nodes = [...reachable(Object.values(program))].sort((a, b) => a.id - b.id);
  if (nodes.some(({ operator }) => operator.rebuild)) return program;
  const replaced = new Map<Tensor, Tensor>();
  const now = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const { operator, inputs, outputs, attributes, scope } of nodes) {
    if (operator === inputOperator) {
      const given = values[(attributes as InputAttributes).name];
      const [own] = outputs as [Tensor];
      if (given) replaced.set(own, constant(given, own.shape, own.dtype));
    } else if (inputs.some((each) => replaced.has(each))) {
      const made = atScope(scope, () => apply(operator, inputs.map(now), attributes));
      outputs.forEach((output, i) => replaced.set(output, made[i]!));
    }
  }
  return Object.fromEntries(Object.entries(program).map(([name, tensor]) => [name, now(tensor)]));
}

const isConstant = ({ node }: Tensor): boolean => node.inputs.length === 0 && node.operator !== inputOperator;
