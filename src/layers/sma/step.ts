/** @file SeqBoat's attention for one token: the last active tokens stay in a ring as long as the window. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { modulo } from '../attention/cache';
import type { StateSpec, Tensors } from '../define';
import { biasAt, localDistance, scaleOf, turn, weigh, type SmaSizes } from './attention';

/** Keys, values and positions of the last active tokens, how many there were, and the time. */
export const smaState = (r: SmaSizes): StateSpec => ({
  key: [r.window_size, r.zdim],
  value: [r.window_size, r.hdim],
  key_position: [r.window_size],
  count: [],
  position: [],
});

/**
 * @param heads queries, keys (batch, zdim) and values (batch, hdim) of the token
 * @param active 1 or 0 (batch); the ring takes active tokens only
 */
export function stepAttention(
  heads: { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor },
  active: Tensor,
  state: Tensors,
  p: Tensors,
  r: SmaSizes,
): { readonly mixed: Tensor; readonly state: Record<string, Tensor> } {
  const [batch] = heads.q.shape as [number];
  const size = r.window_size;
  const [position, count] = [state['position']!, state['count']!];
  const q = turn(g.mul(heads.q, scaleOf(r)), position, r);
  const k = turn(heads.k, position, r);
  // The ring and the token itself: (batch, window + 1, …).
  const keys = g.concat([state['key']!, g.unsqueeze(k, 1)], 1);
  const values = g.concat([state['value']!, g.unsqueeze(heads.v, 1)], 1);
  let scores = g.squeeze(g.matmul(g.unsqueeze(q, 1), g.transpose(keys, [0, 2, 1])), 1);
  const slots = g.unsqueeze(g.cast(g.iota(size), 'float32'), 0);
  const column = g.unsqueeze(count, 1);
  if (r.rel_pos_bias === 'simple') scores = g.add(scores, bias(state, slots, column, p, r));
  const filled = g.cast(g.less(slots, column), 'float32');
  const seen = g.concat([filled, g.ones([batch, 1])], 1);
  const mixed = g.squeeze(g.matmul(g.unsqueeze(weigh(scores, seen, r), 1), values), 1);
  const here = g.equal(slots, modulo(column, size));
  const chosen = g.greater(g.mul(g.cast(here, 'float32'), g.unsqueeze(active, 1)), 0.5);
  const wide = g.unsqueeze(chosen, 2);
  return {
    mixed,
    state: {
      key: g.where(wide, g.unsqueeze(k, 1), state['key']!),
      value: g.where(wide, g.unsqueeze(heads.v, 1), state['value']!),
      key_position: g.where(chosen, g.unsqueeze(position, 1), state['key_position']!),
      count: g.add(count, active),
      position: g.add(position, 1),
    },
  };
}

/** Bias of every ring place and of the token itself: (batch, window + 1). */
function bias(state: Tensors, slots: Tensor, count: Tensor, p: Tensors, r: SmaSizes): Tensor {
  const [batch] = count.shape as [number];
  const size = r.window_size;
  if (!r.local_pos) {
    const ring = g.sub(state['key_position']!, g.unsqueeze(state['position']!, 1));
    return biasAt(p, g.concat([ring, g.zeros([batch, 1])], 1));
  }
  // How many active tokens ago a place was written: 1 … window.
  const ago = g.add(modulo(g.sub(g.sub(count, slots), 1), size), 1);
  const ring = g.add(g.neg(ago), localDistance(0, r));
  return biasAt(p, g.concat([ring, g.full([batch, 1], localDistance(0, r))], 1));
}
