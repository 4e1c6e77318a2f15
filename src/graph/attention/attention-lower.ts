/**
 * @file The lowering of attention: a block of queries at a time. A causal block multiplies with the keys up to its end
 * only, which saves up to half of the work. Weights that are too large to be kept are computed again for the gradient,
 * block by block, which then needs memory for one of them (Dao et al., "FlashAttention", 2022).
 */
import { HIDDEN } from '../hidden';
import { add, minimum, mul, sub } from '../ops/elementwise/binary';
import { less } from '../ops/elementwise/compare';
import { cast, where } from '../ops/elementwise/select';
import { scalar } from '../ops/leaves';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { softmax } from '../ops/reduce/softmax';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import { barrier, behind } from '../transform/checkpoint';
import type { ExpandContext, Expansion, Tensor } from '../types';
import type { AttentionAttributes } from './attention';
import { blocksOf, maskOf, type Block } from './blocks';

/** Attention over what its operands say, by block. */
class Divided {
  readonly blocks: readonly Block[];
  /** Of all weights, bytes. */
  readonly bytes: number;
  readonly #shared: number;

  constructor(
    readonly operands: readonly Tensor[],
    readonly attributes: AttentionAttributes,
    largest: number,
  ) {
    const [q, k] = operands as [Tensor, Tensor];
    const [batch, heads, time] = q.shape as [number, number, number];
    const squares = 4 * batch * heads;
    this.#shared = k.shape[1]!;
    this.blocks = blocksOf(time, squares * time, attributes, largest);
    this.bytes = this.blocks.reduce((all, b) => all + squares * (b.to - b.from) * (b.end - b.first), 0);
  }

  /** A block's queries, (batch, key heads, heads of each · query, width): those of a key head below each other. */
  rows(x: Tensor, { from, to }: Block): Tensor {
    const [batch, heads, , width] = x.shape as [number, number, number, number];
    return reshape(slice(x, 2, from, to), [batch, this.#shared, (heads / this.#shared) * (to - from), width]);
  }

  /** The inverse of `rows`: (batch, heads, query, width). */
  heads(x: Tensor, { from, to }: Block): Tensor {
    const [batch, heads] = this.operands[0]!.shape as [number, number];
    return reshape(x, [batch, heads, to - from, x.shape[3]!]);
  }

  /** A block's keys or values. */
  keys = (x: Tensor, { first, end }: Block): Tensor => slice(x, 2, first, end);

  /** Added to a block's scores: zero where a query may look, (1 or batch, 1, query, key). */
  mask(block: Block): Tensor | undefined {
    const own = maskOf(block, this.attributes);
    if (!this.attributes.hasReal) return own;
    const real = slice(this.operands[3]!, 1, block.first, block.end);
    const [batch, keys] = real.shape as [number, number];
    const padded = reshape(where(less(real, 0.5), scalar(HIDDEN), scalar(0)), [batch, 1, 1, keys]);
    return own ? minimum(padded, own) : padded;
  }

  /** In float32, (batch, key heads, rows, key). @param q the block's queries, as rows */
  weights(q: Tensor, block: Block): Tensor {
    const scores = cast(product(q, this.keys(this.operands[1]!, block), false, true), 'float32');
    const mask = this.mask(block);
    const shown = this.heads(scores, block);
    return reshape(softmax(mask ? add(shown, mask) : shown, 3), scores.shape);
  }

  /**
   * Gradients of scores without those that were hidden: where a query sees padding alone, weights are not zero. A causal
   * query sees itself at least.
   */
  seen(dScores: Tensor, block: Block): Tensor {
    if (!this.attributes.hasReal) return dScores;
    const hidden = less(this.mask(block)!, HIDDEN / 2);
    return reshape(where(hidden, scalar(0), this.heads(dScores, block)), dScores.shape);
  }
}

export function expandAttention(
  inputs: readonly Tensor[],
  attributes: AttentionAttributes,
  { keptBytes, largest }: ExpandContext,
): Expansion {
  const all = new Divided(inputs, attributes, largest);
  const [q, , v] = inputs as [Tensor, Tensor, Tensor];
  const saved: Record<string, Tensor> = {};
  const read = all.blocks.map((block, i) => {
    const weights = cast(all.weights(all.rows(q, block), block), v.dtype as 'float32');
    if (all.bytes <= keptBytes) saved[`weights.${i}`] = weights;
    return all.heads(product(weights, all.keys(v, block), false, false), block);
  });
  return { outputs: [concat(read, 2)], saved };
}

/**
 * With weights W and dW = dy vᵀ: of the scores dS = W ∘ (dW − Σ W ∘ dW). The sum is ⟨dy, W v⟩ too, which is a number
 * per query and cheaper, but rounded otherwise than dW: where one weight is nearly 1 the difference should vanish.
 */
export function expandAttentionGradient(
  [, ...inputs]: readonly Tensor[],
  attributes: AttentionAttributes,
  { largest, saved }: ExpandContext,
): Expansion {
  const operands = inputs.slice(0, -1);
  const dy = inputs.at(-1)!;
  const [q, k, v] = operands as [Tensor, Tensor, Tensor];
  const all = new Divided(operands, attributes, largest);
  const dtype = q.dtype as 'float32';
  const dq: Tensor[] = [];
  let [dk, dv]: (Tensor | undefined)[] = [];
  for (const [i, block] of all.blocks.entries()) {
    const kept = saved(0)[`weights.${i}`];
    // Without the dependence all blocks could be computed at once, and be found to be those of the forward pass.
    const done = i === 0 ? [] : [dq.at(-1)!, dk!, dv!];
    const given = kept ? all.rows(dy, block) : behind(all.rows(dy, block), done);
    const own = kept ? all.rows(q, block) : add(all.rows(q, block), barrier(given, q));
    const weights = kept ?? all.weights(own, block);
    const dWeights = cast(product(given, all.keys(v, block), false, true), 'float32');
    const weight = cast(weights, 'float32');
    const mean = sum(mul(weight, dWeights), [3], true);
    const scores = cast(all.seen(mul(weight, sub(dWeights, mean)), block), dtype);
    dq.push(all.heads(product(scores, all.keys(k, block), false, false), block));
    const { first, end } = block;
    // Sums over the blocks in float32, even of halves.
    const plus = (total: Tensor | undefined, part: Tensor): Tensor => {
      const spread = pad(cast(part, 'float32'), 2, first, k.shape[2]! - end);
      return total ? add(total, spread) : spread;
    };
    dk = plus(dk, product(scores, own, true, false));
    dv = plus(dv, product(cast(weights, dtype), given, true, false));
  }
  return { outputs: [concat(dq, 2), cast(dk!, dtype), cast(dv!, dtype)] };
}
