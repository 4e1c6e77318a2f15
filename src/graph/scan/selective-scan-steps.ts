/** @file One time step of the selective scan and of its gradient, for one token or the same token of all chunks. */
import { add, mul } from '../ops/elementwise/binary';
import { ones } from '../ops/leaves';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { exp } from '../ops/elementwise/unary';
import { reshape } from '../ops/shape/reshape';
import type { Tensor } from '../types';
import { channels, states, type Operands } from './selective-scan-parts';

/** The operands of one step or of all: δ and δ·u as rows, B as a column, C as a row. Fixed maps are left out. */
export interface StepInputs {
  readonly [name: string]: Tensor;
  /** (…, 1, width) */
  readonly dt: Tensor;
  readonly du: Tensor;
}

export function stepInputs({ layout, u, delta, B, C }: Operands): StepInputs {
  return {
    dt: channels(delta, layout),
    du: channels(mul(delta, u), layout),
    ...(!B.fixed && { B: states(B.values, 'column') }),
    ...(!C.fixed && { C: states(C.values, 'row') }),
  };
}

/** Σ over the states, (…, N, width) → (…, 1, width), as a product: onnxruntime reduces a single batch slowly. */
const overStates = (x: Tensor): Tensor => product(ones([1, x.shape[x.shape.length - 2]!]), x, false, false);

/** exp(δ A): the part of the state that is kept. */
export const decay = (x: StepInputs, { A }: Operands): Tensor => exp(mul(x.dt, A));

/** B ⊗ δ·u: what is written to the state. */
export const write = (x: StepInputs, { B }: Operands): Tensor => mul(B.fixed ? B.values : x['B']!, x.du);

/** y (…, 1, width) from a state. */
export const read = (h: Tensor, x: StepInputs, { C }: Operands): Tensor =>
  C.fixed ? overStates(mul(h, C.values)) : product(x['C']!, h, false, false);

/** Further operands of the gradient's step: cotangents of y, and the same tensors turned. */
export function gradientInputs(
  { layout, u, delta, B, C }: Operands,
  dy: Tensor | undefined,
): Record<string, Tensor> {
  return {
    ...(!B.fixed && { duColumn: channels(mul(delta, u), layout, 'column') }),
    ...(dy && { dy: channels(dy, layout) }),
    ...(dy && !C.fixed && { CColumn: states(C.values, 'column'), dyColumn: channels(dy, layout, 'column') }),
  };
}

/** C ⊗ dy: where y's cotangent enters the state's; undefined without a cotangent. */
export const enter = (x: StepInputs, { C }: Operands): Tensor | undefined =>
  x['dy'] && mul(C.fixed ? C.values : x['CColumn']!, x['dy']);

/**
 * Gradients of one step from the state's cotangent `dh` and the kept part of the state. With h = kept + B ⊗ δu, the
 * part of C's gradient that `kept` lacks is added for all steps at once, by `missingC`.
 */
export function stepGradients(
  dh: Tensor,
  kept: Tensor,
  x: StepInputs,
  o: Operands,
): { readonly emits: Record<string, Tensor>; readonly sums: Record<string, Tensor> } {
  const { A, B, C } = o;
  const m = mul(dh, kept);
  const emits: Record<string, Tensor> = {
    written: B.fixed ? overStates(mul(dh, B.values)) : product(x['B']!, dh, true, false),
    decayed: overStates(mul(m, A)),
  };
  const sums: Record<string, Tensor> = { A: mul(m, x.dt) };
  if (B.fixed) sums['B'] = mul(dh, x.du);
  else emits['B'] = product(dh, x['duColumn']!, false, false);
  const { dy, dyColumn } = x;
  if (dy && C.fixed) sums['C'] = mul(add(kept, write(x, o)), dy);
  else if (dyColumn) {
    const h = B.fixed ? add(kept, write(x, o)) : kept;
    emits['C'] = product(h, dyColumn, false, false);
  }
  return { emits, sums };
}

/** B ⟨δu, dy⟩ per token: what `stepGradients` leaves out of the gradient of a C per token, (L, …lead, N). */
export function missingC({ layout, u, delta, B }: Operands, dy: Tensor): Tensor | undefined {
  if (B.fixed) return undefined;
  const { L, lead, width } = layout;
  const both = reshape(mul(mul(delta, u), dy), [L, ...lead, width]);
  return mul(B.values, sum(both, [both.shape.length - 1], true));
}
