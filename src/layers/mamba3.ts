/**
 * @file Mamba-3: trapezoidal discretisation, a rotating state and, as an option, several inputs and outputs per head
 * (MIMO), after `Mamba3` in state-spaces/mamba (mamba_ssm/modules/mamba3.py at e9594ce).
 */
import * as z from 'zod';
import * as g from '../graph';
import { defineLayer, UNSEEN, type ForwardContext, type Problem } from './define';
import { gatedNorm } from './parts/gated-norm';
import { gaugeGate, gaugeSteps } from './parts/gauges';
import { headProblems } from './parts/heads';
import { constant, ones } from './init';
import { scanMamba3, stepMamba3 } from './mamba/mamba3-scan';
import { mamba3Probes, probeMamba3 } from './mamba/mamba3-probes';
import { perRankOf, select, widths, type Mamba3Sizes } from './mamba/mamba3-select';
import { linearParameters, project, residualInit } from './parts/projection';
import { expand, stepBias, stepFloor, stepProblems, stepRange } from './parts/scan-options';

const options = z.strictObject({
  d_state: z.int().positive().default(128).describe('State size per channel; even.').meta({ symbol: 'N' }),
  expand,
  headdim: z
    .int()
    .positive()
    .default(64)
    .describe('Channels per head; divides d_inner.')
    .meta({ symbol: 'P' }),
  ngroups: z
    .int()
    .positive()
    .default(1)
    .describe('Groups of heads that share B and C before the biases; divides the number of heads.')
    .meta({ symbol: 'G' }),
  rope_fraction: z
    .union([z.literal(0.5), z.literal(1)])
    .default(0.5)
    .describe('Share of the state that rotates: 0.5 or 1.'),
  is_mimo: z
    .boolean()
    .default(false)
    .describe('Several inputs and outputs per head (MIMO): more arithmetic per state, no larger state.'),
  mimo_rank: z
    .int()
    .positive()
    .default(4)
    .describe('Inputs and outputs per head when is_mimo is true.')
    .meta({ symbol: 'R' }),
  is_outproj_norm: z
    .boolean()
    .default(false)
    .describe('RMS normalisation of every head before the gate, with a weight per channel.'),
  chunk_size: z
    .int()
    .positive()
    .default(64)
    .describe('Rows per chunk of the chunked algorithm; changes speed, not the result.')
    .meta({ symbol: 'Q' }),
  A_floor: z.number().positive().default(1e-4).describe('The decay rate −A is at least this.'),
  ...stepRange,
  dt_init_floor: stepFloor,
});

type Resolved = Mamba3Sizes & Omit<z.output<typeof options>, keyof Mamba3Sizes>;

