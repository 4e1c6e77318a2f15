/**
 * @file Local attention over the tokens that were activated. They are brought to the front of their sequence, in
 * order, and attend within `window_size` places there; what they carry of their position is the original one. Sizes
 * do not depend on the data: places behind the last active token are there and seen by nobody, which changes nothing.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { neighbours } from '../attention/softmax';
import type { Tensors } from '../define';
import { keepAll, type Drop } from '../parts/dropout';
import { rotaryAngles } from '../attention/rotary';

export interface SmaSizes {
  readonly zdim: number;
  readonly hdim: number;
  readonly window_size: number;
  readonly bidirectional: boolean;
  readonly attention_activation: 'relu2' | 'softmax';
  readonly rel_pos_bias: 'simple' | 'rotary';
  readonly local_pos: boolean;
  readonly max_positions: number;
}

/** Where the active tokens of each sequence go, and where they come from. */
export interface Compression {
  /** Place of a token among the active ones (batch, time), for inactive tokens that of the last one before. */
  readonly place: Tensor;
  /** Original position of every place (batch, time), 0 behind the last. */
  readonly position: Tensor;
  /** Number of active tokens (batch, 1). */
  readonly count: Tensor;
}

/** @param active 1 or 0 per token, (batch, time), without gradient */
export function compress(active: Tensor): Compression {
  const [batch, length] = active.shape as [number, number];
  const sums = g.cumsum(active, 1);
  const place = g.sub(sums, 1);
  const positions = g.cast(g.iota(length), 'float32');
  const chosen = g.greater(active, 0.5);
  // Inactive tokens go behind, each to a place of its own.
  const target = g.where(chosen, place, g.unsqueeze(g.add(positions, length), 0));
  const updates = g.expand(g.unsqueeze(positions, 0), [batch, length]);
  const spread = g.scatterAdd(g.zeros([batch, 2 * length]), g.cast(target, 'int32'), updates, 1, {
    distinct: true,
  });
  const count = g.slice(sums, 1, length - 1, length);
  const filled = g.less(g.unsqueeze(positions, 0), count);
  const position = g.where(filled, g.slice(spread, 1, 0, length), g.scalar(0));
  return { place: g.maximum(place, 0), position, count };
}

/** Rows of x (batch, time, width) at places (batch, time), as floats. */
export function rowsAt(x: Tensor, places: Tensor): Tensor {
  const [batch, length, width] = x.shape as [number, number, number];
  const starts = g.constant(
    Float32Array.from({ length: batch }, (_, b) => b * length),
    [batch, 1],
  );
  const flat = g.reshape(g.cast(g.add(places, starts), 'int32'), [batch * length]);
  return g.reshape(g.gather(g.reshape(x, [batch * length, width]), flat, 0), [batch, length, width]);
}

/** Weights from scores whose hidden entries are marked by 0 in `seen`. */
export function weigh(scores: Tensor, seen: Tensor, r: SmaSizes): Tensor {
  if (r.attention_activation === 'relu2') return g.mul(g.square(g.relu(scores)), seen);
  const axis = scores.shape.length - 1;
  return g.softmax(g.add(scores, g.mul(g.sub(1, seen), g.HIDDEN)), axis);
}

/** Factor of the queries: a softmax divides by the root of their width, the squared ReLU by what is in sight. */
export const scaleOf = (r: SmaSizes): number =>
  r.attention_activation === 'softmax' ? r.zdim ** -0.5 : 1 / (r.window_size * (r.bidirectional ? 2 : 1));

/** Bias of every distance key − query, as `max_positions` learned ones to either side; beyond them the outermost. */
export function biasAt(p: Tensors, distance: Tensor): Tensor {
  const table = p['rel_pos_bias.rel_pos_bias']!;
  const entries = table.shape[0]!;
  const middle = (entries - 1) / 2;
  const index = g.minimum(g.maximum(g.add(distance, middle), 0), entries - 1);
  return g.gather(table, g.cast(index, 'int32'), 0);
}

