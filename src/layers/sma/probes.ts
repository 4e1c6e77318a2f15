/** @file What the views can see of sparse modular activation: which tokens act, and what those look at. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Tensors } from '../define';
import { probe } from '../parts/probe';
import { biasAt, localDistance, scaleOf, turn, weigh, type SmaSizes } from './attention';

export const smaProbes = {
  ssm: probe('Moving average of the sequence, behind SiLU.', ['batch', 'time', 'channel']),
  router_prob: probe('Probability of skipping and of acting.', ['batch', 'time', 'choice'], 'positive'),
  active: probe('1 where the attention unit acts on the token, else 0.', ['batch', 'time'], 'positive'),
  position: probe(
    'Position of the active tokens, first to last; 0 behind the last.',
    ['batch', 'time'],
    'positive',
  ),
  attention: probe(
    'Weight of every active position (key) for every active position (query).',
    ['batch', 'head', 'query', 'key'],
    'positive',
  ),
  attended: probe('What the attention unit adds to the token.', ['batch', 'time', 'channel']),
};

/**
 * The attention in the original sequence, (batch, 1, query, key), 0 where either token is inactive: the whole map at
 * once, by the distance among active tokens. For views; its cost is quadratic.
 */
export function attentionMap(
  { q, k }: { readonly q: Tensor; readonly k: Tensor },
  active: Tensor,
  p: Tensors,
  r: SmaSizes,
): Tensor {
  const [batch, length] = active.shape as [number, number];
  const positions = g.expand(g.unsqueeze(g.cast(g.iota(length), 'float32'), 0), [batch, length]);
  const difference = (t: Tensor): Tensor => g.sub(g.unsqueeze(t, 1), g.unsqueeze(t, 2));
  const ahead = difference(g.cumsum(active, 1));
  const query = turn(g.mul(q, scaleOf(r)), positions, r);
  let scores = g.matmul(query, g.transpose(turn(k, positions, r), [0, 2, 1]));
  if (r.rel_pos_bias === 'simple') {
    const distance = r.local_pos ? g.add(ahead, localDistance(0, r)) : difference(positions);
    scores = g.add(scores, biasAt(p, distance));
  }
  const limit = r.window_size + 0.5;
  const near = g.less(g.abs(ahead), limit);
  const within = r.bidirectional ? near : g.less(g.where(near, ahead, g.scalar(limit)), 0.5);
  const both = g.mul(g.unsqueeze(active, 1), g.unsqueeze(active, 2));
  const seen = g.mul(g.cast(within, 'float32'), both);
  return g.unsqueeze(g.mul(weigh(scores, seen, r), both), 1);
}