export const mamba3 = defineLayer<typeof options, Resolved>({
  name: 'mamba3',
  title: 'Mamba-3',
  summary: 'Mamba-2 with a trapezoidal rule, a rotating (complex) state and optional MIMO heads.',
  description:
    'Each write is a weighted mean of the last two tokens (trapezoidal rule), B and C rotate by an angle that ' +
    'accumulates with the data, and the decay rate A depends on the token too. No short convolution. With ' +
    '`is_mimo` every head has `mimo_rank` inputs and outputs over the same state.',
  formula: [
    '[z, x, B, C, δ, a, λ, θ] = u · in_projᵀ,  Δ = softplus(δ + dt_bias),  α = exp(A(a) Δ),  λ = σ(λ)',
    'Θₜ = Θₜ₋₁ + π tanh(θₜ) Δₜ,  B, C ← rotate(norm(B) + B_bias, Θ), rotate(norm(C) + C_bias, Θ)',
    'hₜ = αₜ hₜ₋₁ + (1 − λₜ) Δₜ αₜ xₜ₋₁ ⊗ Bₜ₋₁ + λₜ Δₜ xₜ ⊗ Bₜ,  yₜ = hₜ Cₜ + D xₜ',
    'out = (y ⊙ silu(z)) · out_projᵀ',
  ].join('  \n'),
  paper: {
    title: 'Mamba-3: Improved Sequence Modeling using State Space Principles',
    authors: 'Aakash Lahoti, Kevin Li, Berlin Chen, Caitlin Wang and others',
    year: 2026,
    url: 'https://arxiv.org/abs/2603.15569',
  },
  options,

  resolve(o, dims) {
    const d_inner = o.expand * dims.d_model;
    return {
      ...o,
      d_inner,
      nheads: Math.max(1, Math.floor(d_inner / o.headdim)),
      rank: o.is_mimo ? o.mimo_rank : 1,
      num_rope_angles: Math.floor(Math.floor(o.d_state * o.rope_fraction) / 2),
    };
  },

  check(o, dims) {
    const problems: Problem[] = headProblems(o, {
      size: o.expand * dims.d_model,
      words: 'd_inner = expand · d_model',
      options: ['expand'],
    });
    if (o.d_state % 2 !== 0) {
      const message = `d_state (${o.d_state}) must be even: the state rotates in pairs.`;
      problems.push({ path: ['d_state'], message, suggestion: o.d_state + 1 });
    } else if (Math.floor(o.d_state * o.rope_fraction) < 2) {
      const message = `d_state (${o.d_state}) is too small: with rope_fraction ${o.rope_fraction} no pair rotates.`;
      problems.push({ path: ['d_state'], message, suggestion: 4 });
    }
    return [...problems, ...stepProblems(o)];
  },

  causal: () => true,

  parameters(r, dims) {
    const { nheads, rank, headdim, d_inner } = r;
    const perRank = [nheads, rank, headdim];
    const bias = { shape: [nheads, rank, r.d_state], init: ones, decay: false };
    return {
      dt_bias: stepBias(nheads, r),
      B_bias: bias,
      C_bias: bias,
      ...(r.is_mimo
        ? {
            mimo_x: { shape: perRank, init: constant(1 / rank), decay: true },
            mimo_z: { shape: perRank, init: ones, decay: true },
            mimo_o: { shape: perRank, init: constant(1 / rank), decay: true },
          }
        : {}),
      D: { shape: [nheads], init: ones, decay: false },
      ...linearParameters(
        'in_proj',
        dims.d_model,
        widths(r).reduce((total, width) => total + width, 0),
      ),
      'B_norm.weight': { shape: [r.d_state], init: ones, decay: false },
      'C_norm.weight': { shape: [r.d_state], init: ones, decay: false },
      ...(r.is_outproj_norm ? { 'norm.weight': { shape: [d_inner], init: ones, decay: false } } : {}),
      ...linearParameters('out_proj', d_inner, dims.d_model, {
        init: residualInit(d_inner, dims),
      }),
    };
  },

  forward(u, p, r, _dims, ctx) {
    const selected = select(project(u, p, 'in_proj'), p, r);
    const scan = scanMamba3(selected, r);
    const y = g.add(scan.y, skip(selected.v, p));
    if (ctx.probing) probeMamba3(ctx, selected, { ...scan, y, D: p['D']! }, r);
    gaugeSteps(ctx, selected.delta, selected.A);
    return finish(y, selected.z, p, r, ctx);
  },

  state: (r) => ({
    angle_state: [r.nheads, r.num_rope_angles],
    ssm_state: [r.nheads, r.headdim, r.d_state],
    k_state: [r.rank, r.nheads, r.d_state],
    v_state: [r.nheads, r.headdim],
  }),

  step(u, state, p, r) {
    const selected = select(g.unsqueeze(project(u, p, 'in_proj'), 1), p, r);
    const { y, state: next } = stepMamba3(selected, state, p, r);
    const skipped = g.add(y, skip(selected.v, p));
    return { y: g.squeeze(finish(skipped, selected.z, p, r), 1), state: next };
  },

  prefill(u, state, p, r) {
    const length = u.shape[1]!;
    const selected = select(project(u, p, 'in_proj'), p, r);
    const scan = scanMamba3(selected, r, {
      state: state['ssm_state']!,
      angle: state['angle_state']!,
      B: state['k_state']!,
      v: perRankOf(state['v_state']!, p, r),
    });
    const last = (t: g.Tensor): g.Tensor => g.squeeze(g.slice(t, 1, length - 1, length), 1);
    return {
      y: finish(g.add(scan.y, skip(selected.v, p)), selected.z, p, r),
      state: {
        angle_state: last(scan.angle),
        ssm_state: scan.state,
        k_state: last(scan.B),
        v_state: last(selected.x),
      },
    };
  },

  probes: mamba3Probes,
});

/** D · v per head; v is (batch, time, rank, heads, headdim). */
const skip = (v: g.Tensor, p: Readonly<Record<string, g.Tensor>>): g.Tensor =>
  g.mul(v, g.unsqueeze(p['D']!, 1));

/** Gate, norm, the sum over the ranks and the output projection: (batch, time, rank, heads, headdim) → d_model. */
function finish(
  y: g.Tensor,
  zt: g.Tensor,
  p: Readonly<Record<string, g.Tensor>>,
  r: Mamba3Sizes,
  ctx: ForwardContext = UNSEEN,
): g.Tensor {
  const [batch, length, rank] = y.shape as [number, number, number];
  const perRank = (t: g.Tensor): g.Tensor => g.transpose(t, [1, 0, 2]);
  const z = r.is_mimo ? g.mul(zt, perRank(p['mimo_z']!)) : zt;
  if (ctx.gauge) gaugeGate(ctx, g.reshape(g.silu(z), [batch, length, rank * r.d_inner]));
  const flat = [batch, length, rank, r.d_inner];
  const weight = p['norm.weight'];
  const gated = weight
    ? gatedNorm(g.reshape(y, flat), g.reshape(z, flat), weight, { groups: r.nheads, before: true })
    : g.reshape(g.siluGate(y, z), flat);
  if (!r.is_mimo) return project(g.reshape(gated, [batch, length, r.d_inner]), p, 'out_proj');
  const out = g.reshape(perRank(p['mimo_o']!), [rank, r.d_inner]);
  return project(g.sum(g.mul(gated, out), [2]), p, 'out_proj');
}