/** Turns queries or keys (batch, …, zdim) by their positions (batch, …), neighbouring channels together. */
export function turn(x: Tensor, positions: Tensor, r: SmaSizes): Tensor {
  if (r.rel_pos_bias !== 'rotary') return x;
  const angles = rotaryAngles(positions, { rotary_emb_dim: r.zdim, rotary_emb_base: 10000 })!;
  return g.rotate(x, angles, 'neighbours');
}

/**
 * @param q,k (batch, place, zdim), @param v (batch, place, hdim), already compressed
 * @returns (batch, place, hdim)
 */
export function localAttention(
  { q, k, v }: { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor },
  { position, count }: Compression,
  p: Tensors,
  r: SmaSizes,
  drop: Drop = keepAll,
): Tensor {
  const [batch, length] = q.shape as [number, number, number];
  const size = Math.min(r.window_size, length);
  const blocks = Math.ceil(length / size);
  const causal = !r.bidirectional;
  const columns = (causal ? 2 : 3) * size;
  const inBlocks = (t: Tensor): Tensor =>
    g.reshape(g.pad(t, 1, 0, blocks * size - length), [batch, blocks, size, t.shape[2]!]);
  const around = (t: Tensor): Tensor => g.squeeze(neighbours(g.unsqueeze(t, 1), size, blocks, causal), 1);
  const turnedQuery = inBlocks(turn(g.mul(q, scaleOf(r)), position, r));
  const turnedKey = around(turn(k, position, r));
  let scores = g.matmul(turnedQuery, g.transpose(turnedKey, [0, 1, 3, 2]));
  if (r.rel_pos_bias === 'simple') {
    scores = g.add(
      scores,
      r.local_pos ? localBias(p, size, columns, r) : farBias(p, position, inBlocks, around),
    );
  }
  const near = Float32Array.from({ length: size * columns }, (_, i) => {
    const ahead = (i % columns) - size - Math.floor(i / columns);
    return Number(Math.abs(ahead) <= r.window_size && (!causal || ahead <= 0));
  });
  const places = Float32Array.from({ length: blocks * columns }, (_, i) => {
    return (Math.floor(i / columns) - 1) * size + (i % columns);
  });
  const place = g.constant(places, [1, blocks, 1, columns]);
  const limit = g.reshape(count, [batch, 1, 1, 1]);
  const real = g.mul(g.cast(g.less(place, limit), 'float32'), g.cast(g.greater(place, -0.5), 'float32'));
  const seen = g.mul(g.constant(near, [1, 1, size, columns]), real);
  const mixed = g.matmul(drop(weigh(scores, seen, r), 'attention'), around(v));
  return g.slice(g.reshape(mixed, [batch, blocks * size, v.shape[2]!]), 1, 0, length);
}

/** By the distance in the original sequence: (batch, block, query, key). */
function farBias(
  p: Tensors,
  position: Tensor,
  inBlocks: (t: Tensor) => Tensor,
  around: (t: Tensor) => Tensor,
): Tensor {
  const column = g.unsqueeze(position, 2);
  const keys = g.transpose(around(column), [0, 1, 3, 2]);
  return biasAt(p, g.sub(keys, inBlocks(column)));
}

/** By the distance among active tokens, counted from the start of the window before: (1, 1, query, key). */
function localBias(p: Tensors, size: number, columns: number, r: SmaSizes): Tensor {
  const distances = Float32Array.from({ length: size * columns }, (_, i) => {
    return localDistance((i % columns) - size - Math.floor(i / columns), r);
  });
  return biasAt(p, g.constant(distances, [1, 1, size, columns]));
}

/** The release takes a query's place in its window for its place in all that is in sight, a window further back. */
export const localDistance = (ahead: number, r: SmaSizes): number => ahead + r.window_size;
