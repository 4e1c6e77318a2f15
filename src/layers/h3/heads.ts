/** @file What H3 does around its models: queries, keys and values, the products within a head, what is picked. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { Tensors } from '../define';

interface Heads {
  readonly head_dim: number;
  readonly nheads: number;
}

/** q, k and v of x (batch, time, D), each (D, batch, time). */
export function mapped(x: Tensor, p: Tensors): [q: Tensor, k: Tensor, v: Tensor] {
  const [batch, length, D] = x.shape as [number, number, number];
  const rows = g.reshape(x, [batch * length, D]);
  const map = (name: string): Tensor => {
    const bias = g.reshape(p[`${name}.bias`]!, [D, 1]);
    return g.reshape(g.gemm(p[`${name}.weight`]!, rows, false, true, bias), [D, batch, length]);
  };
  return [map('q_proj'), map('k_proj'), map('v_proj')];
}

/** The sequences of every head: (heads, key channel · value channel · batch, time). */
export function products(keys: Tensor, v: Tensor, { head_dim: d, nheads: H }: Heads): Tensor {
  const [, batch, length] = v.shape as [number, number, number];
  const kv = g.mul(g.reshape(keys, [H, d, 1, batch, length]), g.reshape(v, [H, 1, d, batch, length]));
  return g.reshape(kv, [H, d * d * batch, length]);
}

/**
 * What the queries pick from the diagonal model's outputs s with their skip.
 * @param s of the sequences `flat` (heads, rows, time)
 * @returns o (value channel, heads, batch, time), and the layer's output (batch, time, D)
 */
export function pick(q: Tensor, s: Tensor, flat: Tensor, p: Tensors, r: Heads): { o: Tensor; out: Tensor } {
  const { head_dim: d, nheads: H } = r;
  const [D, batch, length] = q.shape as [number, number, number];
  const kept = g.add(s, g.mul(g.reshape(p['D']!, [H, 1, 1]), flat));
  const picked = g.mul(g.reshape(q, [H, d, 1, batch, length]), g.reshape(kept, [H, d, d, batch, length]));
  // Behind the heads, the value channel is the slow index.
  const o = g.transpose(g.sum(picked, [1]), [1, 0, 2, 3]);
  const [weight, bias] = [p['output_linear.weight']!, p['output_linear.bias']!];
  const out = g.gemm(g.reshape(o, [D, batch * length]), weight, true, true, bias);
  return { o, out: g.reshape(out, [batch, length, D]) };
}
