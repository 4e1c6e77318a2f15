/**
 * @file The diagonal convolution as products of matrices. Within a chunk of Q tokens the kernel is a Toeplitz
 * matrix; what came before reaches a chunk through its N complex states, [re | im] in the last axis. Forward and
 * backward share all of it, so both are built from the same pieces and the compiler keeps one copy.
 */
import { add, mul, sub } from '../ops/elementwise/binary';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import type { Target } from '../compile/emitter';
import type { ExpandContext, Expansion, Tensor } from '../types';
import { carry } from './carry';
import { cadd, cmul, conjugate, cscale, type Complex } from './complex';
import type { DiagonalAttributes } from './diagonal';
import { constantOnce, inChunks, inTime, piecesOf, type Pieces } from './pieces';
import { conjugated, powerGradients, powersOfChunk, written, type PowersOfChunk } from './powers';
import { diagonals, toeplitz } from './toeplitz';

interface Modes extends Pieces, PowersOfChunk {
  readonly target: Target;
  readonly w: Complex;
  /** What token j adds to the state at the end of its chunk, exp(a (Q - 1 - j)): (H, Q, 2 N). */
  readonly into: Tensor;
  /** How a state that enters a chunk shows in its outputs, y[i] = Re(w exp(a (i + 1)) x): (H, Q, 2 N). */
  readonly outOf: Tensor;
}

function modesOf(u: Tensor, [aRe, aIm, wRe, wIm, rest]: readonly Tensor[], target: Target): Modes {
  const pieces = piecesOf(u, aRe!.shape[1]!);
  const powers = powersOfChunk({ re: aRe!, im: aIm!, ...(rest && { rest }) }, pieces.Q);
  const w = { re: wRe!, im: wIm! };
  // Re(z x) is the product of [Re z | -Im z] and [Re x | Im x].
  const outOf = written(conjugated(powers.up), conjugate(w));
  return { ...pieces, ...powers, target, w, into: written(powers.down), outOf };
}

/** K[0] … K[Q - 1] as (H, Q): the weights' sum, and what states show that are 1. */
function start({ w, outOf, H, N, Q }: Modes): Tensor {
  const re = constantOnce('real parts', [2 * N, 1], (i) => Number(i < N));
  const later = reshape(product(outOf, re, false, false), [H, Q]);
  return concat([sum(w.re, [1], true), slice(later, 1, 0, Q - 1)], 1);
}

/** The states that enter the chunks of U: (H, rows · chunks, 2 N). */
const entering = (U: Tensor, m: Modes): Tensor =>
  carry(product(U, m.into, false, false), m.whole, m, false, m.target);

/** The adjoint: gradients of the states that leave the chunks, from those of the outputs. */
const returning = (dY: Tensor, m: Modes): Tensor =>
  carry(product(dY, m.outOf, false, false), conjugate(m.whole), m, true, m.target);

export function expandConvolution(
  [u, ...rest]: readonly Tensor[],
  { ahead }: DiagonalAttributes,
  { target }: ExpandContext,
): Expansion {
  const m = modesOf(u!, rest, target);
  const U = inChunks(u!, m);
  const near = product(U, toeplitz(start(m)), false, ahead);
  if (m.chunks === 1) return { outputs: [inTime(near, m)] };
  const far = ahead
    ? product(returning(U, m), m.into, false, true)
    : product(entering(U, m), m.outOf, false, true);
  return { outputs: [inTime(add(near, far), m)] };
}

/** Σ of x̄ g over the chunks, both (H, rows · chunks, 2 N): (H, N). */
function products(x: Tensor, g: Tensor, { H, rows, chunks, N }: Pieces): Complex {
  const pairs = mul(reshape(x, [H, rows * chunks, 2, 1, N]), reshape(g, [H, rows * chunks, 1, 2, N]));
  const sums = reshape(sum(pairs, [1]), [H, 4, N]);
  const at = (i: number): Tensor => reshape(slice(sums, 1, i, i + 1), [H, N]);
  return { re: add(at(0), at(3)), im: sub(at(1), at(2)) };
}

export function expandModeGradients(
  [u, dy, ...rest]: readonly Tensor[],
  _: unknown,
  { target }: ExpandContext,
): Expansion {
  const m = modesOf(u!, rest, target);
  const { H, N, Q, w, chunks } = m;
  const [U, dY] = [inChunks(u!, m), inChunks(dy!, m)];
  const dK = diagonals(product(U, dY, true, false));
  const later = pad(slice(dK, 1, 1, Q), 1, 0, 1);
  const far = chunks > 1 ? { x: entering(U, m), g: returning(dY, m) } : undefined;
  const dOut = far ? product(dY, far.x, true, false) : constantOnce('nothing', [H, Q, 2 * N], () => 0);
  const out = powerGradients(conjugated(m.up), dOut, later);
  // `outOf` is made of conjugates.
  const dw = conjugate({ re: add(out.factor.re, slice(dK, 1, 0, 1)), im: out.factor.im });
  const da = [conjugate(cmul(w, out.exponent))];
  if (far) {
    da.push(powerGradients(m.down, product(U, far.g, true, false)).exponent);
    // x' = exp(a Q) x + …
    da.push(cmul(cscale(conjugate(m.whole), Q), products(far.x, far.g, m)));
  }
  const { re, im } = da.reduce(cadd);
  return { outputs: [re, im, dw.re, dw.im] };
}
