/**
 * @file Mixture of experts: a router picks a few of many feed-forward layers for every token. The experts lie side by
 * side in one wide layer, so that a sequence is two products and only the picked channels count.
 */
import * as z from 'zod';
import * as g from '../graph';
import type { Tensor } from '../graph';
import { defineLayer, type Dims, type Problem, type Tensors } from './define';
import { activate, activationOption, feedForward } from './parts/feed-forward';
import { gaugeGate } from './parts/gauges';
import { zeros } from './init';
import { probe } from './parts/probe';
import { linearParameters, project, residualInit } from './parts/projection';

const options = z.strictObject({
  num_experts: z.int().min(2).max(4096).default(8).describe('Experts to choose from.').meta({ symbol: 'E' }),
  top_k: z.int().positive().default(2).describe('Experts that every token is sent to.').meta({ symbol: 'k' }),
  d_intermediate: z
    .int()
    .positive()
    .optional()
    .describe('Hidden width of each expert; 8/3 · d_model for swiglu, 4 · d_model otherwise, unless given.'),
  activation: activationOption,
  scores: z
    .enum(['softmax', 'sigmoid'])
    .default('softmax')
    .describe('What the router makes of its outputs, over all experts.'),
  norm_topk_prob: z
    .boolean()
    .default(true)
    .describe('The scores of the chosen experts are divided by their sum: a softmax over the chosen alone.'),
  routed_scaling_factor: z.number().positive().default(1).describe('Factor of what the chosen experts give.'),
  correction_bias: z
    .boolean()
    .default(false)
    .describe('A bias of each score that counts in the choice and not in the weight; it is not trained.'),
  n_group: z
    .int()
    .positive()
    .default(1)
    .describe('Groups of experts, of which a token is sent to the best `topk_group` alone.')
    .meta({ symbol: 'G' }),
  topk_group: z
    .int()
    .positive()
    .default(1)
    .describe('Groups that a token may be sent to; a group counts as its two best experts.'),
  d_shared: z
    .int()
    .min(0)
    .default(0)
    .describe('Hidden width of an expert that every token meets; 0 for none.'),
  shared_bias: z.boolean().default(false).describe('Biases of that expert.'),
});

type Resolved = z.output<typeof options> & { readonly d_hidden: number };

/** Copying the weights of an expert and computing with them takes as long as computing with this many in place. */
const COPY = 2;
/** Keeps sigmoids that all vanish from dividing by zero. */
const TINY = 1e-20;

function groupProblems({
  num_experts: E,
  n_group: G,
  topk_group,
  top_k,
}: z.output<typeof options>): Problem[] {
  if (G === 1) return [];
  if (E % G !== 0 || E / G < 2) {
    return [
      { path: ['n_group'], message: `n_group (${G}) must divide num_experts (${E}), at most into pairs.` },
    ];
  }
  if (topk_group > G) {
    return [{ path: ['topk_group'], message: `topk_group (${topk_group}) is more than n_group (${G}).` }];
  }
  if (top_k <= (topk_group * E) / G) return [];
  const room = `${topk_group} of ${G} groups have ${(topk_group * E) / G} experts`;
  return [{ path: ['top_k'], message: `${room}, fewer than top_k (${top_k}).` }];
}

const parts = ({ activation }: Resolved): 1 | 2 => (activation === 'swiglu' ? 2 : 1);

export const moe = defineLayer({
  name: 'moe',
  title: 'Mixture of experts',
  summary: 'Feed-forward layer of which every token uses a few of many parts.',
  description:
    'Mixes channels, not positions. The router gives every expert a score, and a token meets the `top_k` best, ' +
    'weighted by their scores. With `n_group` they are chosen from its best groups. Switch, Mixtral and Granite weight by a softmax over the chosen, Jamba by one over ' +
    'all, Nemotron-H by sigmoids. Sequences compute with all experts; one token with the chosen ones, where that ' +
    'is faster.',
  formula:
    's = softmax(x · routerᵀ),  T = top-k of s,  out = Σ_{e ∈ T} s_e / Σ_T s · fc2_e f(fc1_e x) + shared(x)',
  paper: {
    title: 'Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer',
    authors:
      'Noam Shazeer, Azalia Mirhoseini, Krzysztof Maziarz, Andy Davis, Quoc Le, Geoffrey Hinton, Jeff Dean',
    year: 2017,
    url: 'https://arxiv.org/abs/1701.06538',
  },
  options,

  resolve: (o, dims): Resolved => ({
    ...o,
    d_hidden:
      o.d_intermediate ?? (o.activation === 'swiglu' ? Math.floor((8 * dims.d_model) / 3) : 4 * dims.d_model),
  }),
  check: (o) => [
    ...(o.top_k > o.num_experts
      ? [
          {
            path: ['top_k'],
            message: `top_k (${o.top_k}) is more than num_experts (${o.num_experts}).`,
            suggestion: o.num_experts,
          },
        ]
      : []),
    ...groupProblems(o),
    ...(o.shared_bias && o.d_shared === 0
      ? [{ path: ['shared_bias'], message: 'shared_bias needs a shared expert: set d_shared.' }]
      : []),
  ],
  causal: () => true,

  parameters(r, dims) {
    const { num_experts: E, d_hidden: f, d_shared } = r;
    const { d_model: d } = dims;
    const shared = {
      ...linearParameters('shared.fc1', d, parts(r) * d_shared, { bias: r.shared_bias }),
      ...linearParameters('shared.fc2', d_shared, d, {
        bias: r.shared_bias,
        init: residualInit(d_shared, dims),
      }),
    };
    return {
      ...linearParameters('router', d, E),
      ...(r.correction_bias
        ? { 'router.e_score_correction_bias': { shape: [E], init: zeros, decay: false, frozen: true } }
        : {}),
      // Rows of fc1: the values of expert after expert, then their gates. Columns of fc2: expert after expert.
      ...linearParameters('experts.fc1', d, parts(r) * E * f),
      ...linearParameters('experts.fc2', E * f, d, { init: residualInit(f, dims) }),
      ...(d_shared > 0 ? shared : {}),
    };
  },
  idle: (r, { d_model }) => (r.num_experts - r.top_k) * (parts(r) + 1) * r.d_hidden * d_model,

  forward(x, p, r, _dims, ctx) {
    const { weights } = route(x, p, r);
    gaugeGate(ctx, weights);
    if (ctx.probing) ctx.probe('routing', weights);
    return withShared(x, experts(x, weights, p, r), p, r);
  },

  state: () => ({}),
  step(x, state, p, r, dims) {
    const { weights, positions } = route(x, p, r);
    const [batch] = x.shape as [number];
    const few = COPY * batch * r.top_k <= r.num_experts && !g.quantizedMatrix(p['experts.fc1.weight']!);
    const y = few ? chosen(x, weights, positions, p, r, dims) : experts(x, weights, p, r);
    return { y: withShared(x, y, p, r), state };
  },

  probes: {
    routing: probe('Weights of the experts, 0 of those not chosen.', ['batch', 'time', 'expert'], 'positive'),
  },
});

