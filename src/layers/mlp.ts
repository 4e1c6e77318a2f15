/** @file The feed-forward layer: SwiGLU as in the authors' `GatedMLP`, or one projection and an activation. */
import * as z from 'zod';
import { defineLayer } from './define';
import {
  activate,
  activationOption,
  feedForward,
  hiddenProbe,
  hiddenWidth,
  twoProjections,
  widthOptions,
  widthProblems,
} from './parts/feed-forward';

const options = z.strictObject({
  d_intermediate: z
    .int()
    .positive()
    .optional()
    .describe('Hidden width before rounding; 8/3 · d_model for swiglu, 4 · d_model otherwise, unless given.'),
  activation: activationOption,
  gate_scale: z.number().optional().describe('Factor of the gate in front of silu; 1 unless given.'),
  ...widthOptions,
});

export const mlp = defineLayer({
  name: 'mlp',
  title: 'MLP',
  summary: 'Feed-forward layer, the same map at every position.',
  description: 'Mixes channels, not positions. Placed behind a mixer in a `block`.',
  formula:
    'swiglu: [v, gate] = x · fc1ᵀ,  out = (v ⊙ silu(gate)) · fc2ᵀ  \notherwise: out = f(x · fc1ᵀ) · fc2ᵀ',
  paper: {
    title: 'GLU Variants Improve Transformer',
    authors: 'Noam Shazeer',
    year: 2020,
    url: 'https://arxiv.org/abs/2002.05202',
  },
  options,

  resolve(o, dims) {
    const usual = o.activation === 'swiglu' ? Math.floor((8 * dims.d_model) / 3) : 4 * dims.d_model;
    return { ...o, d_hidden: hiddenWidth(o, usual) };
  },

  check: (o) => [
    ...widthProblems(o),
    ...(o.gate_scale !== undefined && o.activation !== 'swiglu'
      ? [{ path: ['gate_scale'], message: 'gate_scale is for activation swiglu, which has a gate.' }]
      : []),
  ],
  causal: () => true,
  parameters: (r, dims) => twoProjections(r, dims, r.activation === 'swiglu' ? 2 : 1),

  forward: (x, p, r, _dims, ctx) =>
    feedForward(x, p, activate(r, ctx), (hidden) => {
      if (ctx.probing) ctx.probe('hidden', hidden);
    }),

  state: () => ({}),
  step: (x, state, p, r) => ({ y: feedForward(x, p, activate(r)), state }),

  probes: hiddenProbe,
});
