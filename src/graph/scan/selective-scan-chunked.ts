/**
 * @file The selective scan with all chunks advancing together, unrolled: few large operators instead of many small
 * ones, and none that leaves a GPU. A first pass finds what every chunk adds to a zero state, a short chain carries
 * the states from chunk to chunk, a second pass starts from the true states.
 */
import { add, mul } from '../ops/elementwise/binary';
import { concat, stack } from '../ops/shape/concat';
import { zeros } from '../ops/leaves';
import { sum } from '../ops/reduce/reduce';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import { exp } from '../ops/elementwise/unary';
import type { Expansion, Tensor } from '../types';
import { barrier } from '../transform/checkpoint';
import { collect } from './selective-scan-cpu';
import { fromState, inputGradients, keptBytes, toState, type Operands } from './selective-scan-parts';
import {
  decay,
  enter,
  gradientInputs,
  read,
  stepGradients,
  stepInputs,
  write,
  type StepInputs,
} from './selective-scan-steps';

/**
 * Steps per chunk that give the fewest operators, with little padding: a step takes about three times as many as a
 * link of the chain between chunks.
 */
export function chunkLength(L: number): number {
  let best = { q: L, cost: Infinity };
  for (let q = 1; q <= Math.min(L, 64); q++) {
    const chunks = Math.ceil(L / q);
    const cost = 3 * q + chunks + (64 * (chunks * q - L)) / L;
    if (cost < best.cost) best = { q, cost };
  }
  return best.q;
}

/** Step `i` of every chunk: (L, …) → (chunks, …) for each i. */
function stepsOf(x: StepInputs, q: number): StepInputs[] {
  const parts = Object.entries(x).map(([name, tensor]) => {
    const [L, ...rest] = tensor.shape as [number, ...number[]];
    const chunks = Math.ceil(L / q);
    const chunked = reshape(pad(tensor, 0, 0, chunks * q - L), [chunks, q, ...rest]);
    return { name, steps: (i: number) => reshape(slice(chunked, 1, i, i + 1), [chunks, ...rest]) };
  });
  return Array.from(
    { length: q },
    (_, i) => Object.fromEntries(parts.map(({ name, steps }) => [name, steps(i)])) as unknown as StepInputs,
  );
}

/** One tensor per step (chunks, …) back in time (L, …). */
function inTime(steps: readonly Tensor[], L: number): Tensor {
  const whole = stack(steps, 1);
  return slice(reshape(whole, [whole.shape[0]! * steps.length, ...whole.shape.slice(2)]), 0, 0, L);
}

/** What a whole chunk keeps of a state: exp(A Σ δ). */
function chunkDecay(steps: readonly StepInputs[], { A }: Operands): Tensor {
  return exp(
    mul(
      steps.map(({ dt }) => dt).reduce((total, dt) => add(total, dt)),
      A,
    ),
  );
}

/** x[i+1] = factor[i] ⊙ x[i] + term[i], or downwards: every x that enters a chunk, stacked, and the last one. */
function carry(
  first: Tensor,
  factor: Tensor,
  term: Tensor,
  downwards: boolean,
): { entering: Tensor; last: Tensor } {
  const chunks = term.shape[0]!;
  const order = Array.from({ length: chunks }, (_, i) => (downwards ? chunks - 1 - i : i));
  const entering = new Array<Tensor>(chunks);
  let x = reshape(first, [1, ...first.shape]);
  for (const i of order) {
    entering[i] = x;
    x = add(mul(slice(factor, 0, i, i + 1), x), slice(term, 0, i, i + 1));
  }
  return { entering: concat(entering, 0), last: reshape(x, first.shape) };
}

/** The states that enter each chunk and the last state of all. */
function entries(steps: readonly StepInputs[], o: Operands): { entering: Tensor; last: Tensor } {
  let h: Tensor | undefined;
  for (const x of steps) h = h ? add(mul(decay(x, o), h), write(x, o)) : write(x, o);
  return carry(o.initial ?? zeros(o.layout.state), chunkDecay(steps, o), h!, false);
}

