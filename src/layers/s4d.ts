/**
 * @file S4D: a state space model with diagonal complex state matrices, computed by passing states between chunks
 * instead of Fourier transforms. After `S4Block` with `SSMKernelDiag` in state-spaces/s4 (models/s4/s4.py at e757cef).
 */
import * as z from 'zod';
import { defineLayer } from './define';
import {
  convolveDiagonal,
  diagonalParameters,
  diagonalSpace,
  modes,
  stepDiagonal,
  weights,
  type DiagonalSizes,
} from './lti/diagonal-ssm';
import { diagonalProbes, probeDiagonal } from './lti/probes';
import {
  blockDropout,
  blockFields,
  blockParameters,
  blockProblems,
  blockState,
  channelMajor,
  finish,
  finishFrom,
  finishStep,
  seenBy,
  sharedFields,
  stateSize,
  stepFields,
  transformFields,
} from './lti/s4-block';

const options = z.strictObject({
  d_state: stateSize,
  init: z
    .enum(['diag-lin', 'diag-inv', 'diag-legs', 'diag-real', 'diag-quad', 'diag-rnd'])
    .default('diag-lin')
    .describe(
      'Initial eigenvalues: −½ + iπn (lin), −½ + i(N/π)(N/(2n+1) − 1) (inv), those of HiPPO-LegS (legs), ' +
        '−(n+1) (real), −½ + i(2n+1)²/π (quad), or random frequencies (rnd).',
    ),
  disc: z
    .enum(['zoh', 'bilinear'])
    .default('zoh')
    .describe('Discretisation: zero-order hold or bilinear (Tustin).'),
  ...stepFields,
  ...transformFields,
  real_transform: z
    .enum(['exp', 'relu', 'softplus'])
    .default('exp')
    .describe('Positive function that gives −Re A from its parameter.'),
  ...sharedFields,
  ...blockFields,
});

type Resolved = DiagonalSizes & z.output<typeof options>;

export const s4d = defineLayer<typeof options, Resolved>({
  name: 's4d',
  title: 'S4D',
  summary:
    'Time-invariant state space model with a diagonal complex state matrix: one long kernel per channel.',
  description:
    'A linear recurrence per channel with `d_state / 2` complex states, the same at every token, followed by a ' +
    'gated linear map. Remembers over long ranges, but cannot choose what to remember. Trained in parallel, ' +
    'decoded with a constant state.',
  formula: [
    'x′ = A x + B u,  A = diag(λ),  Re λ < 0',
    'Ā = exp(ΔA),  B̄ = (Ā − 1) A⁻¹ B  (zero-order hold)',
    'xₜ = Ā xₜ₋₁ + B̄ uₜ,  yₜ = 2 Re(C xₜ) + D uₜ',
    'out = GLU(W · gelu(y) + b)',
  ].join('  \n'),
  paper: {
    title: 'On the Parameterization and Initialization of Diagonal State Space Models',
    authors: 'Albert Gu, Ankit Gupta, Karan Goel, Christopher Ré',
    year: 2022,
    url: 'https://arxiv.org/abs/2206.11893',
  },
  options,

  resolve: (o, dims) => ({ ...o, n_ssm: o.n_ssm ?? dims.d_model }),
  check: blockProblems,
  causal: (r) => !r.bidirectional,
  parameters: (r, dims) => blockParameters(r, dims, diagonalParameters(r, dims)),

  forward(x, p, r, dims, ctx) {
    const u = channelMajor(seenBy(r, x, ctx));
    const m = modes(p, r, dims.d_model);
    const { out, y } = finish(u, convolveDiagonal(u, m.a, weights(m), r), p, r, blockDropout(ctx, r));
    if (ctx.probing) probeDiagonal(ctx, m, { x, u, y, D: p['layer.D']! });
    return out;
  },

  state: blockState,

  step(x, state, p, r, dims) {
    const next = stepDiagonal(x, state['ssm_state']!, modes(p, r, dims.d_model));
    return { y: finishStep(x, next.read, p, r), state: { ssm_state: next.state } };
  },

  prefill: (x, state, p, r, dims) => finishFrom(x, state, diagonalSpace(modes(p, r, dims.d_model)), p, r),

  probes: diagonalProbes,
});
