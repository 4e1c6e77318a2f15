/**
 * @file S4: a structured state space model, diagonal plus low rank, that starts from a HiPPO matrix. After `S4Block`
 * with `SSMKernelDPLR` in state-spaces/s4 (models/s4/s4.py at e757cef).
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer, type Dims, type Problem } from './define';
import { dplrKernel, dplrModel, dplrParameters, dplrSpace, stepDplr, type DplrSizes } from './lti/dplr-ssm';
import { smallestRank } from './lti/hippo';
import { checkKernelLength, kernelLength, lengthField } from './lti/kernel-length';
import { kernelProbe, probeSignals, signalProbes } from './lti/probes';
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
import { probe } from './parts/probe';

const options = z.strictObject({
  d_state: stateSize,
  init: z
    .enum(['legs', 'legt', 'fout'])
    .default('legs')
    .describe(
      'HiPPO measure of the initial matrix: scaled Legendre (legs), a sliding window of Legendre polynomials ' +
        '(legt) or of a Fourier basis (fout).',
    ),
  rank: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe('Rank of the low-rank part; 2 for legt, else 1, unless given.'),
  l_max: lengthField.describe(
    'Length that the trained output map belongs to; the length of the data unless given.',
  ),
  ...stepFields,
  ...transformFields,
  ...sharedFields,
  ...blockFields,
});

type Resolved = DplrSizes & Omit<z.output<typeof options>, 'l_max' | 'rank' | 'n_ssm'>;

/** Length where neither the option nor the data say one. */
const DEFAULT_LENGTH = 1024;
/** Largest factor of a length for which the Fourier transform stays cheap. */
const LARGEST_FACTOR = 2048;

const isCheap = (length: number): boolean => g.factorsOf(length).n1 <= LARGEST_FACTOR;

/** The next length with factors that are small enough. */
function cheapLength(length: number): number {
  let found = length;
  while (!isCheap(found)) found++;
  return found;
}

export const s4 = defineLayer<typeof options, Resolved>({
  name: 's4',
  title: 'S4',
  summary:
    'Structured state space model: a HiPPO matrix as diagonal plus low rank, one long kernel per channel.',
  description:
    'The state keeps the coefficients of the past in a polynomial (or Fourier) basis. Its kernel comes from Cauchy ' +
    'sums in the frequency domain (`legs`) or powers of the state matrix, for sequences of `l_max` tokens; decoding ' +
    'takes one linear step per token.',
  formula: [
    'x′ = A x + B u,  A = V (Λ − P P*) V*  (HiPPO)',
    'Ā = (I − Δ/2 A)⁻¹ (I + Δ/2 A),  B̄ = (I − Δ/2 A)⁻¹ Δ B',
    'xₜ = Ā xₜ₋₁ + B̄ uₜ,  yₜ = 2 Re(C xₜ) + D uₜ,  trained: C̃ = C (I − Āᴸ)',
    'out = GLU(W · gelu(y) + b)',
  ].join('  \n'),
  paper: {
    title: 'Efficiently Modeling Long Sequences with Structured State Spaces',
    authors: 'Albert Gu, Karan Goel, Christopher Ré',
    year: 2021,
    url: 'https://arxiv.org/abs/2111.00396',
  },
  options,

  resolve: (o, dims) => ({
    ...o,
    rank: o.rank ?? smallestRank(o.init),
    n_ssm: o.n_ssm ?? dims.d_model,
    l_max: o.l_max ?? cheapLength(kernelLength(o, dims) ?? DEFAULT_LENGTH),
  }),

  check: (o, dims) => [...blockProblems(o, dims), ...checkRank(o), ...checkLength(o, dims)],

  causal: (r) => !r.bidirectional,
  parameters: (r, dims) => blockParameters(r, dims, dplrParameters(r, dims)),

  forward(x, p, r, dims, ctx) {
    const u = channelMajor(seenBy(r, x, ctx));
    const model = dplrModel(p, r, dims.d_model);
    const kernel = dplrKernel(model, r);
    const { out, y } = finish(u, convolveWritten(u, kernel, r), p, r, blockDropout(ctx, r));
    if (ctx.probing) {
      ctx.probe('kernel', kernel);
      ctx.probe('delta', g.reshape(model.delta, [dims.d_model]));
      ctx.probe('A', g.complex.toPairs(model.lambda));
      ctx.probe('B', g.complex.toPairs(model.B));
      ctx.probe('C', g.complex.toPairs(model.C));
      ctx.probe('P', g.complex.toPairs(model.P));
      probeSignals(ctx, x, y, p['layer.D']!);
    }
    return out;
  },

  state: blockState,

  step(x, state, p, r, dims) {
    const model = dplrModel(p, r, dims.d_model);
    const next = stepDplr(x, state['ssm_state']!, model, r);
    return { y: finishStep(x, next.read, p, r), state: { ssm_state: next.state } };
  },

  prefill: (x, state, p, r, dims) => finishFrom(x, state, dplrSpace(dplrModel(p, r, dims.d_model), r), p, r),

  probes: {
    kernel: kernelProbe(),
    delta: probe('Step size Δ.', ['channel'], 'positive'),
    A: probe('Poles Λ of the normal part, real and imaginary parts.', ['channel', 'state', 'complex']),
    B: probe('Input map B in the eigenbasis.', ['channel', 'state', 'complex']),
    C: probe('Trained output map C̃ = C (I − Āᴸ).', ['kernel', 'channel', 'state', 'complex']),
    P: probe('Low-rank part P.', ['rank', 'channel', 'state', 'complex']),
    ...signalProbes,
  },
});

function checkRank(o: z.output<typeof options>): Problem[] {
  const needed = smallestRank(o.init);
  if (o.rank === undefined || o.rank >= needed) return [];
  const message = `init ${o.init} needs rank ${needed}: its matrix is not normal plus rank ${o.rank}.`;
  return [{ path: ['rank'], message, suggestion: needed }];
}

function checkLength(o: z.output<typeof options>, dims: Dims): Problem[] {
  const short = checkKernelLength(o, dims);
  if (short.length > 0 || o.l_max === undefined || isCheap(o.l_max)) return short;
  const message = `l_max (${o.l_max}) has no small factors, which makes its Fourier transform slow.`;
  return [{ path: ['l_max'], message, suggestion: cheapLength(o.l_max) }];
}
