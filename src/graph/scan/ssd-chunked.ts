/**
 * @file SSD as products of matrices: within a chunk as masked attention, between chunks by their states, which all
 * heads of a group share one product for (Dao & Gu, 2024, section 6).
 */
import type { Target } from '../compile/emitter';
import { add, mul } from '../ops/elementwise/binary';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { reshape } from '../ops/shape/reshape';
import { transpose } from '../ops/shape/transpose';
import { barrier } from '../transform/checkpoint';
import type { Tensor } from '../types';
import { carry, type Carried } from './ssd-carry';
import {
  byHead,
  chunked,
  decays,
  fromHeads,
  grouped,
  inChunks,
  inTime,
  matrix,
  scores,
  ungrouped,
  within,
  type Chunked,
} from './ssd-chunks';

/** (batch, H, P, N) ↔ (batch, 1, G, N, R, P) */
const toState = (x: Tensor, { batch, G, R, P, N }: Chunked): Tensor =>
  reshape(transpose(reshape(x, [batch, G, R, P, N]), [0, 1, 4, 2, 3]), [batch, 1, G, N, R, P]);
const fromState = (x: Tensor, { batch, G, R, P, N, H }: Chunked): Tensor =>
  reshape(transpose(reshape(x, [batch, G, N, R, P]), [0, 1, 3, 4, 2]), [batch, H, P, N]);

/** States before each chunk and after the last. */
function states(X: Tensor, initial: Tensor | undefined, c: Chunked, target: Target): Carried {
  const added = product(c.B, grouped(mul(X, decays(c).toEnd), c), true, false);
  return carry(initial && toState(initial, c), added, c, false, target);
}

/** What the state that enters a chunk adds to Y: (batch · chunks, Q, H, P). */
const arrived = (entering: Tensor, c: Chunked): Tensor =>
  mul(ungrouped(product(c.C, entering, false, false), c), decays(c).fromStart);

/** Y and the final state; `entering`: the states before each chunk. */
export function chunkedForward(
  inputs: readonly Tensor[],
  chunkSize: number,
  target: Target,
): { outputs: readonly [Y: Tensor, last: Tensor]; entering: Tensor } {
  const c = chunked(inputs, chunkSize);
  const X = inChunks(inputs[0]!, c);
  const { entering, last } = states(X, inputs[4], c, target);
  const near = fromHeads(product(mul(scores(c), within(c)), byHead(X, c), false, false), c);
  const Y = inTime(add(near, arrived(entering, c)), c);
  return { outputs: [Y, fromState(last, c)], entering };
}

/**
 * The decay's gradient at t: the sum over all that passes t, from a token before it, or the state that enters the
 * chunk, to a token from it on, or the state that leaves. It also is a difference of two much simpler sums, over all
 * tokens up to the end of ⟨dY, Y⟩ and ⟨dX, X⟩, but what does not pass t stands in both, and its rounding would drown
 * small entries.
 *
 * @param within what passes between two tokens (row: to, column: from), (batch · chunks, G, R, Q, Q)
 * @param arriving what reaches each token from before the chunk; @param leaving what leaves the chunk from each,
 * (batch · chunks, Q, H); @param through what passes all of it, (batch · chunks, 1, H)
 */
function decayGradient(
  within: Tensor,
  arriving: Tensor,
  leaving: Tensor,
  through: Tensor,
  c: Chunked,
): Tensor {
  const { Q, H } = c;
  const fromBefore = product(
    within,
    matrix(Q, (from, t) => from < t),
    false,
    false,
  );
  const passing = sum(
    mul(
      fromBefore,
      matrix(Q, (to, t) => to >= t),
    ),
    [3],
  );
  const near = transpose(reshape(passing, [within.shape[0]!, H, Q]), [0, 2, 1]);
  const later = product(
    matrix(Q, (t, to) => to >= t),
    arriving,
    false,
    false,
  );
  const earlier = product(
    matrix(Q, (t, from) => from < t),
    leaving,
    false,
    false,
  );
  return inTime(add(add(near, through), add(later, earlier)), c);
}

/**
 * Gradients of X, the decays, B, C and the initial state. Of the forward pass only the states between chunks are
 * kept; the decays, six times as large and a matter of additions and exponentials, are computed again.
 * @param entering of `chunkedForward`
 * @returns beside the gradients `after`, of the states that leave the chunks: (batch · chunks, G, N, R · P)
 */
export function chunkedGradients(
  inputs: readonly Tensor[],
  dY: Tensor,
  dFinal: Tensor | undefined,
  entering: Tensor,
  chunkSize: number,
  target: Target,
): { dX: Tensor; dA: Tensor; dB: Tensor; dC: Tensor; dInitial: Tensor; after: Tensor } {
  const again = inputs.map((x, i) => (i === 1 ? add(x, barrier(dY, x)) : x));
  const c = chunked(again, chunkSize);
  const X = inChunks(inputs[0]!, c);
  const dy = inChunks(dY, c);
  const { fromStart, toEnd, whole } = decays(c);
  const lost = grouped(mul(dy, fromStart), c);
  const { entering: after, last: dInitial } = carry(
    dFinal && toState(dFinal, c),
    product(c.C, lost, true, false),
    c,
    true,
    target,
  );
  const decay = within(c);
  const [xh, dyh] = [byHead(X, c), byHead(dy, c)];
  const near = fromHeads(product(mul(scores(c), decay), dyh, true, false), c);
  const far = mul(ungrouped(product(c.B, after, false, false), c), toEnd);
  const pairs = mul(product(dyh, xh, false, true), decay);
  // (batch · chunks, G, Q, Q), summed over the heads of a group
  const dScores = sum(pairs, [2]);
  const dC = add(product(dScores, c.B, false, false), product(lost, entering, false, true));
  // By head, which the forward pass keeps anyway, so that X itself is free.
  const kept = grouped(fromHeads(mul(xh, byHead(toEnd, { ...c, P: 1 })), c), c);
  const dB = add(product(dScores, c.C, true, false), product(kept, after, false, true));
  const maps = (x: Tensor): Tensor => inTime(transpose(x, [0, 2, 1, 3]), c);
  const perHead = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, c.G, c.N, c.R, c.P]);
  // In two sums: one over both axes runs through all of them in turn, and its rounding is four times as large.
  const unchanged = sum(sum(mul(perHead(entering), perHead(after)), [4]), [2]);
  const leaving = sum(mul(byHead(far, c), xh), [4]);
  const arriving = sum(mul(dy, arrived(entering, c)), [3]);
  return {
    dX: inTime(add(near, far), c),
    dA: decayGradient(
      mul(pairs, scores(c)),
      arriving,
      transpose(reshape(leaving, [leaving.shape[0]!, c.H, c.Q]), [0, 2, 1]),
      mul(whole, reshape(unchanged, whole.shape)),
      c,
    ),
    dB: maps(dB),
    dC: maps(dC),
    dInitial: fromState(dInitial, c),
    after,
  };
}
