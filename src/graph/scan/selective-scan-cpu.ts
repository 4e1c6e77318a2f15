/**
 * @file The selective scan as ONNX `Scan` over time: exact, compact, and the fastest form on few cores. States that
 * would take much memory are not kept: the gradient recomputes them chunk by chunk.
 */
import { add, mul } from '../ops/elementwise/binary';
import { zeros } from '../ops/leaves';
import { sum } from '../ops/reduce/reduce';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import type { Expansion, Tensor } from '../types';
import { scanLoop } from './scan';
import {
  fromState,
  inputGradients,
  keptBytes,
  toState,
  type Operands,
  type RecurrenceGradients,
} from './selective-scan-parts';
import {
  decay,
  enter,
  gradientInputs,
  missingC,
  read,
  stepGradients,
  stepInputs,
  write,
  type StepInputs,
} from './selective-scan-steps';

/** Steps between kept states where the states between are recomputed. */
const CHUNK = 16;

/** Steps per chunk: about `CHUNK`, if possible a divisor of the length. */
function stepsPerChunk(L: number): number {
  const near = Array.from({ length: CHUNK }, (_, i) => CHUNK + (i % 2 ? -1 : 1) * Math.ceil(i / 2));
  return near.find((q) => q >= CHUNK / 2 && L % q === 0) ?? CHUNK;
}

/** (L, …) as (chunks, q, …), zeros behind the end: a step with δ = 0 leaves the state as it is. */
function inChunks<X extends Record<string, Tensor>>(x: X, q: number): X {
  return Object.fromEntries(
    Object.entries(x).map(([name, tensor]) => {
      const [L, ...rest] = tensor.shape as [number, ...number[]];
      const padded = pad(tensor, 0, 0, Math.ceil(L / q) * q - L);
      return [name, reshape(padded, [-1, q, ...rest])];
    }),
  ) as X;
}

/** (chunks, q, …) as (L, …). */
const inTime = (x: Tensor, L: number): Tensor =>
  slice(reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]), 0, 0, L);

/** All steps from a state: y, the kept parts and fractions, the states themselves. */
const forward = (initial: Tensor, x: StepInputs, o: Operands) =>
  scanLoop({
    states: { h: initial },
    sequences: x,
    body({ h }, slices) {
      const fraction = decay(slices, o);
      const kept = mul(fraction, h);
      const next = add(kept, write(slices, o));
      return { states: { h: next }, emits: { y: read(next, slices, o), kept, fraction, h: next } };
    },
  });

/** @param allowed bytes that may be kept for the gradient */
export function expandOnCpu(o: Operands, allowed: number): Expansion {
  const { layout } = o;
  const { L, batch, E } = layout;
  const initial = o.initial ?? zeros(layout.state);
  const x = stepInputs(o);
  const outputs = (y: Tensor, last: Tensor, states: Tensor): Tensor[] => [
    reshape(y, [L, batch, E]),
    fromState(last, layout),
    fromState(states, layout),
  ];
  if (keptBytes(layout) <= allowed || L <= CHUNK) {
    const { states, emits } = forward(initial, x, o);
    const { kept, fraction } = emits;
    return {
      outputs: outputs(emits.y, states.h, emits.h),
      saved: 2 * keptBytes(layout) <= allowed ? { kept, fraction } : { kept },
    };
  }
  const { states, emits } = scanLoop({
    states: { h: initial },
    sequences: inChunks(x, stepsPerChunk(L)),
    body({ h }, slices) {
      const inner = forward(h, slices, o);
      return { states: { h: inner.states.h }, emits: { entering: h, y: inner.emits.y, h: inner.emits.h } };
    },
  });
  return {
    outputs: outputs(inTime(emits.y, L), states.h, inTime(emits.h, L)),
    saved: { entering: emits.entering },
  };
}

/** All steps backwards: what every step gives, and sums over the steps. */
function backward(
  states: Record<string, Tensor>,
  x: StepInputs & { readonly kept: Tensor },
  o: Operands,
): { states: Record<string, Tensor>; emits: Record<string, Tensor> } {
  return scanLoop<Record<string, Tensor>, typeof x, Record<string, Tensor>>({
    states,
    sequences: x,
    reverse: true,
    body(carried, slices) {
      const own = enter(slices, o);
      const dh = own ? add(carried['g']!, own) : carried['g']!;
      const { emits, sums } = stepGradients(dh, slices.kept, slices, o);
      const next = Object.entries(sums).map(([name, term]) => [name, add(carried[name]!, term)] as const);
      const fraction = slices['fraction'] ?? decay(slices, o);
      return { states: { g: mul(fraction, dh), ...Object.fromEntries(next) }, emits };
    },
  });
}

export function expandGradientOnCpu(
  inputs: readonly Tensor[],
  o: Operands,
  cotangents: { readonly dy?: Tensor | undefined; readonly dLast?: Tensor | undefined },
  saved: Readonly<Record<string, Tensor>>,
): Tensor[] {
  const { layout, B, C } = o;
  const { L, batch, E } = layout;
  const { dy, dLast } = cotangents;
  const x: StepInputs = { ...stepInputs(o), ...gradientInputs(o, dy) };
  const none = zeros(layout.state);
  const states: Record<string, Tensor> = {
    g: dLast ? toState(dLast, layout) : none,
    A: none,
    ...(B.fixed && { B: none }),
    ...(C.fixed && dy && { C: none }),
  };
  const { kept, fraction, entering } = saved;
  let found: { states: Record<string, Tensor>; emits: Record<string, Tensor> };
  if (kept) {
    found = backward(states, { ...x, kept, ...(fraction && { fraction }) }, o);
  } else {
    const q = stepsPerChunk(L);
    const outer = scanLoop<Record<string, Tensor>, Record<string, Tensor>, Record<string, Tensor>>({
      states,
      sequences: { ...inChunks({ ...x }, q), entering: entering! },
      reverse: true,
      body(carried, slices) {
        const { entering: first, ...own } = slices as StepInputs & { entering: Tensor };
        const { kept: again, fraction: fractions } = forward(first, own, o).emits;
        return backward(carried, { ...own, kept: again, fraction: fractions }, o);
      },
    });
    const emits = Object.entries(outer.emits).map(([name, tensor]) => [name, inTime(tensor, L)] as const);
    found = { states: outer.states, emits: Object.fromEntries(emits) };
  }
  return inputGradients(inputs, o, dy, collect(found, o, dy, [L, batch, E]));
}

/** From the loop's results to gradients in the layouts of the operands. */
export function collect(
  {
    states,
    emits,
  }: { readonly states: Readonly<Record<string, Tensor>>; readonly emits: Readonly<Record<string, Tensor>> },
  o: Operands,
  dy: Tensor | undefined,
  perToken: readonly number[],
): RecurrenceGradients {
  const { L, lead, N } = o.layout;
  const overBatch = (x: Tensor): Tensor => sum(x, [0]);
  const map = (x: Tensor | undefined): Tensor => (x ? reshape(x, [L, ...lead, N]) : zeros([L, ...lead, N]));
  const dC = (): Tensor => {
    if (o.C.fixed) return states['C'] ? overBatch(states['C']) : zeros(o.C.values.shape);
    const missing = dy && missingC(o, dy);
    return missing ? add(map(emits['C']), missing) : map(emits['C']);
  };
  return {
    written: reshape(emits['written']!, perToken),
    decayed: reshape(emits['decayed']!, perToken),
    A: overBatch(states['A']!),
    B: o.B.fixed ? overBatch(states['B']!) : map(emits['B']),
    C: dC(),
    initial: states['g']!,
  };
}
