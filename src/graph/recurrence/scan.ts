/** @file A differentiable loop over time with any body. */
import { isFloat } from '../dtype';
import { check, ShapeError } from '../errors';
import { gradients, type Seed } from '../gradients';
import { apply, reachable } from '../node';
import { add } from '../ops/elementwise/binary';
import { stopGradient } from '../ops/elementwise/select';
import { zeros } from '../ops/leaves';
import { stack } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { defineOperator } from '../registry';
import { capturesOf, local, scanLoopOperator, type ScanLoopAttributes } from '../scan/scan';
import type { Operator, Tensor } from '../types';

/** A GPU takes up to so many steps one after the other; longer loops are the CPU's. */
const UNROLLED_STEPS = 256;

/** The results with other tensors in the place of some; what does not depend on those is shared. */
function substituted(results: readonly Tensor[], places: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const found = new Map(places);
  for (const node of reachable(results)) {
    if (!node.inputs.some((input) => found.has(input))) continue;
    if (node.operator.rebuild) throw new ShapeError('scan', 'a body cannot contain another loop');
    const inputs = node.inputs.map((input) => found.get(input) ?? input);
    const outputs = apply(node.operator, inputs, node.attributes);
    for (const [i, output] of node.outputs.entries()) if (!found.has(output)) found.set(output, outputs[i]!);
  }
  return results.map((tensor) => found.get(tensor) ?? tensor);
}

/** Of integers, too, which have none: it keeps the places of the lists. */
const zeroCotangent = ({ shape, dtype }: Tensor): Tensor => zeros(shape, isFloat(dtype) ? dtype : 'float32');

/**
 * Inputs: initial states, sequences, what the body uses from around it. Outputs: last states, what is emitted, and,
 * for the gradient, the states that entered each step; nobody computes those unless they are used.
 */
const scanOperator: Operator<ScanLoopAttributes> = defineOperator<ScanLoopAttributes>({
  name: 'scan',
  infer: scanLoopOperator.infer,
  evaluate: scanLoopOperator.evaluate,
  key: () => undefined,
  gradient(node, cotangents) {
    const { states, sequences, results, locals, length, reverse } = node.attributes;
    const emitted = results.length - 2 * states;
    const entering = node.outputs.slice(states + emitted);
    const around = node.inputs.slice(states + sequences);
    const given = <T>(list: readonly T[], from: number, count: number): T[] => [
      ...list.slice(from, from + count),
    ];
    const orZeros = (i: number): Tensor => cotangents[i] ?? zeroCotangent(node.outputs[i]!);
    const wrong = [...entering.keys()].some((i) => cotangents[states + emitted + i]);
    check(!wrong, 'scan', 'the states that enter steps are not differentiable');
    // What is emitted backwards, by the number of the input that it belongs to.
    const shared = around.map((tensor) => stopGradient(tensor));
    const back = loop({
      states: [...Array.from({ length: states }, (_, i) => orZeros(i)), ...around.map(zeroCotangent)],
      sequences: [
        ...entering,
        ...given(node.inputs, states, sequences),
        ...Array.from({ length: emitted }, (_, i) => orZeros(states + i)),
      ],
      length,
      reverse: !reverse,
      body(carried, slices) {
        const inside = slices.slice(0, states + sequences);
        const places = new Map<Tensor, Tensor>();
        locals.forEach((tensor, i) => places.set(tensor, inside[i]!));
        around.forEach((tensor, i) => places.set(tensor, shared[i]!));
        const made = substituted(results.slice(0, states + emitted), places);
        const incoming = [...carried.slice(0, states), ...slices.slice(states + sequences)];
        const seeds = made.flatMap((output, i): Seed[] =>
          isFloat(output.dtype) ? [{ output, cotangent: incoming[i]! }] : [],
        );
        const found = gradients(seeds, [...inside, ...shared]);
        const totals = carried.slice(states).map((total, i) => add(total, found[states + sequences + i]!));
        return {
          states: [...given(found, 0, states), ...totals],
          emits: given(found, states, sequences),
        };
      },
    });
    const wanted = [...given(back.states, 0, states), ...back.emits, ...back.states.slice(states)];
    return node.inputs.map(({ dtype }, i) => (isFloat(dtype) ? wanted[i] : undefined));
  },
  expand(inputs, attributes, { target }) {
    if (target !== 'webgpu' || attributes.length > UNROLLED_STEPS) {
      return { outputs: apply(scanLoopOperator, inputs, attributes) };
    }
    return { outputs: unrolled(inputs, attributes) };
  },
});

