/**
 * @file The diagonal convolution as products of matrices. Within a chunk of Q tokens the kernel is a Toeplitz
 * matrix; what came before reaches a chunk through its N complex states. Forward and backward share all of it, so
 * both are built from the same pieces and the compiler keeps one copy.
 */
import { add, sub } from '../ops/elementwise/binary';
import { neg } from '../ops/elementwise/unary';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { flip, pad, slice } from '../ops/shape/slice';
import type { Expansion, Shape, Tensor } from '../types';
import { carry } from './carry';
import { both, cadd, cexp, cmul, conjugate, creshape, cscale, type Complex } from './complex';
import type { DiagonalAttributes } from './diagonal';
import { constantOnce, inChunks, inTime, piecesOf, ramp, type Pieces } from './pieces';
import { diagonals, toeplitz } from './toeplitz';

interface Modes extends Pieces {
  readonly w: Complex;
  /** exp(a l) for l = 0 … Q: (H, N, Q + 1). */
  readonly P: Complex;
  /** What a token adds to the state at the end of its chunk, exp(a (Q - 1 - j)): (H, N, Q). */
  readonly into: Complex;
}

function modesOf(u: Tensor, [aRe, aIm, wRe, wIm]: readonly Tensor[]): Modes {
  const [H, N] = aRe!.shape as [number, number];
  const pieces = piecesOf(u, N);
  const { Q } = pieces;
  const column = (x: Tensor): Tensor => reshape(x, [H, N, 1]);
  const P = cexp(cscale({ re: column(aRe!), im: column(aIm!) }, ramp(Q + 1)));
  const into = both(P, (part) => flip(slice(part, 2, 0, Q), 2));
  return { ...pieces, w: { re: column(wRe!), im: column(wIm!) }, P, into };
}

/** How a state that enters a chunk shows in its outputs, y[i] = Re(w exp(a (i + 1)) x): both (H, N, Q). */
function outOf({ w, P, Q }: Modes): Complex {
  const { re, im } = cmul(
    w,
    both(P, (part) => slice(part, 2, 1, Q + 1)),
  );
  return { re, im: neg(im) };
}

/** K[0] … K[Q - 1] as (H, Q). */
function start({ w, P, H, N, Q }: Modes): Tensor {
  const row = creshape(w, [H, 1, N]);
  const part = (x: Tensor, p: Tensor): Tensor => product(x, slice(p, 2, 0, Q), false, false);
  return reshape(sub(part(row.re, P.re), part(row.im, P.im)), [H, Q]);
}

/** Products with both parts of (H, N, Q), transposed or not. */
const through = (x: Tensor, matrices: Complex, transposed: boolean): Complex =>
  both(matrices, (part) => product(x, part, false, transposed));

/** [re, im] along an axis: one product then serves both parts. */
const joined = ({ re, im }: Complex, axis: number): Tensor => concat([re, im], axis);

/** Σ over states and parts: (H, rows · chunks, 2 N) and (H, 2 N, Q). */
const read = (x: Complex, matrices: Complex): Tensor =>
  product(joined(x, 2), joined(matrices, 1), false, false);

/** Gradients of the matrices of `read`, from those of its result. */
function readGradients(x: Complex, dY: Tensor, { N }: Pieces): Complex {
  const found = product(joined(x, 2), dY, true, false);
  return { re: slice(found, 1, 0, N), im: slice(found, 1, N, 2 * N) };
}

const kept = ({ P, H, N, Q }: Modes): Complex =>
  creshape(
    both(P, (part) => slice(part, 2, Q, Q + 1)),
    [H, N],
  );

/** The states that enter the chunks of U: (H, rows · chunks, N). */
function entering(U: Tensor, m: Modes): Complex {
  const added = creshape(through(U, m.into, true), [m.H, m.rows, m.chunks, m.N]);
  return creshape(carry(added, kept(m), m, false), [m.H, m.rows * m.chunks, m.N]);
}

/** The adjoint: gradients of the states that leave the chunks, from those of the outputs. */
function returning(dY: Tensor, m: Modes): Complex {
  const added = creshape(through(dY, outOf(m), true), [m.H, m.rows, m.chunks, m.N]);
  return creshape(carry(added, conjugate(kept(m)), m, true), [m.H, m.rows * m.chunks, m.N]);
}

export function expandConvolution([u, ...rest]: readonly Tensor[], { ahead }: DiagonalAttributes): Expansion {
  const m = modesOf(u!, rest);
  const U = inChunks(u!, m);
  const near = product(U, toeplitz(start(m)), false, ahead);
  if (m.chunks === 1) return { outputs: [inTime(near, m)] };
  const far = ahead ? read(returning(U, m), m.into) : read(entering(U, m), outOf(m));
  return { outputs: [inTime(add(near, far), m)] };
}

/** Σ_l x[…, l] weight[l, k] for the columns k of `weight`. */
function moments(x: Tensor, weight: Tensor, lead: Shape): Tensor {
  const [Q, columns] = weight.shape as [number, number];
  return reshape(product(reshape(x, [-1, Q]), weight, false, false), [...lead, columns]);
}

/** Columns 1 and l for l = 0 … n - 1; the column n - 1 … 0. */
const oneAndRamp = (n: number): Tensor =>
  constantOnce('one and ramp', [n, 2], (i) => (i % 2 ? Math.floor(i / 2) : 1));
const rampDown = (n: number): Tensor => constantOnce('ramp down', [n, 1], (i) => n - 1 - i);

/** Gradients of a and w, from Σ_l of ē d and of l ē d, where e = exp(a l) and d is the gradient of w e. */
function collect(products: Complex, { w, H, N, Q }: Modes, more?: Complex): Tensor[] {
  const sums = both(products, (part) => moments(part, oneAndRamp(Q + 1), [H, N]));
  const column = (i: number): Complex => both(sums, (part) => reshape(slice(part, 2, i, i + 1), [H, N]));
  const dw = column(0);
  const own = cmul(conjugate(creshape(w, [H, N])), column(1));
  const da = more ? cadd(own, more) : own;
  return [da.re, da.im, dw.re, dw.im];
}

export function expandModeGradients([u, dy, ...rest]: readonly Tensor[]): Expansion {
  const m = modesOf(u!, rest);
  const { H, N, Q, P, chunks } = m;
  const [U, dY] = [inChunks(u!, m), inChunks(dy!, m)];
  const dK = pad(reshape(diagonals(product(U, dY, true, false)), [H, 1, Q]), 2, 0, 1);
  if (chunks === 1) return { outputs: collect(cscale(conjugate(P), dK), m) };
  const x = entering(U, m);
  const g = returning(dY, m);
  const dOut = both(readGradients(x, dY, m), (part) => pad(part, 2, 1, 0));
  const products = cmul(conjugate(P), { re: add(dOut.re, dK), im: neg(dOut.im) });
  const dInto = readGradients(g, U, m);
  const fromInto = both(cmul(conjugate(m.into), dInto), (part) =>
    reshape(moments(part, rampDown(Q), [H, N]), [H, N]),
  );
  // x' = exp(a Q) x + …
  const pairs = both(cmul(conjugate(x), g), (part) => sum(part, [1]));
  const fromCarry = cmul(cscale(conjugate(kept(m)), Q), pairs);
  return { outputs: collect(products, m, cadd(fromInto, fromCarry)) };
}
