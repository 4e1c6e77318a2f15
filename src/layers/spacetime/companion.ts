/**
 * @file State space models with companion matrices, after HazyResearch/spacetime (model/ssm/companion.py and
 * model/ssm/closed_loop/companion.py at 7b7398c): A shifts the state down by a place and feeds its last entry back,
 * A = S + a eᵀ; no step size. Powers of A come by squaring, so that a kernel of L taps takes log₂ L products.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/** Vectors whose norms are smaller on average stay as they are; the authors' constant. */
const SMALL = 1e-4;
/** Keeps a zero vector from dividing by zero. */
const TINY = 1e-30;

/** x / ‖x‖ₚ over the last axis, p of 1 or 2; 0 leaves x as it is, and so does a norm near zero. */
export function normalised(x: Tensor, order: 0 | 1 | 2): Tensor {
  if (order === 0) return x;
  const axis = x.shape.length - 1;
  const norm =
    order === 1 ? g.sum(g.abs(x), [axis], true) : g.sqrt(g.add(g.sum(g.square(x), [axis], true), TINY));
  const mean = g.mean(norm);
  return g.where(g.greater(mean, SMALL), g.div(x, g.maximum(norm, TINY)), x);
}

/** A of every kernel: ones below the diagonal, `a` (kernels, d) in the last column. (kernels, d, d) */
export function companionMatrix(a: Tensor): Tensor {
  const [kernels, d] = a.shape as [number, number];
  const shift = Float32Array.from({ length: d * d }, (_, i) => Number(Math.floor(i / d) === (i % d) + 1));
  const last = Float32Array.from({ length: d }, (_, i) => Number(i === d - 1));
  const fed = g.mul(g.reshape(a, [kernels, d, 1]), g.constant(last, [1, 1, d]));
  return g.add(g.constant(shift, [1, d, d]), fed);
}

const transposed = (M: Tensor): Tensor => g.transpose(M, [0, 2, 1]);

/** K[t] = cᵀ Aᵗ b of every kernel: (kernels, length). */
export function companionKernel(
  { A, b, c }: { readonly A: Tensor; readonly b: Tensor; readonly c: Tensor },
  length: number,
): Tensor {
  const states = g.krylov(A, b, length);
  return g.squeeze(g.matmul(g.unsqueeze(c, 1), states), 1);
}

/** Causal convolution of u (batch, time, channels) with kernels (n, taps); n channels in a row share one. */
export function convolveKernels(u: Tensor, kernel: Tensor): Tensor {
  const [batch, length, channels] = u.shape as [number, number, number];
  const n = kernel.shape[0]!;
  const copies = channels / n;
  const rows = g.transpose(g.reshape(u, [batch, length, n, copies]), [2, 0, 3, 1]);
  const y = g.longConv(g.reshape(rows, [n, batch * copies, length]), kernel);
  return g.reshape(g.transpose(g.reshape(y, [n, batch, copies, length]), [1, 3, 0, 2]), u.shape);
}

/** Parameters of a companion model, each (kernels, d); `k` predicts the next input in the closed loop. */
export interface Companion {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly k?: Tensor | undefined;
}

/** Open loop: y[t] = Σ K[s] u[t − s], with K of raw b and c. */
export function openLoop(u: Tensor, { a, b, c }: Companion, order: 0 | 1 | 2): { y: Tensor; kernel: Tensor } {
  const kernel = companionKernel({ A: companionMatrix(normalised(a, order)), b, c }, u.shape[1]!);
  return { y: convolveKernels(u, kernel), kernel };
}

export interface ClosedLoop {
  /** Forecast (batch, horizon, channels), and what the model expects as its own input there. */
  readonly y: Tensor;
  readonly nextInput: Tensor;
  /** The same over the lag (batch, lag, channels). */
  readonly openY: Tensor;
  readonly openNextInput: Tensor;
}

/**
 * Closed loop: after the lag the model feeds itself, x ← (A + b kᵀ) x, y = cᵀ x; a kernel per channel. As released,
 * the lag runs into the state with the raw b, and the expected input is read with the raw k; b, k and c are
 * normalised everywhere else.
 * @param u (batch, lag, channels)
 */
export function closedLoop(u: Tensor, p: Companion, order: 1 | 2, horizon: number): ClosedLoop {
  const lag = u.shape[1]!;
  const k = p.k!;
  const [a, b, c, kn] = [p.a, p.b, p.c, k].map((x) => normalised(x, order)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const A = companionMatrix(a);
  // (channels, d, lag) · (channels, lag, batch): the newest input has passed A no time.
  const reversed = g.transpose(g.flip(u, 1), [2, 1, 0]);
  const state = g.matmul(g.krylov(A, p.b, lag), reversed);
  const M = g.add(A, g.mul(g.unsqueeze(b, 2), g.unsqueeze(kn, 1)));
  // Rows cᵀ Mʰ are the columns of powers of Mᵀ: (channels, horizon, d).
  const rolled = (read: Tensor): Tensor => {
    const rows = transposed(g.krylov(transposed(M), read, horizon));
    return g.transpose(g.matmul(rows, state), [2, 1, 0]);
  };
  const over = (read: Tensor): Tensor => convolveKernels(u, companionKernel({ A, b, c: read }, lag));
  return { y: rolled(c), nextInput: rolled(k), openY: over(c), openNextInput: over(kn) };
}
