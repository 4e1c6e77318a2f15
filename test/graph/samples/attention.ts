/** @file Samples of softmax attention: what a query may look at, grouped heads, blocks of queries. */
import * as g from '../../../src/graph';
import { float, ids, type Sample } from './sample';

interface Sizes {
  readonly batch?: number;
  readonly heads: number;
  /** Key heads. */
  readonly shared?: number;
  readonly time: number;
}

function attention(name: string, sizes: Sizes, sight: g.Sight, padded = false): Sample {
  const { batch = 2, heads, shared = heads, time } = sizes;
  return {
    name: `attention, ${name}`,
    inputs: [
      float(batch, heads, time, 3),
      float(batch, shared, time, 3),
      float(batch, shared, time, 2),
      ...(padded ? [ids(time - 2, batch)] : []),
    ],
    build(q, k, v, more) {
      // At least three tokens are real.
      const real = more && g.cast(g.less(g.iota(time), g.add(g.unsqueeze(more, 1), 3)), 'float32');
      return g.attention({ ...{ q: q!, k: k!, v: v! }, ...sight, ...(real && { real }) });
    },
    tolerance: 4e-6,
  };
}

const all = { causal: false };
const causal = { causal: true };

export const attentionSamples: readonly Sample[] = [
  attention('of everything', { heads: 2, time: 5 }, all),
  attention('causal', { heads: 2, time: 5 }, causal),
  attention('one position', { heads: 2, time: 1 }, causal),
  attention('heads that share keys', { heads: 6, shared: 2, time: 4 }, causal),
  attention('one key head', { heads: 3, shared: 1, time: 4 }, all),
  attention('a causal window', { heads: 1, time: 9 }, { causal: true, window: 3 }),
  attention('a window on both sides', { heads: 1, time: 9 }, { causal: false, window: 3 }),
  attention('a window of one', { heads: 1, time: 4 }, { causal: false, window: 1 }),
  attention('a window wider than time', { heads: 1, time: 4 }, { causal: false, window: 9 }),
  attention('padding', { heads: 2, shared: 1, time: 6 }, all, true),
  attention('padding and a window', { batch: 3, heads: 1, time: 7 }, { causal: false, window: 5 }, true),
  attention('causal blocks', { batch: 1, heads: 1, time: 150 }, causal),
];
