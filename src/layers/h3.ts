/**
 * @file H3: a shift state space model on the keys, a diagonal one on their products with the values, both gated by
 * multiplication. After `H3` in HazyResearch/safari (src/models/sequence/h3.py at 02220c6). Inside, tensors are
 * channel-major: (channel, batch, time).
 */
import * as z from 'zod';
import * as g from '../graph';
import type { Tensor } from '../graph';
import { defineLayer, type Parameters, type Problem, type Tensors } from './define';
import { nearestDivisor } from './parts/divisors';
import { gaugeGate } from './parts/gauges';
import { mapped, pick, products } from './h3/heads';
import { register, shiftKernel, shown, withSkip } from './h3/shift';
import { formula, linear, normal, uniform } from './init';
import { complexStates, continueFrom, realRows } from './lti/continue';
import {
  diagonalSpace,
  discretise,
  stepDiagonal,
  stepInit,
  weights,
  writtenKernel,
  type DiscreteModes,
} from './lti/diagonal-ssm';
import { startingPoles } from './lti/poles';
import { kernelProbe, modeProbes, probeModes, stateNorm } from './lti/probes';
import { batchMajor, checkPairs, stateSize, stepFields } from './lti/s4-block';
import { probe } from './parts/probe';
import { stepProblems } from './parts/scan-options';
import { linearParameters, project, residualInit } from './parts/projection';

const options = z.strictObject({
  d_state: stateSize.describe(
    'Taps of the shift model, and state size of the diagonal one: d_state / 2 complex states for conjugate pairs.',
  ),
  head_dim: z
    .int()
    .positive()
    .default(1)
    .describe('Channels per head; a head keeps head_dim² sequences, the outer products of key and value.'),
  measure: z
    .enum(['diag-lin', 'diag-inv'])
    .default('diag-lin')
    .describe('Initial eigenvalues of the diagonal model: −½ + iπn, or −½ + i(N/π)(N/(2n+1) − 1).'),
  disc: z
    .enum(['bilinear', 'zoh'])
    .default('bilinear')
    .describe('Discretisation of the diagonal model: bilinear (Tustin) or zero-order hold.'),
  ...stepFields,
});

interface Resolved extends z.output<typeof options> {
  /** d_model / head_dim */
  readonly nheads: number;
}

const NAMES = ['q_proj', 'k_proj', 'v_proj', 'output_linear'] as const;

