/** @file The feed-forward layer: SwiGLU as in the authors' `GatedMLP`, or the plain GELU form. */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer } from './define';
import { linear, scaled } from './init';
import { linearParameters, project } from './projection';

const options = z.strictObject({
  d_intermediate: z
    .int()
    .positive()
    .optional()
    .describe('Hidden width before rounding; 8/3 · d_model when gated, 4 · d_model otherwise, unless given.'),
  activation: z
    .enum(['swiglu', 'gelu'])
    .default('swiglu')
    .describe('swiglu: value · silu(gate), two projections; gelu: one projection and the exact GELU.'),
  multiple_of: z
    .int()
    .positive()
    .default(128)
    .describe('The hidden width is rounded up to a multiple of this.'),
  bias: z.boolean().default(false).describe('Biases of fc1 and fc2.'),
});

export const mlp = defineLayer({
  name: 'mlp',
  title: 'MLP',
  summary: 'Feed-forward layer, the same map at every position.',
  description: 'Mixes channels, not positions. Placed behind a mixer in a `block`.',
  formula:
    'swiglu: [v, gate] = x · fc1ᵀ,  out = (v ⊙ silu(gate)) · fc2ᵀ  \ngelu: out = gelu(x · fc1ᵀ) · fc2ᵀ',
  paper: {
    title: 'GLU Variants Improve Transformer',
    authors: 'Noam Shazeer',
    year: 2020,
    url: 'https://arxiv.org/abs/2002.05202',
  },
  options,

  resolve(o, dims) {
    const wanted =
      o.d_intermediate ?? (o.activation === 'gelu' ? 4 * dims.d_model : Math.floor((8 * dims.d_model) / 3));
    return { ...o, d_hidden: Math.ceil(wanted / o.multiple_of) * o.multiple_of };
  },

  check(o) {
    const rounded = Math.ceil((o.d_intermediate ?? 0) / o.multiple_of) * o.multiple_of;
    if (o.d_intermediate === undefined || rounded === o.d_intermediate) return [];
    return [
      {
        path: ['d_intermediate'],
        message: `d_intermediate is rounded up to ${rounded}, a multiple of multiple_of (${o.multiple_of}).`,
        suggestion: rounded,
        severity: 'warning',
      },
    ];
  },

  causal: () => true,

  parameters(r, dims) {
    const wide = r.activation === 'gelu' ? r.d_hidden : 2 * r.d_hidden;
    const residuals = dims.n_layer * dims.residuals_per_layer;
    return {
      ...linearParameters('fc1', dims.d_model, wide, { bias: r.bias }),
      ...linearParameters('fc2', r.d_hidden, dims.d_model, {
        bias: r.bias,
        init: scaled(linear(r.d_hidden), 1 / Math.sqrt(residuals)),
      }),
    };
  },

  forward(x, p, r, _dims, ctx) {
    const hidden = activate(project(x, p, 'fc1'), r);
    if (ctx.probing) ctx.probe('hidden', hidden);
    return project(hidden, p, 'fc2');
  },

  state: () => ({}),
  step: (x, state, p, r) => ({ y: project(activate(project(x, p, 'fc1'), r), p, 'fc2'), state }),

  probes: {
    hidden: {
      description: 'Hidden activations.',
      axes: ['batch', 'time', 'channel'],
      unit: '',
      sign: 'signed',
    },
  },
});

/** Hidden activations from the first projection (…, width). */
function activate(
  wide: g.Tensor,
  r: { readonly activation: 'swiglu' | 'gelu'; readonly d_hidden: number },
): g.Tensor {
  if (r.activation === 'gelu') return g.gelu(wide);
  const halves = g.split(wide, wide.shape.length - 1, [r.d_hidden, r.d_hidden]);
  const [value, gate] = halves as [g.Tensor, g.Tensor];
  return g.mul(value, g.silu(gate));
}
