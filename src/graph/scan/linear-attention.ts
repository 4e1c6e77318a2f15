/** @file The fused recurrence of onnxruntime: S[t] = exp(a[t]) S[t-1] + k[t] ⊗ v[t], y[t] = q[t]ᵀ S[t] per head. */
import { check } from '../errors';
import { apply } from '../node';
import { defineOperator } from '../registry';
import type { Operator, Tensor, Value } from '../types';

interface LinearAttentionAttributes {
  readonly heads: number;
}

const linearAttentionOperator: Operator<LinearAttentionAttributes> =
  defineOperator<LinearAttentionAttributes>({
    name: 'linearAttention',
    infer(inputs, { heads }) {
      const [q, k, v] = inputs as [Tensor, Tensor, Tensor];
      const [batch, , width] = v.shape as [number, number, number];
      const dk = k.shape[2]! / heads;
      check(
        Number.isInteger(dk) && q.shape[2] === k.shape[2],
        'linearAttention',
        'widths do not fit',
        inputs,
      );
      return [
        { dtype: 'float32', shape: v.shape },
        { dtype: 'float32', shape: [batch, heads, dk, width / heads] },
      ];
    },
    evaluate,
    lower(emit, inputs, { attributes: { heads } }) {
      const [q, k, v, a, past = ''] = inputs as [string, string, string, string, string?];
      return emit.nodes('LinearAttention', [q, k, v, past, a], {
        domain: 'com.microsoft',
        // Without a scale it divides by the root of the key's width.
        attributes: { q_num_heads: heads, kv_num_heads: heads, update_rule: 'gated', scale: { float: 1 } },
        outputs: 2,
      });
    },
  });

function evaluate([q, k, v, a, past]: readonly Value[], { heads }: LinearAttentionAttributes): Value[] {
  const [batch, L, width] = v!.shape as [number, number, number];
  const [dk, dv] = [k!.shape[2]! / heads, width / heads];
  const state = past ? past.data.slice() : new Float64Array(batch * heads * dk * dv);
  const y = new Float64Array(v!.data.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < L; t++) {
      for (let h = 0; h < heads; h++) {
        const row = (b * L + t) * heads + h;
        const kept = Math.exp(a!.data[row]!);
        for (let i = 0; i < dk; i++) {
          for (let j = 0; j < dv; j++) {
            const at = ((b * heads + h) * dk + i) * dv + j;
            state[at] = kept * state[at]! + k!.data[row * dk + i]! * v!.data[row * dv + j]!;
            y[row * dv + j]! += q!.data[row * dk + i]! * state[at]!;
          }
        }
      }
    }
  }
  return [
    { shape: v!.shape, data: y },
    { shape: [batch, heads, dk, dv], data: state },
  ];
}

/**
 * @param q (B, L, heads · dk)
 * @param k (B, L, heads · dk)
 * @param v (B, L, heads · dv)
 * @param a (B, L, heads), the logarithm of what is kept
 * @param past (B, heads, dk, dv), zeros unless given
 * @returns y (B, L, heads · dv) and the last state
 */
export function linearAttention(
  [q, k, v, a]: readonly [Tensor, Tensor, Tensor, Tensor],
  heads: number,
  past?: Tensor,
): { y: Tensor; state: Tensor } {
  const [y, state] = apply(linearAttentionOperator, [q, k, v, a, ...(past ? [past] : [])], { heads });
  return { y: y!, state: state! };
}
