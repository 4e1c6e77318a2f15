/**
 * @file Three lowerings of the long convolution: one Toeplitz product for short inputs, a band over neighbouring
 * chunks for short kernels, and matrix Fourier transforms for the rest.
 */
import { add } from '../ops/elementwise/binary';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import type { Expansion, Tensor } from '../types';
import { both, cmul, conjugate, creshape, type Complex } from './complex';
import { inverseTransform, transform, type DftPlan } from './dft';
import type { LongAttributes, TapAttributes } from './long';
import { CHUNK, chunkOf, inChunks, inTime, piecesOf, type Pieces } from './pieces';
import { band, bandSums, diagonals, toeplitz } from './toeplitz';

type Form = 'toeplitz' | 'band' | 'fourier';

function formOf(L: number, taps: number): Form {
  if (L <= CHUNK) return 'toeplitz';
  return taps <= chunkOf(L) ? 'band' : 'fourier';
}

/** As cheap as products allow: 4 L² / n2 + 8 L n2 operations a row; larger second factors need large tables. */
function planOf(L: number, taps: number): DftPlan {
  const n2 = Math.min(64, Math.max(8, 8 * Math.round(Math.sqrt(L / 2) / 8)));
  // Long enough that nothing wraps around into what is kept.
  return { n1: Math.ceil(L / n2) + Math.ceil(taps / n2), n2 };
}

const flat = (u: Tensor): Tensor => reshape(u, [u.shape[0]! * u.shape[1]!, u.shape[2]!]);

/** Spectrum of (H, rows, L) as (P, H, rows, n2). */
function spectrum(u: Tensor, plan: DftPlan): Complex {
  const [H, rows] = u.shape as [number, number, number];
  const found = transform(flat(u), plan);
  return creshape(found, [found.re.shape[0]!, H, rows, plan.n2]);
}

/** Each chunk behind the one before it: (H, rows · chunks, 2 Q). */
function withPrevious(u: Tensor, p: Pieces): Tensor {
  const { H, rows, chunks, Q } = p;
  const own = reshape(inChunks(u, p), [H, rows, chunks, Q]);
  const previous = pad(slice(own, 2, 0, chunks - 1), 2, 1, 0);
  return reshape(concat([previous, own], 3), [H, rows * chunks, 2 * Q]);
}

/** The adjoint of `withPrevious`. */
function toPrevious(x: Tensor, p: Pieces): Tensor {
  const { H, rows, chunks, Q } = p;
  const parts = reshape(x, [H, rows, chunks, 2 * Q]);
  const later = pad(slice(slice(parts, 3, 0, Q), 2, 1, chunks), 2, 0, 1);
  return inTime(reshape(add(slice(parts, 3, Q, 2 * Q), later), [H, rows * chunks, Q]), p);
}

export function expandLong([u, k]: readonly Tensor[], { ahead }: LongAttributes): Expansion {
  const [H, rows, L] = u!.shape as [number, number, number];
  const taps = k!.shape[1]!;
  const form = formOf(L, taps);
  if (form === 'toeplitz') {
    return { outputs: [product(u!, toeplitz(pad(k!, 1, 0, L - taps)), false, ahead)] };
  }
  if (form === 'band') {
    const p = piecesOf(u!, 0);
    const matrix = band(k!, p.Q);
    if (ahead) return { outputs: [toPrevious(product(inChunks(u!, p), matrix, false, false), p)] };
    return { outputs: [inTime(product(withPrevious(u!, p), matrix, false, true), p)] };
  }
  const plan = planOf(L, taps);
  const K = spectrum(reshape(k!, [H, 1, taps]), plan);
  const Y = cmul(spectrum(u!, plan), ahead ? conjugate(K) : K);
  const rowsOf = both(Y, (part) => reshape(part, [part.shape[0]!, H * rows, plan.n2]));
  return { outputs: [reshape(inverseTransform(rowsOf, plan, L), [H, rows, L])] };
}

export function expandTapGradient([early, late]: readonly Tensor[], { taps }: TapAttributes): Expansion {
  const L = early!.shape[2]!;
  const form = formOf(L, taps);
  if (form === 'toeplitz') {
    return { outputs: [slice(diagonals(product(early!, late!, true, false)), 1, 0, taps)] };
  }
  if (form === 'band') {
    const p = piecesOf(early!, 0);
    const matrix = product(inChunks(late!, p), withPrevious(early!, p), true, false);
    return { outputs: [bandSums(matrix, taps)] };
  }
  const plan = planOf(L, taps);
  const products = cmul(spectrum(late!, plan), conjugate(spectrum(early!, plan)));
  return {
    outputs: [
      inverseTransform(
        both(products, (part) => sum(part, [2])),
        plan,
        taps,
      ),
    ],
  };
}