function unrolled(inputs: readonly Tensor[], attributes: ScanLoopAttributes): Tensor[] {
  const { states, sequences, results, locals, length, reverse } = attributes;
  const around = new Map<Tensor, Tensor>();
  for (const [i, tensor] of capturesOf(attributes).entries())
    around.set(tensor, inputs[states + sequences + i]!);
  let carried = inputs.slice(0, states);
  const emits = results.slice(states).map(() => new Array<Tensor>(length));
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step;
    const places = new Map(around);
    carried.forEach((state, i) => places.set(locals[i]!, state));
    for (let i = states; i < states + sequences; i++) {
      places.set(locals[i]!, reshape(slice(inputs[i]!, 0, t, t + 1), inputs[i]!.shape.slice(1)));
    }
    const made = substituted(results, places);
    carried = made.slice(0, states);
    made.slice(states).forEach((tensor, i) => (emits[i]![t] = tensor));
  }
  return [...carried, ...emits.map((list) => stack(list, 0))];
}

interface LoopOptions {
  readonly states: readonly Tensor[];
  readonly sequences: readonly Tensor[];
  readonly length: number;
  readonly reverse: boolean;
  readonly body: (
    states: readonly Tensor[],
    slices: readonly Tensor[],
  ) => { readonly states: readonly Tensor[]; readonly emits: readonly Tensor[] };
}

function loop({ states, sequences, length, reverse, body }: LoopOptions): {
  states: Tensor[];
  emits: Tensor[];
} {
  const carried = states.map(local);
  const slices = sequences.map(({ dtype, shape }) => local({ dtype, shape: shape.slice(1) }));
  const made = body(carried, slices);
  for (const [i, next] of made.states.entries()) {
    const alike = next.dtype === carried[i]!.dtype && next.shape.join() === carried[i]!.shape.join();
    check(alike, 'scan', `state ${i} changes its type from step to step`, [carried[i]!, next]);
  }
  const attributes: ScanLoopAttributes = {
    locals: [...carried, ...slices],
    results: [...made.states, ...made.emits, ...carried],
    states: states.length,
    sequences: sequences.length,
    length,
    reverse,
  };
  const outputs = apply(scanOperator, [...states, ...sequences, ...capturesOf(attributes)], attributes);
  return {
    states: outputs.slice(0, states.length),
    emits: outputs.slice(states.length, states.length + made.emits.length),
  };
}

/**
 * Runs `body` once per place of the sequences' first axis, carrying states from step to step; differentiable in
 * everything that goes in, tensors that the body uses from around it included.
 * @param options.states what is carried, at the start
 * @param options.sequences at least one tensor, time first
 * @param options.reverse from the last place to the first
 * @param options.body from the states and one slice of every sequence to the next states, of the same types, and
 * what the step emits; no other loop inside
 * @returns the states after the last step, and what was emitted, stacked along a first axis
 */
export function scan(options: Omit<LoopOptions, 'length' | 'reverse'> & { readonly reverse?: boolean }): {
  states: Tensor[];
  emits: Tensor[];
} {
  const { sequences, reverse = false } = options;
  const length = sequences[0]?.shape[0];
  const alike = length !== undefined && length > 0 && sequences.every(({ shape }) => shape[0] === length);
  check(alike, 'scan', 'needs sequences of one length', sequences);
  return loop({ ...options, length, reverse });
}
