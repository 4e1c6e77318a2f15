/**
 * @file DSS: diagonal state spaces whose kernels are normalised over the length (softmax) or not (exp), in the block
 * of S4. After "Diagonal State Spaces are as Effective as Structured State Spaces" and its form in state-spaces/s4
 * (models/s4/s4.py at e757cef, `disc: dss`).
 */
import * as z from 'zod';
import { defineLayer, type Dims } from './define';
import {
  convolveDiagonal,
  diagonalParameters,
  diagonalSpace,
  modes,
  stepDiagonal,
  weights,
  writtenKernel,
  type DiagonalSizes,
} from './lti/diagonal-ssm';
import { checkKernelLength, kernelLength, lengthField } from './lti/kernel-length';
import { diagonalProbes, probeDiagonal } from './lti/probes';
import {
  blockDropout,
  blockFields,
  blockParameters,
  blockProblems,
  blockState,
  channelMajor,
  convolveWritten,
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
  kernel: z
    .enum(['softmax', 'exp'])
    .default('softmax')
    .describe(
      'DSS-softmax: powers divided by their sum over l_max, eigenvalues free; DSS-exp: eigenvalues with negative ' +
        'real part, no normalisation.',
    ),
  l_max: lengthField.describe(
    'Length that the softmax runs over; the length of the data unless given. DSS-exp does not use it.',
  ),
  init: z
    .enum(['diag-legs', 'diag-lin', 'diag-inv', 'diag-rnd'])
    .default('diag-legs')
    .describe(
      'Initial eigenvalues: those of HiPPO-LegS, evenly spaced, inversely spaced, or random frequencies.',
    ),
  ...stepFields,
  ...transformFields,
  ...sharedFields,
  ...blockFields,
});

type Resolved = Omit<z.output<typeof options>, 'l_max'> &
  DiagonalSizes & {
    /** Undefined where neither the option nor the data say it. */
    readonly l_max: number | undefined;
  };

export const dss = defineLayer<typeof options, Resolved>({
  name: 'dss',
  title: 'DSS',
  summary: 'Diagonal state space model whose kernel is a softmax over time (or plain exponentials).',
  description:
    'A time-invariant layer like S4D. In the softmax form every state’s powers are divided by their sum over the ' +
    'length, so eigenvalues may take any sign; the kernel then belongs to one length, `l_max`.',
  formula: [
    'K = Re(C B Λ⁻¹ · row-softmax(P)),  P[n, t] = λₙ Δ t  (softmax)',
    'K[t] = Re Σₙ C B (e^{Δλₙ} − 1) λₙ⁻¹ e^{Δλₙ t}  (exp)',
    'y = K ∗ u + D u,  out = GLU(W · gelu(y) + b)',
  ].join('  \n'),
  paper: {
    title: 'Diagonal State Spaces are as Effective as Structured State Spaces',
    authors: 'Ankit Gupta, Albert Gu, Jonathan Berant',
    year: 2022,
    url: 'https://arxiv.org/abs/2203.14343',
  },
  options,

  resolve(o, dims) {
    const softmax = o.kernel === 'softmax';
    return {
      ...o,
      n_ssm: o.n_ssm ?? dims.d_model,
      l_max: kernelLength(o, dims),
      disc: softmax ? 'softmax' : 'zoh',
      real_transform: softmax ? 'none' : 'exp',
      paired: false,
    };
  },

  check: (o, dims) => [
    ...blockProblems(o, dims),
    ...(o.kernel === 'softmax' ? checkKernelLength(o, dims) : []),
  ],

  causal: (r) => !r.bidirectional,
  parameters: (r, dims) => blockParameters(r, dims, diagonalParameters(r, dims)),

  forward(x, p, r, dims, ctx) {
    const u = channelMajor(seenBy(r, x, ctx));
    const length = x.shape[1]!;
    const m = modes(p, r, dims.d_model, r.l_max ?? length);
    // Modes that may grow stay finite in a written-out kernel only.
    const convolved =
      r.kernel === 'exp'
        ? convolveDiagonal(u, m.a, weights(m), r)
        : convolveWritten(u, writtenKernel(m, length), r);
    const { out, y } = finish(u, convolved, p, r, blockDropout(ctx, r));
    if (ctx.probing) probeDiagonal(ctx, m, { x, u, y, D: p['layer.D']! });
    return out;
  },

  state: blockState,

  step(x, state, p, r, dims) {
    const m = modes(p, r, dims.d_model, decodingLength(r, dims));
    const next = stepDiagonal(x, state['ssm_state']!, m);
    return { y: finishStep(x, next.read, p, r), state: { ssm_state: next.state } };
  },

  prefill: (x, state, p, r, dims) =>
    finishFrom(x, state, diagonalSpace(modes(p, r, dims.d_model, decodingLength(r, dims))), p, r),

  probes: diagonalProbes,
});

/** The length that the kernel was trained for, without which its recurrence is not known. */
const decodingLength = (r: Resolved, dims: Dims): number => r.l_max ?? dims.cache_length ?? 1;
