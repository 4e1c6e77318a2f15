/**
 * @file What attention does between its projections: heads, their norms and rotary positions, the weights, and the same
 * token by token or in pieces behind a cache.
 */
import * as g from '../../graph';
import { attendFrom, modulo } from './cache';
import { attendAll, attendBlocks, blocksPay, type Heads } from './softmax';
import type { Dims, ForwardContext, StateSpec, Tensors } from '../define';
import { probe } from '../parts/probe';
import { rotaryAngles } from './rotary';

export interface HeadOptions {
  readonly heads: number;
  readonly num_heads_kv: number;
  readonly head_dim: number;
  readonly causal: boolean;
  readonly window?: number | undefined;
  readonly rotary_emb_dim: number;
  readonly rotary_emb_base: number;
  readonly rotary_emb_interleaved: boolean;
  readonly qk_norm: 'none' | 'rms' | 'l2';
  readonly softmax_scale: number;
  readonly qk_temperature: number | 'learned';
}

/** Positions kept by a decoding cache unless the model says otherwise. */
const DEFAULT_CACHE = 1024;
/** Of the rms norm of queries and keys. */
const EPS = 1e-5;
/** Keeps the length of a zero vector from dividing by zero. */
const TINY = 1e-12;

export const weightsProbe = probe(
  'Weight of every earlier position (key) for every position (query).',
  ['batch', 'head', 'query', 'key'],
  'positive',
);

/** @param qkv q, k and v in the last axis (batch, time, channels); returns (batch, time, heads · head_dim) */
export function attend(qkv: g.Tensor, p: Tensors, r: HeadOptions, ctx: ForwardContext): g.Tensor {
  const [batch, length] = qkv.shape as [number, number, number];
  const parts = separate(qkv, p, r);
  const angles = rotaryAngles(g.cast(g.iota(length), 'float32'), r);
  // (batch, time, heads, head_dim) → (batch, heads, time, head_dim)
  const byHead = (t: g.Tensor, turn: boolean): g.Tensor => {
    const split = g.transpose(t, [0, 2, 1, 3]);
    return turn && angles ? g.rotate(split, angles, pairsOf(r)) : split;
  };
  const heads: Heads = { q: byHead(parts.q, true), k: byHead(parts.k, true), v: byHead(parts.v, false) };
  const mixed = mix(heads, r, length, ctx);
  return g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [batch, length, r.heads * r.head_dim]);
}

export const cacheState = (r: HeadOptions, dims: Dims): StateSpec => ({
  key: [capacity(r, dims), r.num_heads_kv, r.head_dim],
  value: [capacity(r, dims), r.num_heads_kv, r.head_dim],
  // The number of tokens so far, as a float so that every state has the same type.
  position: [],
});

/** One token: `qkv` (batch, channels) and the cache → (batch, heads · head_dim) and the next cache. */
export function attendStep(
  qkv: g.Tensor,
  state: Tensors,
  p: Tensors,
  r: HeadOptions,
  dims: Dims,
): { y: g.Tensor; state: Tensors } {
  const batch = qkv.shape[0]!;
  const parts = separate(qkv, p, r);
  const position = state['position']!;
  const angles = rotaryAngles(position, r);
  const turn = (t: g.Tensor): g.Tensor =>
    angles
      ? g.rotate(t, { cos: g.unsqueeze(angles.cos, 1), sin: g.unsqueeze(angles.sin, 1) }, pairsOf(r))
      : t;
  const places = capacity(r, dims);
  const slots = g.unsqueeze(g.cast(g.iota(places), 'float32'), 0);
  const now = g.unsqueeze(position, 1);
  const here = g.reshape(g.equal(slots, placeOf(now, r, places)), [batch, places, 1, 1]);
  const key = g.where(here, g.unsqueeze(turn(parts.k), 1), state['key']!);
  const value = g.where(here, g.unsqueeze(parts.v, 1), state['value']!);
  const shared = [batch, r.num_heads_kv, r.heads / r.num_heads_kv, r.head_dim];
  const q = g.reshape(turn(parts.q), shared);
  const scores = g.matmul(q, g.transpose(key, [0, 2, 3, 1]));
  const empty = g.reshape(g.greater(slots, now), [batch, 1, 1, places]);
  const weights = g.softmax(g.where(empty, g.scalar(g.HIDDEN), scores), 3);
  const mixed = g.matmul(weights, g.transpose(value, [0, 2, 1, 3]));
  return {
    y: g.reshape(mixed, [batch, r.heads * r.head_dim]),
    state: { key, value, position: g.add(position, 1) },
  };
}