/** Weights of all experts, (…, E), 0 of those not chosen; and which are, (…, k). */
function route(x: Tensor, p: Tensors, r: Resolved): { weights: Tensor; positions: Tensor } {
  const last = x.shape.length - 1;
  const logits = project(x, p, 'router');
  const scores = r.scores === 'softmax' ? g.softmax(logits, last) : g.sigmoid(logits);
  const bias = p['router.e_score_correction_bias'];
  const choice = g.stopGradient(bias ? g.add(scores, bias) : scores);
  const { positions } = g.topK(r.n_group > 1 ? withinGroups(choice, r) : choice, r.top_k, last);
  const picked = g.mul(scores, g.sum(g.oneHot(positions, r.num_experts), [last]));
  const normed = r.norm_topk_prob ? g.div(picked, g.add(g.sum(picked, [last], true), TINY)) : picked;
  return {
    weights: r.routed_scaling_factor === 1 ? normed : g.mul(normed, r.routed_scaling_factor),
    positions,
  };
}

/** Scores of the experts in the best groups, 0 of all others. (DeepSeek-AI, 2024, arXiv 2412.19437, section 2.1.2.) */
function withinGroups(scores: Tensor, { num_experts: E, n_group: G, topk_group }: Resolved): Tensor {
  const axis = scores.shape.length - 1;
  const groups = g.reshape(scores, [...scores.shape.slice(0, -1), G, E / G]);
  const best = g.sum(g.topK(groups, 2, axis + 1).values, [axis + 1]);
  const open = g.sum(g.oneHot(g.topK(best, topk_group, axis).positions, G), [axis]);
  return g.reshape(g.mul(groups, g.unsqueeze(open, axis + 1)), scores.shape);
}

/** All experts as one wide layer whose hidden channels are weighted: (…, d_model). */
function experts(x: Tensor, weights: Tensor, p: Tensors, r: Resolved): Tensor {
  const hidden = activate(r)(project(x, p, 'experts.fc1'));
  return project(weighted(hidden, weights), p, 'experts.fc2');
}

function weighted(hidden: Tensor, weights: Tensor): Tensor {
  const count = weights.shape.at(-1)!;
  const channels = g.reshape(hidden, [...weights.shape, hidden.shape.at(-1)! / count]);
  return g.reshape(g.mul(channels, g.unsqueeze(weights, weights.shape.length)), hidden.shape);
}

/** The same with copies of the chosen experts alone, token after token: (batch, d_model). */
function chosen(
  x: Tensor,
  weights: Tensor,
  positions: Tensor,
  p: Tensors,
  r: Resolved,
  { d_model: d }: Dims,
): Tensor {
  const { num_experts: E, top_k: k, d_hidden: f } = r;
  const rows = g.reshape(p['experts.fc1.weight']!, [parts(r), E, f * d]);
  const columns = g.reshape(p['experts.fc2.weight']!, [d, E, f]);
  const tokens = Array.from({ length: x.shape[0]! }, (_, i) => {
    const at = g.reshape(g.slice(positions, 0, i, i + 1), [k]);
    const fc1 = g.reshape(g.gather(rows, at, 1), [parts(r) * k * f, d]);
    const fc2 = g.reshape(g.gather(columns, at, 1), [d, k * f]);
    const hidden = activate(r)(g.linear(g.slice(x, 0, i, i + 1), fc1));
    const share = g.gather(g.slice(weights, 0, i, i + 1), at, 1);
    return g.linear(weighted(hidden, share), fc2);
  });
  return tokens.length === 1 ? tokens[0]! : g.concat(tokens, 0);
}

function withShared(x: Tensor, y: Tensor, p: Tensors, r: Resolved): Tensor {
  if (r.d_shared === 0) return y;
  const own = Object.fromEntries(
    Object.entries(p).flatMap(([name, tensor]) =>
      name.startsWith('shared.') ? [[name.slice('shared.'.length), tensor] as const] : [],
    ),
  );
  return g.add(y, feedForward(x, own, activate(r)));
}
