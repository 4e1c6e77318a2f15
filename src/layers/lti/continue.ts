/**
 * @file A time-invariant model over several tokens, from the state behind those before them to the state behind the
 * last: what a prompt leaves behind without being read token by token. Within chunks the kernel is a Toeplitz
 * product, between them go the states. Tables of the model follow from its parameters alone, which a decoder
 * computes once.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/** x ← A x + B u, y = C x with n real states, in the forms that a chunk of Q tokens needs. */
export interface StateSpace {
  /** C Aʲ B for j < Q: (kernels, H, Q). */
  kernel(Q: number): Tensor;
  /** Aʲ B for j < Q, what a token has written j tokens later: (H, n, Q). */
  written(Q: number): Tensor;
  /** C Aʲ⁺¹ for j < Q, how a state shows in the outputs that follow: (kernels, H, n, Q). */
  shown(Q: number): Tensor;
  /** A^count x without any input: (H, rows, n) → the same. */
  after(x: Tensor, count: number): Tensor;
}

/** Tokens per chunk, as in the training graph. */
const CHUNK = 64;

/**
 * @param u (H, rows, time)
 * @param before the state in front of the first token, (H, rows, n)
 * @returns y (kernels · H, rows, time) and the state behind the last token
 */
export function continueFrom(u: Tensor, before: Tensor, model: StateSpace): { y: Tensor; state: Tensor } {
  const [H, rows, length] = u.shape as [number, number, number];
  const chunks = Math.ceil(length / CHUNK);
  const Q = Math.ceil(length / chunks);
  const into = g.transpose(g.flip(model.written(Q), 2), [0, 2, 1]);
  const entering: Tensor[] = [];
  let x = before;
  for (let from = 0; from < length; from += Q) {
    const count = Math.min(Q, length - from);
    entering.push(x);
    const added = g.matmul(g.slice(u, 2, from, from + count), g.slice(into, 1, Q - count, Q));
    x = g.add(model.after(x, count), added);
  }
  const kernel = model.kernel(Q);
  const kernels = kernel.shape[0]!;
  const states = g.reshape(g.stack(entering, 2), [H, rows * chunks, -1]);
  const pieces = g.reshape(g.pad(u, 2, 0, chunks * Q - length), [1, H, rows * chunks, Q]);
  const copies = g.reshape(g.expand(pieces, [kernels, H, rows * chunks, Q]), [kernels * H, rows * chunks, Q]);
  const near = g.longConv(copies, g.reshape(kernel, [kernels * H, Q]));
  const far = g.reshape(g.matmul(states, model.shown(Q)), near.shape);
  const y = g.reshape(g.add(near, far), [kernels * H, rows, chunks * Q]);
  return { y: g.slice(y, 2, 0, length), state: x };
}

/** @param model A (H, n, n), B (H, n), C (kernels, H, n) */
export function denseSpace({
  A,
  B,
  C,
}: {
  readonly A: Tensor;
  readonly B: Tensor;
  readonly C: Tensor;
}): StateSpace {
  const turned = g.transpose(A, [0, 2, 1]);
  const written = (Q: number): Tensor => g.krylov(A, B, Q);
  return {
    written,
    kernel: (Q) => g.squeeze(g.matmul(g.unsqueeze(C, 2), written(Q)), 2),
    shown: (Q) => g.slice(g.krylov(turned, C, Q + 1), 3, 1, Q + 1),
    after: (x, count) => g.matmul(x, g.transpose(g.matrixPower(A, count), [0, 2, 1])),
  };
}

/** (batch, H, M, 2) of complex states → (H, batch, 2 M), real parts first. */
export function realRows(state: Tensor): Tensor {
  const [batch, H, M] = state.shape as [number, number, number];
  return g.reshape(g.transpose(state, [1, 0, 3, 2]), [H, batch, 2 * M]);
}

/** The inverse of `realRows`. */
export function complexStates(rows: Tensor): Tensor {
  const [H, batch, n] = rows.shape as [number, number, number];
  return g.transpose(g.reshape(rows, [H, batch, 2, n / 2]), [1, 0, 3, 2]);
}
