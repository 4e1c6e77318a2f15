/**
 * @file States from chunk to chunk of an SSD: x[c+1] = whole[c] · x[c] + term[c], or downwards. On the CPU one chunk
 * after the other. On a GPU, where every operator takes its time however small it is, as a product with the decays
 * between chunks, which are as many as there are pairs of chunks and next to nothing beside the states.
 */
import type { Target } from '../compile/emitter';
import { add, maximum, mul, sub } from '../ops/elementwise/binary';
import { exp } from '../ops/elementwise/unary';
import { zeros } from '../ops/leaves';
import { product } from '../ops/matrix/matmul';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import type { Tensor } from '../types';
import { HIDDEN } from '../hidden';
import { decays, matrix, type Chunked } from './ssd-chunks';

export interface Carried {
  /** The states before each chunk, downwards behind it: (batch · chunks, G, N, R · P). */
  readonly entering: Tensor;
  /** What leaves the last chunk: (batch, 1, G, N, R, P). */
  readonly last: Tensor;
}

/** Chunks below which the chain has no more operators than the product. */
const SHORT = 6;
/** Chunks whose log decays add up without rounding where none counts for more than `GONE`. */
const EXACT = 64;
/** exp of it is zero, however much less it is. */
const GONE = -128;

/**
 * @param first state before the first chunk (downwards behind the last), (batch, 1, G, N, R, P); zero unless given
 * @param term what each chunk adds, (batch · chunks, G, N, R · P)
 */
export function carry(
  first: Tensor | undefined,
  term: Tensor,
  c: Chunked,
  downwards: boolean,
  target: Target,
): Carried {
  const { batch, chunks, G, R, N, P } = c;
  const terms = reshape(term, [batch, chunks, G, N, R, P]);
  const found =
    target === 'webgpu' && chunks >= SHORT
      ? inGroups(first, terms, c, downwards)
      : chain(first, terms, c, downwards);
  return { ...found, entering: reshape(found.entering, [batch * chunks, G, N, R * P]) };
}

/** Terms and what enters as (batch, chunks, G, N, R, P). */
function chain(first: Tensor | undefined, terms: Tensor, c: Chunked, downwards: boolean): Carried {
  const { batch, chunks, G, R, N, P } = c;
  const factors = reshape(decays(c).whole, [batch, chunks, G, 1, R, 1]);
  const order = Array.from({ length: chunks }, (_, i) => (downwards ? chunks - 1 - i : i));
  const entering = new Array<Tensor>(chunks);
  let x = first ?? zeros([batch, 1, G, N, R, P]);
  for (const i of order) {
    entering[i] = x;
    x = add(mul(slice(factors, 1, i, i + 1), x), slice(terms, 1, i, i + 1));
  }
  return { entering: concat(entering, 1), last: x };
}

function inGroups(first: Tensor | undefined, terms: Tensor, c: Chunked, downwards: boolean): Carried {
  const groups: (readonly [from: number, to: number])[] = [];
  for (let from = 0; from < c.chunks; from += EXACT) groups.push([from, Math.min(c.chunks, from + EXACT)]);
  const entering: Tensor[] = [];
  let x = first;
  for (const group of downwards ? groups.reverse() : groups) {
    const found = atOnce(x, terms, c, group, downwards);
    entering[downwards ? 'unshift' : 'push'](found.entering);
    x = found.last;
  }
  return { entering: concat(entering, 1), last: x! };
}

/** All chunks of a group at once: Σ over those before of what they add, times the decay in between. */
function atOnce(
  first: Tensor | undefined,
  terms: Tensor,
  c: Chunked,
  [from, to]: readonly [from: number, to: number],
  downwards: boolean,
): Carried {
  const { batch, G, R, N, P, H } = c;
  const n = to - from;
  const logs = logDecays(c, from, to);
  const byHead = (x: Tensor): Tensor =>
    reshape(transpose(x, [0, 2, 4, 1, 3, 5]), [batch, H, x.shape[1]!, N * P]);
  const byChunk = (x: Tensor): Tensor =>
    transpose(reshape(x, [batch, G, R, x.shape[2]!, N, P]), [0, 3, 1, 4, 2, 5]);
  const own = byHead(slice(terms, 1, from, to));
  // Decay from behind chunk j to the start of chunk i, none where j is not before i.
  const later = matrix(n, (i, j) => i <= j);
  const between = exp(add(logs.between, mul(later, HIDDEN)));
  const row = (x: Tensor): Tensor => exp(reshape(x, [batch, H, 1, n]));
  const column = (x: Tensor): Tensor => exp(reshape(x, [batch, H, n, 1]));
  const [toEnd, fromStart] = downwards ? [logs.fromStart, logs.toEnd] : [logs.toEnd, logs.fromStart];
  const near = product(between, own, downwards, false);
  const added = product(row(toEnd), own, false, false);
  if (!first) return { entering: byChunk(near), last: byChunk(added) };
  const x = byHead(first);
  return {
    entering: byChunk(add(near, mul(column(fromStart), x))),
    last: byChunk(add(added, mul(exp(logs.whole), x))),
  };
}

interface LogDecays {
  /** From behind chunk j to the start of chunk i, (batch, H, i, j). */
  readonly between: Tensor;
  /** From the group's start to that of a chunk, and from behind a chunk to the group's end: (batch, H, chunks). */
  readonly fromStart: Tensor;
  readonly toEnd: Tensor;
  /** (batch, H, 1, 1) */
  readonly whole: Tensor;
}

/** Sums over chunks, again in a part that has no rounding and one that is small. */
function logDecays({ batch, chunks, Q, H, sums }: Chunked, from: number, to: number): LogDecays {
  const n = to - from;
  const upTo = matrix(n, (j, i) => j <= i);
  const parts = [maximum(sums.coarse, GONE), sums.fine].map((x) => {
    const ends = reshape(slice(x, 1, Q - 1, Q), [batch, chunks, H]);
    // (batch, H, chunks), a chunk included.
    const until = product(transpose(slice(ends, 1, from, to), [0, 2, 1]), upTo, false, false);
    const before = pad(slice(until, 2, 0, n - 1), 2, 1, 0);
    const end = slice(until, 2, n - 1, n);
    return {
      between: sub(reshape(before, [batch, H, n, 1]), reshape(until, [batch, H, 1, n])),
      fromStart: before,
      toEnd: sub(end, until),
      whole: reshape(end, [batch, H, 1, 1]),
    };
  });
  const [coarse, fine] = parts as [LogDecays, LogDecays];
  return {
    between: add(coarse.between, fine.between),
    fromStart: add(coarse.fromStart, fine.fromStart),
    toEnd: add(coarse.toEnd, fine.toEnd),
    whole: add(coarse.whole, fine.whole),
  };
}
