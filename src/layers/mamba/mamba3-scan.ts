/**
 * @file The recurrence of Mamba-3 on all tokens and on one. Unrolled, the trapezoid gives the input of token j the
 * weight w[j] = λ[j] Δ[j] + (1 − λ[j+1]) Δ[j+1] at every later token: an SSD of w · x with rotated maps, except
 * within a token, where the weight is λ Δ. The ranks of MIMO are rows of their own in time, of which only the first
 * decays the state; what they see of each other within a token is corrected likewise.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Tensors } from '../define';
import { perRankOf, type Mamba3Sizes, type Selected } from './mamba3-select';

export interface Mamba3Scan {
  /** Without the skip: (batch, time, rank, heads, headdim). */
  readonly y: Tensor;
  /** Rotated maps (batch, time, rank, heads, state). */
  readonly B: Tensor;
  readonly C: Tensor;
  /** Angles modulo 2π (batch, time, heads, pairs). */
  readonly angle: Tensor;
  /** Behind the last token: (batch, heads, headdim, state). */
  readonly state: Tensor;
  /** Weight of a token's input for every later token, and for itself: (batch, time, heads). */
  readonly later: Tensor;
  readonly own: Tensor;
}

/** Neighbours of the state are pairs, or with MIMO entry i together with entry i + N/2. */
const pairsOf = (r: Mamba3Sizes): g.Pairs => (r.is_mimo ? 'halves' : 'neighbours');

/** Turns the first pairs of the state. */
function turned(map: Tensor, angle: Tensor, r: Mamba3Sizes): Tensor {
  const wide = g.unsqueeze(angle, 2);
  const angles = { cos: g.cos(wide), sin: g.sin(wide) };
  return g.rotate(map, angles, pairsOf(r), r.d_state);
}

const firstOf = (x: Tensor): Tensor => g.squeeze(g.slice(x, 1, 0, 1), 1);

/** One token later along time: x[t + 1], and zero behind the last. */
const next = (x: Tensor): Tensor => g.pad(g.slice(x, 1, 1, x.shape[1]!), 1, 0, 1);

/** What the tokens before left behind: state and angle, and the last token's rotated input map and input. */
export interface Before {
  readonly state: Tensor;
  /** (batch, heads, pairs) */
  readonly angle: Tensor;
  /** (batch, rank, heads, state) and, as each rank sees it, (batch, rank, heads, headdim). */
  readonly B: Tensor;
  readonly v: Tensor;
}

// (batch, rank, heads, headdim) and (batch, rank, heads, state) → (batch, heads, headdim, state)
const outer = (v: Tensor, k: Tensor): Tensor => g.sum(g.mul(g.unsqueeze(v, 4), g.unsqueeze(k, 3)), [1]);

/** The state that decays into the first token, with the last token's share of the trapezoid. */
function carried({ state, B, v }: Pick<Before, 'state' | 'B' | 'v'>, first: Tensor): Tensor {
  return g.add(state, g.mul(g.unsqueeze(g.unsqueeze(first, 2), 3), outer(v, B)));
}

/** With `before` the angles go on from where they were, and so does the state. */
export function scanMamba3(s: Selected, r: Mamba3Sizes, before?: Before): Mamba3Scan {
  const [batch, length, rank, heads, headdim] = s.v.shape as [number, number, number, number, number];
  const own = g.mul(s.lambda, s.delta);
  const later = g.add(own, next(g.sub(s.delta, own)));
  const rows = (t: Tensor): Tensor => g.reshape(t, [batch, length * rank, heads, t.shape[4]!]);
  const perRank = (t: Tensor): Tensor => g.unsqueeze(g.unsqueeze(t, 2), 4);
  const decay = g.unsqueeze(g.mul(s.delta, s.A), 2);
  const turn = before ? g.add(s.turn, g.pad(g.unsqueeze(before.angle, 1), 1, 0, length - 1)) : s.turn;
  const { Y, finalState } = g.turningSsd({
    X: rows(g.mul(s.v, perRank(later))),
    A: g.reshape(rank > 1 ? g.pad(decay, 2, 0, rank - 1) : decay, [batch, length * rank, heads]),
    B: rows(s.B),
    C: rows(s.C),
    turn,
    pairs: pairsOf(r),
    ...(before ? { initialState: carried(before, firstOf(g.sub(s.delta, own))) } : {}),
    chunkSize: Math.min(r.chunk_size, 64),
  });
  const far = g.reshape(Y, [batch, length, rank, heads, headdim]);
  const angle = g.wrapped(g.accumulated(turn));
  return {
    // Maps of one token have turned alike, and their products as if they had not.
    y: g.add(far, within(s.v, s.B, s.C, own, later)),
    B: turned(s.B, angle, r),
    C: turned(s.C, angle, r),
    angle,
    state: finalState,
    own,
    later,
  };
}

/** What the rows of one token hand each other beyond what the SSD has counted. */
function within(v: Tensor, B: Tensor, C: Tensor, own: Tensor, later: Tensor): Tensor {
  const rank = v.shape[2]!;
  const terms = Array.from({ length: rank }, (_, to) => {
    const query = g.slice(C, 2, to, to + 1);
    const parts = Array.from({ length: rank }, (_unused, from) => {
      const score = g.sum(g.mul(query, g.slice(B, 2, from, from + 1)), [4], true);
      const weight = from <= to ? g.sub(own, later) : own;
      const scaled = g.mul(score, g.unsqueeze(g.unsqueeze(weight, 2), 4));
      return g.mul(scaled, g.slice(v, 2, from, from + 1));
    });
    return parts.reduce((total, part) => g.add(total, part));
  });
  return rank > 1 ? g.concat(terms, 2) : terms[0]!;
}

/** One token: `s` has a time axis of length 1. */
export function stepMamba3(
  s: Selected,
  state: Tensors,
  p: Tensors,
  r: Mamba3Sizes,
): { y: Tensor; state: Record<string, Tensor> } {
  const angle = g.wrapped(g.add(g.unsqueeze(state['angle_state']!, 1), s.turn));
  const [B, C] = [turned(s.B, angle, r), turned(s.C, angle, r)];
  const now = (t: Tensor): Tensor => g.squeeze(t, 1);
  const perHead = (t: Tensor): Tensor => g.unsqueeze(g.unsqueeze(now(t), 2), 3);
  const own = g.mul(s.lambda, s.delta);
  const alpha = g.exp(g.mul(s.delta, s.A));
  const before = {
    state: state['ssm_state']!,
    B: state['k_state']!,
    v: perRankOf(state['v_state']!, p, r),
  };
  const kept = carried(before, now(g.sub(s.delta, own)));
  const h = g.add(g.mul(perHead(alpha), kept), g.mul(perHead(own), outer(now(s.v), now(B))));
  const y = g.sum(g.mul(g.unsqueeze(h, 1), g.unsqueeze(now(C), 3)), [4]);
  return {
    y: g.unsqueeze(y, 1),
    state: { angle_state: now(angle), ssm_state: h, k_state: now(B), v_state: now(s.x) },
  };
}
