/**
 * @file The decoding cache of attention: places for keys and values by position, or a ring as long as the window, in
 * which the newest token takes the place of the one that leaves.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

export interface Cache {
  /** (batch, places, key heads, head_dim) */
  readonly key: Tensor;
  readonly value: Tensor;
}

/** x modulo n of whole x, counted from half further on, since a device may round the quotient down. */
export const modulo = (x: Tensor, n: number): Tensor =>
  g.sub(x, g.mul(g.floor(g.mul(g.add(x, 0.5), 1 / n)), n));

/** The last position before `end` (batch) that lies at each place: (batch, places), negative where none does. */
function positionsBefore(end: Tensor, places: number): Tensor {
  const slots = g.unsqueeze(g.cast(g.iota(places), 'float32'), 0);
  const last = g.sub(g.unsqueeze(end, 1), 1);
  return g.sub(last, modulo(g.sub(last, slots), places));
}

/**
 * Several tokens at once, behind what the cache holds.
 * @param heads queries, already scaled (batch, time, heads, head_dim), keys and values with their own heads
 * @param start number of tokens in front of them (batch), as a float
 * @returns what every query reads (batch, time, heads · head_dim), and the cache behind the last token
 */
export function attendFrom(
  heads: { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor },
  cache: Cache,
  start: Tensor,
  window: number | undefined,
): { readonly mixed: Tensor; readonly cache: Cache } {
  const [batch, length, count, width] = heads.q.shape as [number, number, number, number];
  const [, places, shared] = cache.key.shape as [number, number, number, number];
  const now = g.add(g.unsqueeze(start, 1), g.unsqueeze(g.cast(g.iota(length), 'float32'), 0));
  const known = g.concat([positionsBefore(start, places), now], 1);
  const ahead = g.sub(g.unsqueeze(known, 1), g.unsqueeze(now, 2));
  const columns = places + length;
  let hidden = g.where(g.greater(ahead, 0.5), g.scalar(g.HIDDEN), g.scalar(0));
  if (window !== undefined) hidden = g.where(g.less(ahead, 0.5 - window), g.scalar(g.HIDDEN), hidden);
  const empty = g.where(g.less(known, -0.5), g.scalar(g.HIDDEN), g.scalar(0));
  const mask = g.reshape(g.add(hidden, g.unsqueeze(empty, 1)), [batch, 1, length, columns]);
  const rows = (count / shared) * length;
  const q = g.reshape(g.transpose(heads.q, [0, 2, 1, 3]), [batch, shared, rows, width]);
  const keys = g.concat([cache.key, heads.k], 1);
  const scores = g.reshape(g.matmul(q, g.transpose(keys, [0, 2, 3, 1])), [batch, count, length, columns]);
  const weights = g.reshape(g.softmax(g.add(scores, mask), 3), [batch, shared, rows, columns]);
  const values = g.transpose(g.concat([cache.value, heads.v], 1), [0, 2, 1, 3]);
  const mixed = g.reshape(g.matmul(weights, values), [batch, count, length, width]);
  // Which of the new tokens each place takes, as a product with a one-hot matrix.
  const taken = g.sub(positionsBefore(g.add(start, length), places), g.unsqueeze(start, 1));
  const steps = g.unsqueeze(g.unsqueeze(g.cast(g.iota(length), 'float32'), 0), 0);
  const pick = g.cast(g.equal(g.unsqueeze(taken, 2), steps), 'float32');
  const isNew = g.reshape(g.greater(taken, -0.5), [batch, places, 1, 1]);
  const next = (old: Tensor, fresh: Tensor): Tensor => {
    const flat = g.reshape(fresh, [batch, length, shared * width]);
    return g.where(isNew, g.reshape(g.matmul(pick, flat), old.shape), old);
  };
  return {
    mixed: g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [batch, length, count * width]),
    cache: { key: next(cache.key, heads.k), value: next(cache.value, heads.v) },
  };
}
