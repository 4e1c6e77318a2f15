/** @file What the lowerings of the selective scan share: its operands in the layout of the state. */
import { add, mul } from '../ops/elementwise/binary';
import { expand } from '../ops/shape/expand';
import { rows } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { reshape } from '../ops/shape/reshape';
import { transpose } from '../ops/shape/transpose';
import { size } from '../shape';
import type { Shape, Tensor } from '../types';
import type { ScanAttributes } from './selective-scan';

/**
 * The state is laid out (batch, N, E), or (batch, groups, N, E/groups): channels last, so that every broadcast has
 * them as its contiguous run.
 */
export interface Layout {
  readonly L: number;
  readonly batch: number;
  readonly groups: number;
  readonly N: number;
  readonly E: number;
  /** [batch] or [batch, groups] */
  readonly lead: Shape;
  /** Channels of a group. */
  readonly width: number;
  readonly state: Shape;
}

/** Bytes of the states of all steps. */
export const keptBytes = ({ L, state }: Layout): number => 4 * L * size(state);

/** B or C: per token (L, …lead, N), or fixed for every channel (N, E) or (groups, N, width). */
export interface InputMap {
  readonly fixed: boolean;
  readonly values: Tensor;
}

export interface Operands {
  readonly layout: Layout;
  readonly u: Tensor;
  readonly delta: Tensor;
  /** As a fixed map. */
  readonly A: Tensor;
  readonly B: InputMap;
  readonly C: InputMap;
  readonly D?: Tensor;
  /** The state before the first step, in the state's layout. */
  readonly initial?: Tensor;
}

const groupsOf = (map: Tensor): number => (map.shape.length === 4 ? map.shape[2]! : 1);

export function operands(inputs: readonly Tensor[], { hasD, hasInitial }: ScanAttributes): Operands {
  const [u, delta, A, B, C] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const [L, batch, E] = u.shape as [number, number, number];
  const N = A.shape[1]!;
  const groups = Math.max(groupsOf(B), groupsOf(C));
  const lead = groups > 1 ? [batch, groups] : [batch];
  const width = E / groups;
  const layout = { L, batch, groups, N, E, lead, width, state: [...lead, N, width] };
  const initial = hasInitial ? inputs[hasD ? 6 : 5] : undefined;
  return {
    layout,
    u,
    delta,
    A: perChannel(A, layout),
    B: inputMap(B, layout),
    C: inputMap(C, layout),
    ...(hasD && { D: inputs[5]! }),
    ...(initial && { initial: toState(initial, layout) }),
  };
}

function inputMap(map: Tensor, layout: Layout): InputMap {
  if (map.shape.length === 2) return { fixed: true, values: perChannel(map, layout) };
  const { L, batch, N, lead } = layout;
  const own = reshape(map, lead.length === 1 ? [L, batch, N] : [L, batch, groupsOf(map), N]);
  return { fixed: false, values: expand(own, [L, ...lead, N]) };
}

/** The gradient of a map, given in its layout here, in the layout that it came in. */
export function mapGradient(gradient: Tensor, original: Tensor, layout: Layout): Tensor {
  if (original.shape.length === 2) return fromChannels(gradient, layout);
  const merged = layout.groups > groupsOf(original) ? sum(gradient, [2]) : gradient;
  return reshape(merged, original.shape);
}

/** (E, N) → (N, E) or (groups, N, width). */
export function perChannel(x: Tensor, { groups, width, N }: Layout): Tensor {
  if (groups === 1) return transpose(x, [1, 0]);
  return transpose(reshape(x, [groups, width, N]), [0, 2, 1]);
}

/** The inverse of `perChannel`. */
export function fromChannels(x: Tensor, { groups, E, N }: Layout): Tensor {
  return reshape(transpose(x, groups === 1 ? [1, 0] : [0, 2, 1]), [E, N]);
}

/** (batch, E, N) → the state's layout. */
export function toState(x: Tensor, { batch, groups, width, N, state }: Layout): Tensor {
  return reshape(transpose(reshape(x, [batch, groups, width, N]), [0, 1, 3, 2]), state);
}

/** (…, the state's layout) → (…, batch, E, N). */
export function fromState(x: Tensor, { batch, groups, width, N, E, state }: Layout): Tensor {
  const front = x.shape.slice(0, x.shape.length - state.length);
  const r = front.length;
  const parts = reshape(x, [...front, batch, groups, N, width]);
  const perm = [...front.map((_, i) => i), r, r + 1, r + 3, r + 2];
  return reshape(transpose(parts, perm), [...front, batch, E, N]);
}

/** (…, batch, E) as rows (…, lead, 1, width) or columns (…, lead, width, 1); nothing moves. */
export function channels(x: Tensor, { lead, width }: Layout, form: 'row' | 'column' = 'row'): Tensor {
  return reshape(x, [...x.shape.slice(0, -2), ...lead, ...(form === 'column' ? [width, 1] : [1, width])]);
}

/** (…, N) as rows (…, 1, N) or columns (…, N, 1); nothing moves. */
export function states(x: Tensor, form: 'row' | 'column'): Tensor {
  const N = x.shape[x.shape.length - 1]!;
  return reshape(x, [...x.shape.slice(0, -1), ...(form === 'column' ? [N, 1] : [1, N])]);
}

/** Cotangents of the recurrence, each where it is wanted. */
export interface RecurrenceGradients {
  /** Of δ·u, (L, batch, E). */
  readonly written: Tensor;
  /** Of δ inside the decay, (L, batch, E). */
  readonly decayed: Tensor;
  /** In the layouts of `Operands`. */
  readonly A: Tensor;
  readonly B: Tensor;
  readonly C: Tensor;
  readonly initial: Tensor;
}

/** The gradients of the scan's inputs in their order and shapes. */
export function inputGradients(
  inputs: readonly Tensor[],
  { layout, u, delta, D, initial }: Operands,
  dy: Tensor | undefined,
  found: RecurrenceGradients,
): Tensor[] {
  const { written, decayed } = found;
  const du = mul(written, delta);
  return [
    dy && D ? add(du, mul(dy, D)) : du,
    add(decayed, mul(written, u)),
    fromChannels(found.A, layout),
    mapGradient(found.B, inputs[3]!, layout),
    mapGradient(found.C, inputs[4]!, layout),
    ...(D ? [dy ? sum(rows(mul(dy, u)), [0]) : mul(D, 0)] : []),
    ...(initial ? [fromState(found.initial, layout)] : []),
  ];
}
