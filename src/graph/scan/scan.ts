/** @file The ONNX Scan: a body applied to every slice of axis 0, states carried along. A building block of lowerings. */
import type { Emitter } from '../compile/emitter';
import { apply, apply1, reachable } from '../node';
import { defineOperator } from '../registry';
import { size } from '../shape';
import type { Node, Operator, Tensor, TensorType, Value } from '../types';

/** A leaf of a body: a state or a slice. */
const localOperator = defineOperator<TensorType>({
  name: 'local',
  infer: (_, type) => [type],
  evaluate() {
    throw new Error('A local of a scan body has no value outside of the scan.');
  },
  key: () => undefined,
});

export const local = ({ dtype, shape }: TensorType): Tensor => apply1(localOperator, [], { dtype, shape });

export interface ScanBody {
  /** Locals: states, then slices. */
  readonly locals: readonly Tensor[];
  /** Next states, then what each step emits. */
  readonly results: readonly Tensor[];
}

export interface ScanLoopAttributes extends ScanBody {
  readonly states: number;
  readonly length: number;
  readonly sequences: number;
  readonly reverse: boolean;
}

/** Nodes of a body that depend on its locals, in order, and the values from around it that they use. */
function inside({ locals, results }: ScanBody): { nodes: Node[]; captures: Tensor[] } {
  const dependent = new Set<Tensor>(locals);
  const nodes = reachable(results).filter((node) => {
    const depends = node.inputs.some((input) => dependent.has(input));
    if (depends) for (const output of node.outputs) dependent.add(output);
    return depends;
  });
  const used = [...nodes.flatMap(({ inputs }) => inputs), ...results];
  return { nodes, captures: [...new Set(used.filter((tensor) => !dependent.has(tensor)))] };
}

/** What a body uses from around it. */
export const capturesOf = (body: ScanBody): Tensor[] => inside(body).captures;

export const scanLoopOperator: Operator<ScanLoopAttributes> = defineOperator<ScanLoopAttributes>({
  name: 'scanLoop',
  infer: (_, { results, states, length }) =>
    results.map(({ dtype, shape }, i) => ({ dtype, shape: i < states ? shape : [length, ...shape] })),
  evaluate: evaluateLoop,
  key: () => undefined,
  rebuild({ attributes }, inputs, lower) {
    const { locals, results, states, sequences } = attributes;
    lower(locals);
    const body = { ...attributes, results: lower(results) };
    return apply(scanLoopOperator, [...inputs.slice(0, states + sequences), ...inside(body).captures], body);
  },
  lower: lowerLoop,
});

function evaluateLoop(
  inputs: readonly Value[],
  attributes: ScanLoopAttributes,
  types: readonly TensorType[],
): Value[] {
  const { locals, results, states, sequences, length, reverse } = attributes;
  const { nodes, captures } = inside(attributes);
  const values = new Map<Tensor, Value>();
  captures.forEach((tensor, i) => values.set(tensor, inputs[states + sequences + i]!));
  const outputs = types.map(({ shape }) => ({ shape, data: new Float64Array(size(shape)) }));
  let carried = inputs.slice(0, states);
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step;
    carried.forEach((value, i) => values.set(locals[i]!, value));
    for (let i = 0; i < sequences; i++) {
      const { shape, data } = inputs[states + i]!;
      const run = data.length / length;
      values.set(locals[states + i]!, { shape: shape.slice(1), data: data.subarray(t * run, (t + 1) * run) });
    }
    for (const node of nodes) {
      const found = node.operator.evaluate(
        node.inputs.map((input) => values.get(input)!),
        node.attributes,
        node.outputs,
      );
      for (const [i, output] of node.outputs.entries()) values.set(output, found[i]!);
    }
    const found = results.map((tensor) => values.get(tensor)!);
    carried = found.slice(0, states);
    found.slice(states).forEach(({ data }, i) => outputs[states + i]!.data.set(data, t * data.length));
  }
  carried.forEach((value, i) => outputs[i]!.data.set(value.data));
  return outputs;
}

