/** @file Chunks of a sequence, and the small fixed tensors that chunked operators share. */
import { constant, full } from '../ops/leaves';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import type { Shape, Tensor } from '../types';
import type { Complex } from './complex';

/** Tokens per chunk, measured: 64 is best or equal best for 4 to 64 states and lengths from 256 to 16384. */
export const CHUNK = 64;

export interface Pieces {
  readonly H: number;
  readonly rows: number;
  readonly L: number;
  readonly N: number;
  /** Tokens per chunk. */
  readonly Q: number;
  readonly chunks: number;
}

/** Chunks of one length, so that little is padded. */
export const chunkOf = (L: number): number => Math.ceil(L / Math.ceil(L / CHUNK));

export function piecesOf({ shape }: Tensor, N: number): Pieces {
  const [H, rows, L] = shape as [number, number, number];
  return { H, rows, L, N, Q: chunkOf(L), chunks: Math.ceil(L / CHUNK) };
}

/** (H, rows, L) → (H, rows · chunks, Q), zeros behind the end. */
export const inChunks = (u: Tensor, { H, rows, L, Q, chunks }: Pieces): Tensor =>
  reshape(pad(u, 2, 0, chunks * Q - L), [H, rows * chunks, Q]);

/** The inverse of `inChunks`. */
export const inTime = (u: Tensor, { H, rows, L, Q, chunks }: Pieces): Tensor =>
  slice(reshape(u, [H, rows, chunks * Q]), 2, 0, L);

const fixed = new Map<string, Tensor>();

/** One tensor per name and size, so that equal expressions over it are found to be equal. */
export function constantOnce(name: string, shape: Shape, value: (index: number) => number): Tensor {
  const key = `${name}[${shape.join()}]`;
  let found = fixed.get(key);
  if (!found) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    found = constant(
      Float32Array.from({ length: count }, (_, i) => value(i)),
      shape,
    );
    fixed.set(key, found);
  }
  return found;
}

/** 0, 1, …, n - 1 as numbers. */
export const ramp = (n: number): Tensor => constantOnce('ramp', [n], (i) => i);

/** The complex 1 in the shape of `x`. */
export const one = ({ re: { shape } }: Complex): Complex => ({ re: full(shape, 1), im: full(shape, 0) });
