/**
 * @file A quasiseparable matrix times a sequence: an SSD in each direction, moved on by a step so that neither holds
 * the token itself, and a weight of its own for that (Hwang et al., 2024, section 3).
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { ForwardContext } from '../define';
import { withoutPadding } from '../parts/padding';

/** What one direction selects: Δ (batch, time, heads), B and C (batch, time, groups, state). */
export interface Direction {
  readonly delta: Tensor;
  readonly B: Tensor;
  readonly C: Tensor;
}

export interface TwoScans {
  /** (batch, time, heads, headdim) */
  readonly x: Tensor;
  /** Decay rates (heads), negative, shared by both directions. */
  readonly A: Tensor;
  /** From the first token to the last. */
  readonly ahead: Direction;
  /** From the last token to the first; its tensors are in the order of time. */
  readonly back: Direction;
}

const flipped = (t: Tensor): Tensor => g.flip(t, 1);

/** `x` one step later along time, zero before the first. */
const later = (x: Tensor): Tensor => g.slice(g.pad(x, 1, 1, 0), 1, 0, x.shape[1]!);

interface Options {
  /** (heads, headdim, state), starts both directions. */
  readonly initial?: Tensor | undefined;
  readonly chunkSize: number;
}

/**
 * The matrix times x.
 * @param weight of the token itself (batch, time, heads)
 * @returns (batch, time, heads, headdim)
 */
export const quasiseparable = (scans: TwoScans, weight: Tensor, options: Options): Tensor =>
  g.add(shiftedScans(scans, options), g.mul(scans.x, g.unsqueeze(weight, 3)));

/**
 * The scans with padding that writes, forgets and reads nothing: the one back begins there, and steps of size zero
 * keep its state as it is.
 */
export function acrossPadding({ x, A, ahead, back }: TwoScans, ctx: Pick<ForwardContext, 'real'>): TwoScans {
  const direction = ({ delta, B, C }: Direction): Direction => ({
    delta: withoutPadding(delta, ctx),
    B,
    C: withoutPadding(C, ctx),
  });
  return { x, A, ahead: direction(ahead), back: direction(back) };
}

/** The matrix itself (batch, heads, query, key), without initial states; for views, its cost is quadratic. */
export const quasiseparableMatrix = (scans: TwoScans, weight: Tensor): Tensor =>
  g.add(
    shiftedMatrices(scans),
    onDiagonal(g.unsqueeze(g.transpose(weight, [0, 2, 1]), 3), scans.x.shape[1]!),
  );

/** Zero off the diagonal: values that broadcast to (…, length, length). */
export function onDiagonal(values: Tensor, length: number): Tensor {
  const positions = g.iota(length);
  const same = g.equal(g.unsqueeze(positions, 0), g.unsqueeze(positions, 1));
  return g.where(same, values, g.scalar(0));
}

/** What lies off the diagonal times x: (batch, time, heads, headdim). */
function shiftedScans({ x, A, ahead, back }: TwoScans, options: Options): Tensor {
  const batch = x.shape[0]!;
  const delta = g.concat([ahead.delta, flipped(back.delta)], 0);
  const both = g.concat([x, flipped(x)], 0);
  const { initial } = options;
  const { Y } = g.ssd({
    X: g.mul(both, g.unsqueeze(delta, 3)),
    A: g.mul(delta, A),
    B: g.concat([ahead.B, flipped(back.B)], 0),
    C: g.concat([ahead.C, flipped(back.C)], 0),
    ...(initial ? { initialState: g.expand(g.unsqueeze(initial, 0), [2 * batch, ...initial.shape]) } : {}),
    // Differences of cumulative sums lose bits in long chunks; the result does not depend on the size.
    chunkSize: Math.min(options.chunkSize, 64),
  });
  const [forth, home] = g.split(later(Y), 0, [batch, batch]) as [Tensor, Tensor];
  return g.add(forth, flipped(home));
}

/** The same as matrices (batch, heads, query, key), without initial states. */
function shiftedMatrices({ x, A, ahead, back }: TwoScans): Tensor {
  const heads = x.shape[2]!;
  const lower = triangle({ ...ahead, A, heads });
  const upper = triangle({ delta: flipped(back.delta), B: flipped(back.B), C: flipped(back.C), A, heads });
  return g.add(lower, g.flip(g.flip(upper, 2), 3));
}

/** C[i-1] · B[j] Δ[j] exp(A Σ Δ[j+1 … i-1]) below the diagonal: (batch, heads, query, key). */
function triangle({ delta, B, C, A, heads }: Direction & { A: Tensor; heads: number }): Tensor {
  const [batch, length, groups, state] = B.shape as [number, number, number, number];
  const perHead = (map: Tensor): Tensor => {
    const wide = g.expand(g.unsqueeze(map, 3), [batch, length, groups, heads / groups, state]);
    return g.transpose(g.reshape(wide, [batch, length, heads, state]), [0, 2, 1, 3]);
  };
  const sums = g.transpose(g.cumsum(g.mul(delta, A), 1), [0, 2, 1]);
  const decay = g.sub(g.unsqueeze(sums, 3), g.unsqueeze(sums, 2));
  const positions = g.iota(length);
  const after = g.greater(g.unsqueeze(positions, 0), g.unsqueeze(positions, 1));
  const scores = g.matmul(perHead(C), g.transpose(perHead(B), [0, 1, 3, 2]));
  const kept = g.exp(g.where(after, g.scalar(g.HIDDEN), decay));
  const written = g.unsqueeze(g.transpose(delta, [0, 2, 1]), 2);
  const inclusive = g.mul(g.mul(scores, kept), written);
  return g.slice(g.pad(inclusive, 2, 1, 0), 2, 0, length);
}
