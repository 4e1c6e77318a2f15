/** @file States from chunk to chunk: a short linear recurrence, unrolled so that no node leaves a GPU. */
import { concat } from '../ops/shape/concat';
import { zeros } from '../ops/leaves';
import { flip, pad, slice } from '../ops/shape/slice';
import { cadd, cmul, both, creshape, type Complex } from './complex';
import { one, type Pieces } from './pieces';

/** Chunks beyond which two short chains cost less than a long one. */
const LONGEST_CHAIN = 24;

/** x[c+1] = f x[c] + v[c] along `axis` from zero, or from the end: what enters each place, and what leaves the last. */
function chain(
  v: Complex,
  f: Complex,
  axis: number,
  downwards: boolean,
): { entering: Complex; last: Complex } {
  const count = v.re.shape[axis]!;
  const at = (i: number): Complex => both(v, (part) => slice(part, axis, i, i + 1));
  const order = Array.from({ length: count }, (_, i) => (downwards ? count - 1 - i : i));
  const first = at(order[0]!);
  const entering = new Array<Complex>(count);
  entering[order[0]!] = both(first, ({ shape }) => zeros(shape));
  let x = first;
  for (const i of order.slice(1)) {
    entering[i] = x;
    x = cadd(cmul(f, x), at(i));
  }
  const join = (part: keyof Complex) =>
    concat(
      entering.map((one) => one[part]),
      axis,
    );
  return { entering: { re: join('re'), im: join('im') }, last: x };
}

/** f⁰ … f^(count-1) along `axis`, where f has extent 1; by doubling, which adds up little rounding. */
function powers(f: Complex, count: number, axis: number): Complex {
  let known = f;
  const last = (x: Complex): Complex => both(x, (part) => slice(part, axis, -1, part.shape[axis]!));
  const join = (x: Complex, y: Complex): Complex => ({
    re: concat([x.re, y.re], axis),
    im: concat([x.im, y.im], axis),
  });
  while (known.re.shape[axis]! < count - 1) known = join(known, cmul(known, last(known)));
  return join(
    one(f),
    both(known, (part) => slice(part, axis, 0, count - 1)),
  );
}

/**
 * The state that enters each chunk.
 * @param added (H, rows, chunks, N): what each chunk adds to its state
 * @param f (H, N): what a chunk keeps of its state
 * @param downwards from the last chunk to the first
 */
export function carry(
  added: Complex,
  f: Complex,
  { H, rows, chunks, N }: Pieces,
  downwards: boolean,
): Complex {
  if (chunks <= LONGEST_CHAIN) {
    return chain(added, creshape(f, [H, 1, 1, N]), 2, downwards).entering;
  }
  const inner = Math.ceil(Math.sqrt(chunks));
  const outer = Math.ceil(chunks / inner);
  const divided = both(added, (part) => pad(part, 2, 0, inner * outer - chunks));
  const step = creshape(f, [H, 1, 1, 1, N]);
  const near = chain(creshape(divided, [H, rows, outer, inner, N]), step, 3, downwards);
  const reach = powers(step, inner + 1, 3);
  const whole = both(reach, (part) => slice(part, 3, inner, inner + 1));
  const far = chain(near.last, whole, 2, downwards).entering;
  const until = both(reach, (part) => slice(part, 3, 0, inner));
  const kept = cmul(downwards ? both(until, (part) => flip(part, 3)) : until, far);
  const entering = creshape(cadd(near.entering, kept), [H, rows, inner * outer, N]);
  return both(entering, (part) => slice(part, 2, 0, chunks));
}
