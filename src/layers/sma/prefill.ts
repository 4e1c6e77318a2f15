/**
 * @file SeqBoat's attention for several tokens that continue from its ring. Active tokens are numbered through from
 * the start of the sequence; a query sees those whose number is at most a window below its own.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { modulo } from '../attention/cache';
import type { Tensors } from '../define';
import { biasAt, localDistance, scaleOf, turn, weigh, type SmaSizes } from './attention';

/** Number of the last active token before `end` (batch, 1) at each place of the ring, negative where none was. */
function numbersAt(end: Tensor, size: number): Tensor {
  const slots = g.unsqueeze(g.cast(g.iota(size), 'float32'), 0);
  const last = g.sub(end, 1);
  return g.sub(last, modulo(g.sub(last, slots), size));
}

/**
 * @param heads queries, keys (batch, time, zdim) and values (batch, time, hdim), of inactive tokens too
 * @param active 1 or 0 (batch, time)
 * @param state as `smaState` says
 * @returns what every active token reads (batch, time, hdim), and the ring behind the last token
 */
export function attendFrom(
  heads: { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor },
  active: Tensor,
  state: Tensors,
  p: Tensors,
  r: SmaSizes,
): { readonly mixed: Tensor; readonly state: Record<string, Tensor> } {
  const [batch, length] = active.shape as [number, number];
  const size = r.window_size;
  const [start, count] = [g.unsqueeze(state['position']!, 1), g.unsqueeze(state['count']!, 1)];
  const position = g.add(start, g.unsqueeze(g.cast(g.iota(length), 'float32'), 0));
  const ordinal = g.cumsum(active, 1);
  const number = g.add(count, g.sub(ordinal, 1));
  const old = numbersAt(count, size);
  const q = turn(g.mul(heads.q, scaleOf(r)), position, r);
  const k = turn(heads.k, position, r);
  const ahead = g.sub(g.unsqueeze(g.concat([old, number], 1), 1), g.unsqueeze(number, 2));
  let scores = g.matmul(q, g.transpose(g.concat([state['key']!, k], 1), [0, 2, 1]));
  if (r.rel_pos_bias === 'simple') {
    const places = g.concat([state['key_position']!, position], 1);
    const distance = r.local_pos
      ? g.add(ahead, localDistance(0, r))
      : g.sub(g.unsqueeze(places, 1), g.unsqueeze(position, 2));
    scores = g.add(scores, biasAt(p, distance));
  }
  const isKey = g.concat([g.cast(g.greater(old, -0.5), 'float32'), active], 1);
  const near = g.mul(g.cast(g.less(ahead, 0.5), 'float32'), g.cast(g.greater(ahead, -0.5 - size), 'float32'));
  const seen = g.mul(near, g.unsqueeze(isKey, 1));
  const mixed = g.matmul(weigh(scores, seen, r), g.concat([state['value']!, heads.v], 1));
  // Which of the new tokens each place takes, as a product with a one-hot matrix.
  const total = g.add(count, g.slice(ordinal, 1, length - 1, length));
  const wanted = g.unsqueeze(numbersAt(total, size), 2);
  const same = g.cast(g.equal(wanted, g.unsqueeze(number, 1)), 'float32');
  const pick = g.mul(same, g.unsqueeze(active, 1));
  const kept = g.sub(1, g.sum(pick, [2], true));
  const next = (before: Tensor, fresh: Tensor): Tensor => {
    const rows = g.reshape(before, [batch, size, -1]);
    const taken = g.matmul(pick, g.reshape(fresh, [batch, length, -1]));
    return g.reshape(g.add(g.mul(rows, kept), taken), before.shape);
  };
  return {
    mixed,
    state: {
      key: next(state['key']!, k),
      value: next(state['value']!, heads.v),
      key_position: next(state['key_position']!, position),
      count: g.squeeze(total, 1),
      position: g.add(state['position']!, length),
    },
  };
}
