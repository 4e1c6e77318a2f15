/** @file The gated feed-forward layer with any activation of the gate: SwiGLU, GEGLU, ReGLU, GLU, bilinear. */
import * as z from 'zod';
import type { Tensor } from '../graph';
import { defineLayer, UNSEEN, type ForwardContext } from './define';
import {
  activations,
  feedForward,
  gated,
  hiddenProbe,
  hiddenWidth,
  twoProjections,
  widthOptions,
  widthProblems,
} from './parts/feed-forward';
import { gauged } from './parts/gauges';

const options = z.strictObject({
  d_intermediate: z
    .int()
    .positive()
    .optional()
    .describe('Hidden width before rounding; 8/3 · d_model unless given.'),
  activation: z
    .enum(['silu', 'gelu', 'relu', 'relu2', 'sigmoid', 'identity'])
    .default('silu')
    .describe('Of the gate: silu is SwiGLU, gelu GEGLU, relu ReGLU, sigmoid GLU, identity bilinear.'),
  ...widthOptions,
});

export const gatedMlp = defineLayer({
  name: 'gated-mlp',
  title: 'Gated MLP',
  summary: 'Feed-forward layer whose hidden activations are multiplied by a gate.',
  description:
    'Mixes channels, not positions. With `activation: silu` the same map as `mlp` in its default form; the other ' +
    'gates are the variants of the paper.',
  formula: '[v, gate] = x · fc1ᵀ,  out = (v ⊙ f(gate)) · fc2ᵀ',
  paper: {
    title: 'GLU Variants Improve Transformer',
    authors: 'Noam Shazeer',
    year: 2020,
    url: 'https://arxiv.org/abs/2002.05202',
  },
  options,

  resolve: (o, dims) => ({ ...o, d_hidden: hiddenWidth(o, Math.floor((8 * dims.d_model) / 3)) }),
  check: (o) => widthProblems(o),
  causal: () => true,
  parameters: (r, dims) => twoProjections(r, dims, 2),

  forward: (x, p, r, _dims, ctx) =>
    feedForward(x, p, gate(r, ctx), (hidden) => {
      if (ctx.probing) ctx.probe('hidden', hidden);
    }),

  state: () => ({}),
  step: (x, state, p, r) => ({ y: feedForward(x, p, gate(r)), state }),

  probes: hiddenProbe,
});

const gate =
  ({ activation }: z.output<typeof options>, ctx: ForwardContext = UNSEEN) =>
  (wide: Tensor): Tensor =>
    gated(wide, gauged(ctx, activations[activation]));
