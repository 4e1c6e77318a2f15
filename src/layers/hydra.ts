/**
 * @file Hydra: a bidirectional state space model as a quasiseparable matrix mixer, after `Hydra` in
 * goombalab/hydra (hydra/modules/hydra.py at 55bef74). Both directions run in one SSD, stacked along the batch.
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer } from './define';
import { gatedNorm } from './parts/gated-norm';
import { gaugeGate, gaugeSteps } from './parts/gauges';
import { headProblems } from './parts/heads';
import { hydraProbes, probeHydra } from './matrix/hydra-probes';
import { linear, ones, uniform, zeros } from './init';
import { withoutPadding } from './parts/padding';
import { convolutionParameters, convolveAround, divide, linearParameters, project } from './parts/projection';
import { acrossPadding, quasiseparable } from './matrix/quasiseparable';
import {
  centredTaps,
  centreProblems,
  convolutionBound,
  expand,
  groups,
  outerBias,
  stepBias,
  stepFloor,
  stepProblems,
  stepRange,
} from './parts/scan-options';

const options = z.strictObject({
  d_state: z.int().positive().default(64).describe('State size per channel.').meta({ symbol: 'N' }),
  d_conv: centredTaps,
  expand,
  headdim: z
    .int()
    .positive()
    .default(64)
    .describe('Channels per head; divides d_inner.')
    .meta({ symbol: 'P' }),
  ngroups: groups,
  chunk_size: z
    .int()
    .positive()
    .default(256)
    .describe('Tokens per chunk of the chunked algorithm; changes speed, not the result.')
    .meta({ symbol: 'Q' }),
  learnable_init_states: z
    .boolean()
    .default(false)
    .describe('A learned state that both directions start from, instead of zero.'),
  ...stepRange,
  dt_init_floor: stepFloor,
  conv_init: convolutionBound,
  bias: outerBias,
});

export interface HydraSizes extends z.output<typeof options> {
  readonly d_inner: number;
  readonly nheads: number;
}

export const hydra = defineLayer<typeof options, HydraSizes>({
  name: 'hydra',
  title: 'Hydra',
  summary: 'Bidirectional Mamba-2: a quasiseparable matrix mixer that sees both sides of every token.',
  description:
    'Two scans, one in each direction, each shifted by a step so that neither holds the token itself, plus a ' +
    'learned diagonal. For classification and masked modelling: later tokens are seen, so not for language models.',
  formula: [
    '[z, x, B→, C→, B←, C←, δ→, δ←] = u · in_projᵀ,  all but z and δ pass silu(conv(·))',
    'y = shift(SSD→(x)) + shift(SSD←(x)) + x ⊙ (x · fc_Dᵀ + D)',
    'out = (norm(y) ⊙ silu(z)) · out_projᵀ',
  ].join('  \n'),
  paper: {
    title: 'Hydra: Bidirectional State Space Models Through Generalized Matrix Mixers',
    authors: 'Sukjun Hwang, Aakash Lahoti, Tri Dao, Albert Gu',
    year: 2024,
    url: 'https://arxiv.org/abs/2407.09941',
  },
  options,

  resolve(o, dims) {
    const d_inner = o.expand * dims.d_model;
    return { ...o, d_inner, nheads: Math.max(1, Math.floor(d_inner / o.headdim)) };
  },

  check(o, dims) {
    const width = {
      size: o.expand * dims.d_model,
      words: 'd_inner = expand · d_model',
      options: ['expand'],
    };
    return [...headProblems(o, width), ...centreProblems(o.d_conv), ...stepProblems(o)];
  },

  causal: () => false,

  parameters(r, dims) {
    const { nheads, d_inner } = r;
    const start: readonly number[] = [nheads, r.headdim, r.d_state];
    const convolved = scanWidths(r).reduce((total, width) => total + width, 0);
    return {
      ...(r.learnable_init_states ? { init_states: { shape: start, init: zeros, decay: false } } : {}),
      dt_bias: stepBias(nheads, r),
      // A = −1 at the start, unlike Mamba-2.
      A_log: { shape: [nheads], init: zeros, decay: false },
      D: { shape: [nheads], init: ones, decay: false },
      ...linearParameters('in_proj', dims.d_model, d_inner + convolved + 2 * nheads, { bias: r.bias }),
      ...convolutionParameters(convolved, r.d_conv, true, r.conv_init ? uniform(r.conv_init) : undefined),
      ...linearParameters('fc_D', d_inner, nheads, { init: linear(d_inner) }),
      'norm.weight': { shape: [d_inner], init: ones, decay: false },
      ...linearParameters('out_proj', d_inner, dims.d_model, { bias: r.bias }),
    };
  },

  forward(u, p, r, _dims, ctx) {
    const parts = scanWidths(r);
    const convolved = parts.reduce((total, width) => total + width, 0);
    const [zt, xbc, dt] = divide(project(u, p, 'in_proj'), [r.d_inner, convolved, 2 * r.nheads]) as Three;
    const [x, ...maps] = divide(g.silu(convolveAround(withoutPadding(xbc!, ctx), p, 1)), parts) as g.Tensor[];
    const [batch, length] = u.shape as [number, number, number];
    const [Bf, Cf, Bb, Cb] = maps.map((map) => g.reshape(map, [batch, length, r.ngroups, r.d_state]));
    const [df, db] = g.split(dt, 2, [r.nheads, r.nheads]).map((raw) => g.softplus(g.add(raw, p['dt_bias']!)));
    const A = g.neg(g.exp(p['A_log']!));
    const scans = {
      x: g.reshape(x!, [batch, length, r.nheads, r.headdim]),
      A,
      ahead: { delta: df!, B: Bf!, C: Cf! },
      back: { delta: db!, B: Bb!, C: Cb! },
    };
    const scan = acrossPadding(scans, ctx);
    const weight = g.linear(x!, p['fc_D.weight']!, p['D']!);
    const mixed = quasiseparable(scan, weight, { initial: p['init_states'], chunkSize: r.chunk_size });
    const y = g.reshape(mixed, x!.shape);
    const gate = g.silu(zt);
    gaugeGate(ctx, gate);
    if (ctx.gauge) gaugeSteps(ctx, g.concat([df!, db!], 2), g.concat([A, A], 0));
    if (ctx.probing) probeHydra(ctx, { ...scan, weight, y, gate, initial: p['init_states'] });
    // One group: the norm's statistics run over all channels.
    const normed = gatedNorm(y, zt, p['norm.weight']!, { groups: 1, before: true });
    return project(normed, p, 'out_proj');
  },

  probes: hydraProbes,
});

type Three = [g.Tensor, g.Tensor, g.Tensor];

/** Widths of x and of B and C in each direction: what the convolution runs over. */
const scanWidths = (r: HydraSizes): number[] => [r.d_inner, ...Array<number>(4).fill(r.ngroups * r.d_state)];
