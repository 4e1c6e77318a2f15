/**
 * @file The selective scan with all chunks advancing together, unrolled: few large operators instead of many small
 * ones, and none that leaves a GPU. A first pass finds what every chunk adds to a zero state, a short chain carries
 * the states from chunk to chunk, a second pass starts from the true states.
 */
import { add, mul } from '../ops/elementwise/binary';
import { concat, split, stack } from '../ops/shape/concat';
import { zeros } from '../ops/leaves';
import { sum } from '../ops/reduce/reduce';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import { exp } from '../ops/elementwise/unary';
import type { Expansion, Tensor } from '../types';
import { barrier, behind } from '../transform/checkpoint';
import { collect } from './selective-scan-cpu';
import {
  fromState,
  inputGradients,
  keptBytes,
  toState,
  type InputMap,
  type Layout,
  type Operands,
} from './selective-scan-parts';
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
    const parts = split(chunked, 1, new Array<number>(q).fill(1));
    return { name, steps: (i: number) => reshape(parts[i]!, [chunks, ...rest]) };
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
  const each = new Array<number>(chunks).fill(1);
  const [factors, terms] = [split(factor, 0, each), split(term, 0, each)];
  const entering = new Array<Tensor>(chunks);
  let x = reshape(first, [1, ...first.shape]);
  for (const i of order) {
    entering[i] = x;
    x = add(mul(factors[i]!, x), terms[i]!);
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

/** The operands of the steps `from` … `to` - 1. */
function stretchOf(o: Operands, from: number, to: number): Operands {
  const part = (x: Tensor): Tensor => slice(x, 0, from, to);
  const map = (m: InputMap): InputMap => (m.fixed ? m : { fixed: false, values: part(m.values) });
  const layout = { ...o.layout, L: to - from };
  return { ...o, layout, u: part(o.u), delta: part(o.delta), B: map(o.B), C: map(o.C) };
}

/**
 * Time in stretches, one after the other, of whose states there are no more than twice `largest` bytes: [from, to] of
 * each. What else a stretch needs is about three times as large; fewer of them take fewer operators.
 */
function stretches(layout: Layout, largest: number): (readonly [from: number, to: number])[] {
  const { L } = layout;
  const count = Math.min(L, Math.ceil(keptBytes(layout) / (2 * largest)));
  const each = Math.ceil(L / count);
  return Array.from({ length: Math.ceil(L / each) }, (_, i) => [i * each, Math.min(L, (i + 1) * each)]);
}

/**
 * @param allowed bytes that may be kept for the gradient; else it computes the states again, from every chunk's first
 * @param largest bytes of states that may exist at one time
 */
export function expandChunked(o: Operands, allowed: number, largest: number): Expansion {
  const { L, batch, E } = o.layout;
  const all = stretches(o.layout, largest);
  const saved: Record<string, Tensor> = {};
  const y: Tensor[] = [];
  const states: Tensor[] = [];
  let initial = o.initial;
  for (const [index, [from, to]] of all.entries()) {
    const now = stretchOf(o, from, to);
    // What a stretch adds to its first state follows from δ alone and would be computed for all of them before any is read.
    const delta = behind(now.delta, y.slice(-1));
    const part = { ...now, delta, ...(initial && { initial }) };
    const steps = stepsOf(stepInputs(part), chunkLength(to - from));
    const { entering, last } = entries(steps, part);
    const found = within(entering, steps, part);
    const own = steps.map((x, i) => read(found.states[i]!, x, part));
    y.push(inTime(own, to - from));
    states.push(inTime(found.states, to - from));
    if (all.length === 1 && keptBytes(o.layout) <= allowed) {
      found.kept.forEach((tensor, i) => (saved[`kept.${i}`] = tensor));
    } else {
      saved[`entering.${index}`] = entering;
    }
    initial = last;
  }
  return {
    outputs: [
      reshape(concat(y, 0), [L, batch, E]),
      fromState(initial!, o.layout),
      fromState(concat(states, 0), o.layout),
    ],
    saved,
  };
}

type Found = Parameters<typeof collect>[0];

/**
 * The gradient of one stretch.
 * @param after the cotangent of the state that leaves it
 * @param again the states that enter its chunks, where the states are to be computed again
 */
function stretchGradient(
  part: Operands,
  dy: Tensor | undefined,
  after: Tensor,
  again: Tensor | undefined,
  saved: Readonly<Record<string, Tensor>>,
): Found {
  const { L } = part.layout;
  const steps = stepsOf({ ...stepInputs(part), ...gradientInputs(part, dy) }, chunkLength(L));
  const backwards = [...steps.entries()].reverse();
  const entered = steps.map((x) => enter(x, part));
  const plus = (g: Tensor | undefined, own: Tensor | undefined): Tensor | undefined =>
    g && own ? add(g, own) : (g ?? own);

  let local: Tensor | undefined;
  for (const [i, x] of backwards) {
    const dh = plus(local, entered[i]);
    local = dh && mul(decay(x, part), dh);
  }
  const factor = chunkDecay(steps, part);
  const { entering, last } = carry(after, factor, local ?? mul(factor, 0), true);
  const kept = again ? within(again, steps, part).kept : steps.map((_, i) => saved[`kept.${i}`]!);
  let g = entering;
  const emits: Record<string, Tensor[]> = {};
  const sums: Record<string, Tensor> = {};
  for (const [i, x] of backwards) {
    const dh = plus(g, entered[i])!;
    const found = stepGradients(dh, kept[i]!, x, part);
    for (const [name, tensor] of Object.entries(found.emits)) (emits[name] ??= []).unshift(tensor);
    for (const [name, tensor] of Object.entries(found.sums)) {
      sums[name] = sums[name] ? add(sums[name], tensor) : tensor;
    }
    g = mul(decay(x, part), dh);
  }
  const inOrder = Object.entries(emits).map(([name, tensors]) => [name, inTime(tensors, L)] as const);
  const overChunks = Object.entries(sums).map(([name, tensor]) => [name, sum(tensor, [0])] as const);
  return {
    states: { ...Object.fromEntries(overChunks), g: last },
    emits: Object.fromEntries(inOrder),
  };
}

export function expandGradientChunked(
  inputs: readonly Tensor[],
  o: Operands,
  { dy, dLast }: { readonly dy?: Tensor | undefined; readonly dLast?: Tensor | undefined },
  saved: Readonly<Record<string, Tensor>>,
  largest: number,
): Tensor[] {
  const { layout } = o;
  const { L, batch, E } = layout;
  const all = stretches(layout, largest);
  let after = dLast ? toState(dLast, layout) : zeros(layout.state);
  const emits: Record<string, Tensor[]> = {};
  const sums: Record<string, Tensor> = {};
  for (const [index, [from, to]] of [...all.entries()].reverse()) {
    const own = stretchOf(o, from, to);
    const again = saved[`entering.${index}`];
    // The barrier keeps what is computed again, from δ, from being found to be the same as in the forward pass, and kept.
    const since = index === all.length - 1 ? (dy ?? dLast)! : after;
    const part = again ? { ...own, delta: add(own.delta, barrier(since, own.delta)) } : own;
    const found = stretchGradient(part, dy && slice(dy, 0, from, to), after, again, saved);
    const { g, ...fixed } = found.states;
    for (const [name, tensor] of Object.entries(found.emits)) (emits[name] ??= []).unshift(tensor);
    for (const [name, tensor] of Object.entries(fixed)) {
      sums[name] = sums[name] ? add(sums[name], tensor) : tensor;
    }
    const done = [...Object.values(found.emits), ...Object.values(fixed)];
    after = index === 0 ? g! : behind(g!, done);
  }
  const whole = Object.fromEntries(Object.entries(emits).map(([name, parts]) => [name, concat(parts, 0)]));
  // What only parameters need would else wait for the end of the backward pass, and all states of the layer with it.
  const ahead = whole['B'] ? 'B' : 'written';
  whole[ahead] = behind(whole[ahead]!, Object.values(sums));
  return inputGradients(
    inputs,
    o,
    dy,
    collect({ states: { ...sums, g: after }, emits: whole }, o, dy, [L, batch, E]),
  );
}