/** Several tokens: `qkv` (batch, time, channels) behind the cache → (batch, time, heads · head_dim) and the next cache. */
export function attendPrefill(
  qkv: g.Tensor,
  state: Tensors,
  p: Tensors,
  r: HeadOptions,
): { y: g.Tensor; state: Tensors } {
  const length = qkv.shape[1]!;
  const parts = separate(qkv, p, r);
  const start = state['position']!;
  const steps = g.unsqueeze(g.cast(g.iota(length), 'float32'), 0);
  const angles = rotaryAngles(g.add(g.unsqueeze(start, 1), steps), r);
  const turn = (t: g.Tensor): g.Tensor =>
    angles
      ? g.rotate(t, { cos: g.unsqueeze(angles.cos, 2), sin: g.unsqueeze(angles.sin, 2) }, pairsOf(r))
      : t;
  const heads = { q: turn(parts.q), k: turn(parts.k), v: parts.v };
  const before = { key: state['key']!, value: state['value']! };
  const { mixed, cache } = attendFrom(heads, before, start, r.window);
  return { y: mixed, state: { ...cache, position: g.add(start, length) } };
}

const pairsOf = (r: HeadOptions): 'neighbours' | 'halves' =>
  r.rotary_emb_interleaved ? 'neighbours' : 'halves';

/** Positions that decoding keeps: the window's, where there is one. */
const capacity = (r: HeadOptions, dims: Dims): number =>
  Math.min(dims.cache_length ?? DEFAULT_CACHE, r.window ?? Infinity);

/** The cache's place for a position. With a window the newest token takes the place of the one that leaves it. */
const placeOf = (position: g.Tensor, r: HeadOptions, places: number): g.Tensor =>
  r.window === undefined || places < r.window ? position : modulo(position, places);

/** q, k and v (…, heads, head_dim) from the last axis; queries and keys normed, the scores' scale in the queries. */
function separate(x: g.Tensor, p: Tensors, r: HeadOptions): { q: g.Tensor; k: g.Tensor; v: g.Tensor } {
  const axis = x.shape.length - 1;
  const keys = r.num_heads_kv * r.head_dim;
  const parts = g.split(x, axis, [r.heads * r.head_dim, keys, keys]);
  const [q, k, v] = parts.map((part) =>
    g.reshape(part, [...part.shape.slice(0, axis), part.shape[axis]! / r.head_dim, r.head_dim]),
  ) as [g.Tensor, g.Tensor, g.Tensor];
  const fixed = r.qk_temperature === 'learned' ? 1 : r.qk_temperature;
  const scaledQuery = g.mul(normed(q, p['q_norm.weight'], r), r.softmax_scale / fixed);
  const learned = p['log_temperature'];
  const query = learned ? g.mul(scaledQuery, g.unsqueeze(g.exp(g.neg(learned)), 1)) : scaledQuery;
  return { q: query, k: normed(k, p['k_norm.weight'], r), v };
}

function normed(x: g.Tensor, weight: g.Tensor | undefined, { qk_norm }: HeadOptions): g.Tensor {
  if (weight) return g.rmsNorm(x, weight, EPS);
  if (qk_norm !== 'l2') return x;
  const squares = g.sum(g.square(x), [x.shape.length - 1], true);
  return g.mul(x, g.reciprocal(g.sqrt(g.add(squares, TINY))));
}

/** The values that every query reads, (batch, heads, time, head_dim). */
function mix(heads: Heads, r: HeadOptions, length: number, ctx: ForwardContext): g.Tensor {
  const { causal, window } = r;
  const sight = { causal, window, real: ctx.real };
  if (ctx.probing) {
    const { weights, mixed } = attendAll(heads, sight);
    ctx.probe('attention', weights);
    return mixed;
  }
  if (window !== undefined && blocksPay(length, r)) return attendBlocks(heads, { ...sight, window });
  return g.attention({ ...heads, ...sight });
}