export const h3 = defineLayer<typeof options, Resolved>({
  name: 'h3',
  title: 'H3',
  summary:
    'Shift and diagonal state space models between query, key and value: recalls what followed a token.',
  description:
    'Hungry Hungry Hippos: the shift model remembers the last tokens, its product with the values enters the ' +
    'diagonal model, and the query picks from what that has kept. Made for language modelling, where plain state ' +
    'space models fail to recall and to compare tokens.',
  formula: [
    '[q, k, v] = x · Wᵀ + b',
    'k̃ = SSM_shift(k),  s = SSM_diag(k̃ ⊗ v)  (outer product within a head)',
    'o = q · s,  out = o · W_oᵀ + b',
  ].join('  \n'),
  paper: {
    title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models',
    authors: 'Daniel Y. Fu, Tri Dao, Khaled K. Saab, Armin W. Thomas, Atri Rudra, Christopher Ré',
    year: 2022,
    url: 'https://arxiv.org/abs/2212.14052',
  },
  options,

  resolve: (o, dims) => ({ ...o, nheads: Math.max(1, Math.floor(dims.d_model / o.head_dim)) }),

  check(o, { d_model }) {
    const problems: Problem[] = [...checkPairs(o.d_state), ...stepProblems(o)];
    if (d_model % o.head_dim !== 0) {
      const message = `head_dim (${o.head_dim}) must divide d_model (${d_model}).`;
      problems.push({ path: ['head_dim'], message, suggestion: nearestDivisor(d_model, o.head_dim) });
    }
    return problems;
  },

  causal: () => true,

  parameters(r, dims) {
    const D = dims.d_model;
    const M = r.d_state / 2;
    const own = { decay: false, weightDecay: 0, lr: r.lr };
    const maps = NAMES.map((name) => {
      const init = name === 'output_linear' ? residualInit(D, dims) : linear(D);
      return linearParameters(name, D, D, { bias: true, init });
    });
    return Object.assign({}, ...maps, {
      'ssm_k_kernel.kernel.B': {
        shape: [D, r.d_state],
        init: formula((i) => Number(i % r.d_state === 0)),
        ...own,
      },
      'ssm_k_kernel.kernel.C': {
        shape: [1, D, r.d_state],
        init: uniform(1 / Math.sqrt(r.d_state)),
        decay: true,
      },
      ssm_k_D: { shape: [D], init: normal(1), decay: true },
      'kernel.kernel.C': { shape: [1, r.nheads, M, 2], init: normal(Math.SQRT1_2), decay: true },
      'kernel.kernel.log_dt': { shape: [r.nheads], init: stepInit({ ...r, dt_transform: 'exp' }), ...own },
      'kernel.kernel.B': { shape: [r.nheads, M, 2], init: formula((i) => 1 - (i % 2)), ...own },
      'kernel.kernel.inv_A_real': { shape: [r.nheads, M], init: formula(() => Math.log(0.5)), ...own },
      'kernel.kernel.A_imag': {
        shape: [r.nheads, M],
        init: (shape, random) => {
          const { frequency } = startingPoles(r.measure, r.d_state, random);
          return Float32Array.from({ length: shape[0]! * M }, (_, i) => frequency[i % M]!);
        },
        ...own,
      },
      D: { shape: [r.nheads], init: normal(1), decay: true },
    } satisfies Parameters) as Parameters;
  },

  forward(x, p, r, dims, ctx) {
    const [batch, length, D] = x.shape as [number, number, number];
    const { head_dim: d, nheads: H } = r;
    const [q, k, v] = mapped(x, p);
    const shift = shiftKernel(p);
    const remembered = g.longConv(k, withSkip(shift, p['ssm_k_D']!));
    const m = diagonalModes(p, r);
    const w = weights(m);
    const flat = products(remembered, v, r);
    const s = g.diagonalConv(flat, m.a, g.complex.creshape(w, [H, r.d_state / 2]));
    const { o, out } = pick(q, s, flat, p, r);
    if (ctx.gauge) gaugeGate(ctx, batchMajor(q));
    if (ctx.probing) {
      ctx.probe('q', batchMajor(q));
      ctx.probe('k', batchMajor(k));
      ctx.probe('v', batchMajor(v));
      ctx.probe('k_shifted', batchMajor(remembered));
      ctx.probe('shift_kernel', g.slice(shift, 1, 0, length));
      ctx.probe('ssm_k_D', p['ssm_k_D']!);
      ctx.probe('kernel', writtenKernel(m, length));
      ctx.probe('D', p['D']!);
      probeModes(ctx, m);
      const norms = g.reshape(stateNorm(flat, m.a, m.dB), [d * d, batch, length, H]);
      ctx.probe('state_norm', g.sqrt(g.sum(g.square(norms), [0])));
      ctx.probe('y', batchMajor(g.reshape(o, [D, batch, length])));
    }
    return out;
  },

  state: (r, dims): Record<string, number[]> => ({
    shift_state: [dims.d_model, r.d_state],
    ssm_state: [r.head_dim ** 2, r.nheads, r.d_state / 2, 2],
  }),

  step(x, state, p, r) {
    const [batch, D] = x.shape as [number, number];
    const { head_dim: d, nheads: H, d_state: N } = r;
    const [q, k, v] = (['q_proj', 'k_proj', 'v_proj'] as const).map((name) => project(x, p, name)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    // Newest first: every token moves the register by one and adds B k.
    const moved = g.pad(g.slice(state['shift_state']!, 2, 0, N - 1), 2, 1, 0);
    const register = g.add(moved, g.mul(g.unsqueeze(k, 2), p['ssm_k_kernel.kernel.B']!));
    const C = g.reshape(p['ssm_k_kernel.kernel.C']!, [D, N]);
    const remembered = g.add(g.sum(g.mul(register, C), [2]), g.mul(p['ssm_k_D']!, k));
    const kv = g.mul(g.reshape(remembered, [batch, H, d, 1]), g.reshape(v, [batch, H, 1, d]));
    const m = diagonalModes(p, r);
    const sequences = g.reshape(g.transpose(g.reshape(kv, [batch, H, d * d]), [0, 2, 1]), [batch * d * d, H]);
    const before = g.reshape(state['ssm_state']!, [batch * d * d, H, N / 2, 2]);
    const next = stepDiagonal(sequences, before, m);
    const kept = g.add(g.reshape(next.read, [batch * d * d, H]), g.mul(p['D']!, sequences));
    const picked = g.mul(
      g.reshape(kept, [batch, d, d, H]),
      g.transpose(g.reshape(q, [batch, H, d, 1]), [0, 2, 3, 1]),
    );
    const o = g.reshape(g.sum(picked, [1]), [batch, D]);
    return {
      y: project(o, p, 'output_linear'),
      state: { shift_state: register, ssm_state: g.reshape(next.state, [batch, d * d, H, N / 2, 2]) },
    };
  },

  prefill(x, state, p, r) {
    const [batch, length, D] = x.shape as [number, number, number];
    const { head_dim: d, nheads: H, d_state: N } = r;
    const [q, k, v] = mapped(x, p);
    const before = g.transpose(state['shift_state']!, [1, 0, 2]);
    const own = g.longConv(k, withSkip(shiftKernel(p), p['ssm_k_D']!));
    const C = g.reshape(p['ssm_k_kernel.kernel.C']!, [D, N]);
    const remembered = g.add(own, shown(before, C, length));
    const flat = products(remembered, v, r);
    const rows = g.transpose(g.reshape(state['ssm_state']!, [batch, d * d, H, N]), [1, 0, 2, 3]);
    const entering = realRows(g.reshape(rows, [d * d * batch, H, N / 2, 2]));
    const s = continueFrom(flat, entering, diagonalSpace(diagonalModes(p, r)));
    const leaving = g.reshape(complexStates(s.state), [d * d, batch, H, N / 2, 2]);
    return {
      y: pick(q, s.y, flat, p, r).out,
      state: {
        shift_state: g.transpose(register(before, k, p['ssm_k_kernel.kernel.B']!), [1, 0, 2]),
        ssm_state: g.transpose(leaving, [1, 0, 2, 3, 4]),
      },
    };
  },

  probes: {
    q: probe('Queries.', ['batch', 'time', 'channel']),
    k: probe('Keys.', ['batch', 'time', 'channel']),
    v: probe('Values.', ['batch', 'time', 'channel']),
    k_shifted: probe('Keys behind the shift model, with its skip.', ['batch', 'time', 'channel']),
    shift_kernel: probe('Kernel of the shift model, zero from d_state on.', ['channel', 'lag']),
    ssm_k_D: probe('Skip weight of the shift model.', ['channel']),
    kernel: kernelProbe('head'),
    D: probe('Skip weight of the diagonal model.', ['head']),
    ...modeProbes('head'),
    state_norm: probe(
      'Euclidean norm of the diagonal states of a head.',
      ['batch', 'time', 'head'],
      'positive',
    ),
    y: probe('What the query picked, before the output projection.', ['batch', 'time', 'channel']),
  },
});

function diagonalModes(p: Tensors, r: Resolved): DiscreteModes {
  const at = (name: string): Tensor => p[`kernel.kernel.${name}`]!;
  const logDelta = g.reshape(at('log_dt'), [r.nheads, 1]);
  const delta = g.exp(logDelta);
  const lambda = { re: g.neg(g.exp(at('inv_A_real'))), im: at('A_imag') };
  const { a, factor } = discretise(lambda, delta, r.disc, g.expRest(logDelta, delta));
  const dB = g.complex.cmul(factor, g.complex.fromPairs(at('B')));
  return { delta, lambda, a, dB, C: g.complex.fromPairs(at('C')), gain: 2 };
}
