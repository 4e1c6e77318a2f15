/** @file The gated linear unit: one projection, half of which gates the other. The output map of S4 and its kin. */
import * as z from 'zod';
import type { Tensor } from '../graph';
import type { Tensors } from './define';
import { defineLayer } from './define';
import { activations, gated } from './parts/feed-forward';
import { gaugeGate } from './parts/gauges';
import { probe } from './parts/probe';
import { linearParameters, project } from './parts/projection';

const options = z.strictObject({
  activation: z
    .enum(['sigmoid', 'silu', 'gelu', 'relu', 'tanh', 'identity'])
    .default('sigmoid')
    .describe('Of the gate.'),
  bias: z.boolean().default(true).describe('Bias of the projection.'),
});

type Resolved = z.output<typeof options>;

export const glu = defineLayer({
  name: 'glu',
  title: 'GLU',
  summary: 'Gated linear unit: a projection to twice the width, one half gates the other.',
  description:
    'Mixes channels, not positions, with 2 · d_model² weights and no hidden width. As the output map behind a state ' +
    'space model it is what S4 uses between layers.',
  formula: '[v, gate] = x · linearᵀ + bias,  out = v ⊙ σ(gate)',
  paper: {
    title: 'Language Modeling with Gated Convolutional Networks',
    authors: 'Yann N. Dauphin, Angela Fan, Michael Auli, David Grangier',
    year: 2017,
    url: 'https://arxiv.org/abs/1612.08083',
  },
  options,

  resolve: (o) => o,
  check: () => [],
  causal: () => true,
  parameters: (r, { d_model }) => linearParameters('linear', d_model, 2 * d_model, { bias: r.bias }),

  forward(x, p, r, _dims, ctx) {
    const { y, gate } = unit(x, p, r);
    gaugeGate(ctx, gate);
    if (ctx.probing) ctx.probe('gate', gate);
    return y;
  },

  state: () => ({}),
  step: (x, state, p, r) => ({ y: unit(x, p, r).y, state }),

  probes: {
    gate: probe('What multiplies the other half of the projection.', ['batch', 'time', 'channel']),
  },
});

function unit(x: Tensor, p: Tensors, { activation }: Resolved): { y: Tensor; gate: Tensor } {
  let gate!: Tensor;
  const y = gated(project(x, p, 'linear'), (half) => (gate = activations[activation](half)));
  return { y, gate };
}
