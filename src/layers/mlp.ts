/** @file The feed-forward layer: SwiGLU as in the authors' `GatedMLP`, or one projection and an activation. */
import * as z from 'zod';
import * as g from '../graph';
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
} from './feed-forward';
import { gauged } from './gauges';

const options = z.strictObject({
  d_intermediate: z
    .int()
    .positive()
    .optional()
    .describe('Hidden width before rounding; 8/3 · d_model for swiglu, 4 · d_model otherwise, unless given.'),
  activation: z
    .enum(['swiglu', 'gelu', 'silu', 'relu', 'relu2'])
    .default('swiglu')
    .describe(
      'swiglu: value · silu(gate), two projections; otherwise one projection: exact GELU, SiLU, ReLU or its square.',
    ),
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

const activate =
  ({ activation, gate_scale: factor = 1 }: z.output<typeof options>, ctx: ForwardContext = UNSEEN) =>
  (wide: Tensor): Tensor =>
    activation === 'swiglu'
      ? gated(
          wide,
          gauged(ctx, (gate) => activations.silu(factor === 1 ? gate : g.mul(gate, factor))),
        )
      : gauged(ctx, activations[activation])(wide);
