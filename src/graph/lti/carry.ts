/** @file States from chunk to chunk: a short linear recurrence, unrolled so that no node leaves a GPU. */
import type { Target } from '../compile/emitter';
import { add, mul } from '../ops/elementwise/binary';
import { neg } from '../ops/elementwise/unary';
import { zeros } from '../ops/leaves';
import { concat, split } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { flip, pad, slice } from '../ops/shape/slice';
import type { Tensor } from '../types';
import { both, cadd, cmul, creshape, type Complex } from './complex';
import { one, type Pieces } from './pieces';
import { parted } from './powers';
import { turn } from './turn';

/** Chunks beyond which short chains cost less than a long one. */
const LONGEST_CHAIN = 24;

/** The recurrence over states in a form X, from tensors (H, series, count, 2 N) with [re | im] in the last axis. */
interface States<X> {
  places(v: Tensor): X[];
  /** f x + v, with f (H, N) */
  next(f: Complex, x: X, v: X): X;
  /** The inverse of `places`. */
  join(xs: readonly X[]): Tensor;
  zero(like: X): X;
  /**
   * Whether long recurrences are finished by few operators over everything, which a GPU does at once, and not by as
   * many small ones as they were begun with, whose operands a core finds in its cache.
   */
  readonly wide: boolean;
}

const cut = (v: Tensor, pieces: number): Tensor[] => split(v, 2, new Array<number>(pieces).fill(1));

/** (H, series, 1, 2 N) */
const whole: States<Tensor> = {
  places: (v) => cut(v, v.shape[2]!),
  next: (f, x, v) => add(turn(x, f), v),
  join: (xs) => concat(xs, 2),
  zero: ({ shape }) => zeros(shape),
  wide: false,
};

/** (H, series, 1, N), real and imaginary. */
const parts: States<Complex> = {
  places(v) {
    const [H, series, count, width] = v.shape as [number, number, number, number];
    const all = cut(reshape(v, [H, series, 2 * count, width / 2]), 2 * count);
    return Array.from({ length: count }, (_, c) => ({ re: all[2 * c]!, im: all[2 * c + 1]! }));
  },
  next(f, x, v) {
    const [H, N] = f.re.shape as [number, number];
    return cadd(cmul(creshape(f, [H, 1, 1, N]), x), v);
  },
  join(xs) {
    const [H, series, , N] = xs[0]!.re.shape as [number, number, number, number];
    const all = concat(
      xs.flatMap(({ re, im }) => [re, im]),
      2,
    );
    return reshape(all, [H, series, xs.length, 2 * N]);
  },
  zero: (like) => both(like, ({ shape }) => zeros(shape)),
  wide: true,
};

/** f to the power of a whole number, by squaring, which adds up little rounding. */
function power(f: Complex, exponent: number): Complex {
  if (exponent === 1) return f;
  const half = power(f, exponent >> 1);
  const squared = cmul(half, half);
  return exponent % 2 ? cmul(f, squared) : squared;
}

/** f⁰ … f^(count-1) as (H, count, N), by doubling. */
function powers(f: Complex, count: number): Complex {
  const [H, N] = f.re.shape as [number, number];
  const part = (x: Complex, from: number, to: number): Complex => both(x, (each) => slice(each, 1, from, to));
  const join = (x: Complex, y: Complex): Complex => ({
    re: concat([x.re, y.re], 1),
    im: concat([x.im, y.im], 1),
  });
  const first = creshape(f, [H, 1, N]);
  let known = first;
  for (let n = 1; n < count - 1; n *= 2) known = join(known, cmul(known, part(known, n - 1, n)));
  return join(one(first), part(known, 0, count - 1));
}

/** x f(i) for x (H, S, 1, 2 N) and f (H, count, N): (H, S, count, 2 N). */
function spread(x: Tensor, f: Complex): Tensor {
  const [H, count, N] = f.re.shape as [number, number, number];
  const table = (re: Tensor, im: Tensor): Tensor => reshape(concat([re, im], 2), [H, 1, count, 2 * N]);
  const { re, im } = parted(x);
  return add(mul(concat([re, re], 3), table(f.re, f.im)), mul(concat([im, im], 3), table(neg(f.im), f.re)));
}

function carried<X>(
  states: States<X>,
  added: Tensor,
  f: Complex,
  { H, rows, chunks, N }: Pieces,
  downwards: boolean,
): Tensor {
  /** x[c+1] = f x[c] + v[c], or from the end: what enters each place, and what leaves the last. */
  const chain = (v: readonly X[], factor: Complex, first?: X): { entering: X[]; last: X } => {
    const entering = new Array<X>(v.length);
    let x = first;
    for (let i = 0; i < v.length; i++) {
      const c = downwards ? v.length - 1 - i : i;
      entering[c] = x ?? states.zero(v[c]!);
      x = x === undefined ? v[c]! : states.next(factor, x, v[c]!);
    }
    return { entering, last: x! };
  };
  const all = reshape(added, [H, rows, chunks, 2 * N]);
  if (chunks <= LONGEST_CHAIN) return states.join(chain(states.places(all), f).entering);
  const inner = Math.ceil(Math.sqrt(chunks));
  const outer = Math.ceil(chunks / inner);
  const divided = reshape(pad(all, 2, 0, inner * outer - chunks), [H, rows * outer, inner, 2 * N]);
  const v = states.places(divided);
  const near = chain(v, f);
  const leaving = reshape(states.join([near.last]), [H, rows, outer, 2 * N]);
  const reach = states.wide ? powers(f, inner + 1) : undefined;
  const past = reach
    ? both(reach, (part) => reshape(slice(part, 1, inner, inner + 1), [H, N]))
    : power(f, inner);
  const far = states.join(chain(states.places(leaving), past).entering);
  const first = reshape(far, [H, rows * outer, 1, 2 * N]);
  let entering: Tensor;
  if (reach) {
    const until = both(reach, (part) => slice(part, 1, 0, inner));
    entering = add(
      states.join(near.entering),
      spread(first, downwards ? both(until, (part) => flip(part, 1)) : until),
    );
  } else {
    entering = states.join(chain(v, f, states.places(first)[0]).entering);
  }
  return slice(reshape(entering, [H, rows, inner * outer, 2 * N]), 2, 0, chunks);
}

/**
 * The state that enters each chunk.
 * @param added (H, rows · chunks, 2 N): what each chunk adds to its state, [re | im] in the last axis
 * @param f (H, N): what a chunk keeps of its state
 * @param downwards from the last chunk to the first
 * @returns in the shape of `added`
 */
export function carry(added: Tensor, f: Complex, pieces: Pieces, downwards: boolean, target: Target): Tensor {
  const found =
    target === 'cpu'
      ? carried(whole, added, f, pieces, downwards)
      : carried(parts, added, f, pieces, downwards);
  return reshape(found, added.shape);
}