/** Every step of every chunk, from the states that enter the chunks: what is kept of the state, and the next one. */
function within(
  entering: Tensor,
  steps: readonly StepInputs[],
  o: Operands,
): { readonly kept: readonly Tensor[]; readonly states: readonly Tensor[] } {
  const kept: Tensor[] = [];
  const states: Tensor[] = [];
  for (const x of steps) {
    kept.push(mul(decay(x, o), states.at(-1) ?? entering));
    states.push(add(kept.at(-1)!, write(x, o)));
  }
  return { kept, states };
}

/** @param allowed bytes that may be kept for the gradient; else it computes the states again, from every chunk's first */
export function expandChunked(o: Operands, allowed: number): Expansion {
  const { layout } = o;
  const { L, batch, E } = layout;
  const steps = stepsOf(stepInputs(o), chunkLength(L));
  const { entering, last } = entries(steps, o);
  const { kept, states } = within(entering, steps, o);
  const y = steps.map((x, i) => read(states[i]!, x, o));
  const whole = Object.fromEntries(kept.map((tensor, i) => [`kept.${i}`, tensor]));
  return {
    outputs: [
      reshape(inTime(y, L), [L, batch, E]),
      fromState(last, layout),
      fromState(inTime(states, L), layout),
    ],
    saved: keptBytes(layout) <= allowed ? whole : { entering },
  };
}

export function expandGradientChunked(
  inputs: readonly Tensor[],
  o: Operands,
  { dy, dLast }: { readonly dy?: Tensor | undefined; readonly dLast?: Tensor | undefined },
  saved: Readonly<Record<string, Tensor>>,
): Tensor[] {
  const { layout } = o;
  const { L, batch, E } = layout;
  const steps = stepsOf({ ...stepInputs(o), ...gradientInputs(o, dy) }, chunkLength(L));
  const backwards = [...steps.entries()].reverse();
  const entered = steps.map((x) => enter(x, o));
  const plus = (g: Tensor | undefined, own: Tensor | undefined): Tensor | undefined =>
    g && own ? add(g, own) : (g ?? own);

  let local: Tensor | undefined;
  for (const [i, x] of backwards) {
    const dh = plus(local, entered[i]);
    local = dh && mul(decay(x, o), dh);
  }
  const factor = chunkDecay(steps, o);
  const after = dLast ? toState(dLast, layout) : zeros(layout.state);
  const { entering, last } = carry(after, factor, local ?? mul(factor, 0), true);

  // The barrier keeps what is computed again from being found to be the same as in the forward pass, and kept.
  const again = saved['entering'];
  const kept = again
    ? within(add(again, barrier((dy ?? dLast)!, again)), steps, o).kept
    : steps.map((_, i) => saved[`kept.${i}`]!);
  let g = entering;
  const emits: Record<string, Tensor[]> = {};
  const sums: Record<string, Tensor> = {};
  for (const [i, x] of backwards) {
    const dh = plus(g, entered[i])!;
    const found = stepGradients(dh, kept[i]!, x, o);
    for (const [name, tensor] of Object.entries(found.emits)) (emits[name] ??= []).unshift(tensor);
    for (const [name, tensor] of Object.entries(found.sums)) {
      sums[name] = sums[name] ? add(sums[name], tensor) : tensor;
    }
    g = mul(decay(x, o), dh);
  }
  const whole = Object.entries(emits).map(([name, tensors]) => [name, inTime(tensors, L)] as const);
  const overChunks = Object.entries(sums).map(([name, tensor]) => [name, sum(tensor, [0])] as const);
  const found = { states: { ...Object.fromEntries(overChunks), g: last }, emits: Object.fromEntries(whole) };
  return inputGradients(inputs, o, dy, collect(found, o, dy, [L, batch, E]));
}