/** States and emitted values that something needs, found from what is used outside. */
function needed({ attributes }: Node<ScanLoopAttributes>, emit: Emitter): number[] {
  const { locals, results, states } = attributes;
  const alive = new Set(results.map((_, i) => i).filter((i) => emit.used(i)));
  for (let before = -1; before < alive.size;) {
    before = alive.size;
    const leaves = new Set(reachable([...alive].map((i) => results[i]!)).flatMap(({ outputs }) => outputs));
    for (let i = 0; i < states; i++) if (leaves.has(locals[i]!)) alive.add(i);
  }
  return [...alive].sort((a, b) => a - b);
}

function lowerLoop(emit: Emitter, inputs: readonly string[], node: Node<ScanLoopAttributes>): string[] {
  const { locals, results, states, sequences, reverse } = node.attributes;
  const alive = needed(node, emit);
  const kept = alive.map((i) => results[i]!);
  const leaves = new Set(reachable(kept).flatMap(({ outputs }) => outputs));
  const carried = alive.filter((i) => i < states);
  const scanned = Array.from({ length: sequences }, (_, i) => states + i).filter((i) =>
    leaves.has(locals[i]!),
  );
  const taken = [...carried, ...scanned];
  const direction = Number(reverse);
  const outputs = emit.nodes(
    'Scan',
    taken.map((i) => inputs[i]!),
    {
      attributes: {
        body: {
          body: {
            inputs: taken.map((i) => locals[i]!),
            outputs: kept,
            nodes: inside({ locals, results: kept }).nodes,
          },
        },
        num_scan_inputs: scanned.length,
        scan_input_directions: scanned.map(() => direction),
        scan_output_directions: kept.slice(carried.length).map(() => direction),
      },
      outputs: kept.length,
    },
  );
  return results.map((_, i) => outputs[alive.indexOf(i)] ?? '');
}

type Named = Readonly<Record<string, Tensor>>;

const pick = (names: readonly string[], from: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name, i) => [name, from[i]!]));

/**
 * Runs `body` once per index of axis 0 of the sequences, from the last when `reverse`. What nothing uses is not
 * computed.
 * @param options.states initial values of what is carried from step to step
 * @param options.body from states and slices to the next states and what is emitted; may use any tensor around it
 * @returns the states after the last step, and what was emitted, stacked on axis 0 in the order of the sequences
 */
export function scanLoop<S extends Named, X extends Named, Y extends Named>(options: {
  readonly states: S;
  readonly sequences: X;
  readonly reverse?: boolean;
  readonly body: (
    states: S,
    slices: X,
  ) => { readonly states: { readonly [K in keyof S]: Tensor }; readonly emits: Y };
}): { states: { readonly [K in keyof S]: Tensor }; emits: { readonly [K in keyof Y]: Tensor } } {
  const { states, sequences, reverse = false } = options;
  const [stateNames, sequenceNames] = [Object.keys(states), Object.keys(sequences)];
  const [initial, scanned] = [Object.values(states), Object.values(sequences)];
  const carried = initial.map(local);
  const slices = scanned.map(({ dtype, shape }) => local({ dtype, shape: shape.slice(1) }));
  const made = options.body(pick(stateNames, carried) as S, pick(sequenceNames, slices) as X);
  const emitNames = Object.keys(made.emits);
  const attributes: ScanLoopAttributes = {
    locals: [...carried, ...slices],
    results: [...stateNames.map((name) => made.states[name]!), ...Object.values<Tensor>(made.emits)],
    states: initial.length,
    sequences: scanned.length,
    length: scanned[0]!.shape[0]!,
    reverse,
  };
  const inputs = [...initial, ...scanned, ...inside(attributes).captures];
  const outputs = apply(scanLoopOperator, inputs, attributes);
  return {
    states: pick(stateNames, outputs) as never,
    emits: pick(emitNames, outputs.slice(initial.length)) as never,
  };
}
