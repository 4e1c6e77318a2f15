/**
 * @file The matrix mixer: one shell around any structured matrix that mixes positions, after `MatrixMixer` in
 * goombalab/hydra (hydra/modules/matrix_mixer.py at 55bef74).
 */
import * as z from 'zod';
import * as g from '../graph';
import {
  defineLayer,
  type ForwardContext,
  type ParameterSpec,
  type Parameters,
  type Problem,
  type Tensors,
} from './define';
import { gatedNorm } from './parts/gated-norm';
import { headProblems } from './parts/heads';
import { constant, linear, normal, ones, uniform, zeros } from './init';
import { matrixOf, scaleOf, type DenseKind, type MatrixSizes, type Selection } from './matrix/kinds';
import { withoutPadding } from './parts/padding';
import { probe } from './parts/probe';
import { convolutionParameters, convolveAround, divide, linearParameters, project } from './parts/projection';
import {
  acrossPadding,
  onDiagonal,
  quasiseparable,
  quasiseparableMatrix,
  type TwoScans,
} from './matrix/quasiseparable';
import {
  centredTaps,
  centreProblems,
  convolutionBound,
  expand,
  outerBias,
  stepBias,
  stepFloor,
  stepProblems,
} from './parts/scan-options';

const KINDS = [
  'dense',
  'toeplitz',
  'vandermonde',
  'cauchy',
  'low_rank',
  'attention',
  'quasiseparable',
] as const;

const options = z.strictObject({
  matrix_mixer_type: z
    .enum(KINDS)
    .default('quasiseparable')
    .describe('Structure of the matrix that mixes positions.'),
  is_data_dependent: z
    .boolean()
    .default(true)
    .describe('The matrix is made from the data; otherwise it is learned per position, for one length.'),
  qk_dim: z
    .int()
    .positive()
    .default(16)
    .describe('Width of queries and keys per head, or its share of the state.'),
  headdim: z
    .int()
    .positive()
    .default(128)
    .describe('Channels per head; divides d_inner.')
    .meta({ symbol: 'P' }),
  expand,
  d_conv: centredTaps,
  max_seq_len: z
    .int()
    .positive()
    .optional()
    .describe(
      'Longest sequence: sizes learned matrices and scales all of them. The length of the data unless given.',
    ),
  toeplitz_index: z
    .enum(['intended', 'released'])
    .default('intended')
    .describe(
      'intended: tap i − j at (i, j); released: one place further on, as the authors’ code reads them.',
    ),
  chunk_size: z
    .int()
    .positive()
    .default(256)
    .describe('Tokens per chunk of the quasiseparable scans; changes speed, not the result.')
    .meta({ symbol: 'Q' }),
  dt_min: z.number().positive().default(0.001).describe('Smallest initial step size Δ (quasiseparable).'),
  dt_max: z.number().positive().default(0.1).describe('Largest initial step size Δ (quasiseparable).'),
  dt_init_floor: stepFloor,
  conv_init: convolutionBound,
  conv_bias: z.boolean().default(true).describe('Bias of the convolution.'),
  bias: outerBias,
});

interface Sizes extends MatrixSizes {
  readonly d_inner: number;
  /** Width of all queries together: nheads · qk_dim. */
  readonly d_state: number;
}
type Resolved = z.output<typeof options> & Sizes;

export const matrixMixer = defineLayer<typeof options, Resolved>({
  name: 'matrix-mixer',
  title: 'Matrix mixer',
  summary: 'One shell around any matrix that mixes positions: Toeplitz, Cauchy, attention, quasiseparable, …',
  description:
    'Compares sequence mixers as matrices: projection, convolution, a structured matrix per head, gated norm, ' +
    'projection. Sees both sides of every token. All but low rank and quasiseparable cost the square of the length.',
  formula: [
    '[z, v, …] = u · in_projᵀ,  v = silu(conv(v))',
    'y = σ · M v + v  (quasiseparable: a learned diagonal instead of + v)',
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
    const nheads = Math.max(1, Math.floor(d_inner / o.headdim));
    const max_seq_len = o.max_seq_len ?? dims.length ?? 1024;
    return { ...o, d_inner, nheads, d_state: nheads * o.qk_dim, max_seq_len };
  },

  check(o, dims) {
    const width = {
      size: o.expand * dims.d_model,
      words: 'd_inner = expand · d_model',
      options: ['expand'],
    };
    const problems: Problem[] = headProblems({ headdim: o.headdim, ngroups: 1 }, width);
    problems.push(...centreProblems(o.d_conv));
    if (o.matrix_mixer_type === 'dense' && o.is_data_dependent) {
      const message = 'A dense matrix cannot be made from the data: set is_data_dependent: false.';
      const others = ['matrix_mixer_type'];
      problems.push({ path: ['is_data_dependent'], message, others, suggestion: false });
    }
    if (o.max_seq_len !== undefined && dims.length !== undefined && dims.length > o.max_seq_len) {
      const message = `max_seq_len (${o.max_seq_len}) must not be shorter than the sequences (${dims.length}).`;
      problems.push({ path: ['max_seq_len'], message, suggestion: dims.length });
    }
    return [...problems, ...stepProblems(o)];
  },

  causal: () => false,

  // What is learned per position ends with it; the Fourier transform goes on.
  span: (r) => (r.is_data_dependent || r.matrix_mixer_type === 'vandermonde' ? {} : { most: r.max_seq_len }),

  parameters(r, { d_model }) {
    const convolved = parts(r).reduce((total, width) => total + width, 0);
    const outside = r.d_inner + convolved + stepWidth(r);
    const inside = Object.entries(matrixParameters(r)).map(([name, spec]) => [`matrix_mixer.${name}`, spec]);
    return {
      ...(Object.fromEntries(inside) as Parameters),
      ...linearParameters('in_proj', d_model, outside, { bias: r.bias }),
      ...convolutionParameters(
        convolved,
        r.d_conv,
        r.conv_bias,
        r.conv_init ? uniform(r.conv_init) : undefined,
      ),
      'norm.weight': { shape: [r.d_inner], init: ones, decay: false },
      ...linearParameters('out_proj', r.d_inner, d_model, { bias: r.bias }),
    };
  },

  forward(u, p, r, _dims, ctx) {
    const widths = parts(r);
    const convolved = widths.reduce((total, width) => total + width, 0);
    const split = divide(project(u, p, 'in_proj'), [r.d_inner, convolved, stepWidth(r)]);
    const [zt, raw, dt] = split as [g.Tensor, g.Tensor, g.Tensor | undefined];
    const [v, ...rest] = g.split(convolveAround(withoutPadding(raw, ctx), p, 1), 2, widths) as [
      g.Tensor,
      ...g.Tensor[],
    ];
    // Queries and keys of these stay as they come from the convolution.
    const plain = ['vandermonde', 'cauchy', 'attention'].includes(r.matrix_mixer_type);
    const selected = plain ? rest : rest.map(g.silu);
    const x = g.silu(v);
    const { y, matrix } =
      r.matrix_mixer_type === 'quasiseparable'
        ? bothWays(x, selected, dt, p, r, ctx)
        : structured(r.matrix_mixer_type, x, selected, p, r, ctx);
    const gate = g.silu(zt);
    if (ctx.probing) {
      ctx.probe('x', x);
      ctx.probe('matrix', matrix());
      ctx.probe('y', y);
      ctx.probe('gate', gate);
    }
    return project(gatedNorm(y, zt, p['norm.weight']!, { groups: 1, before: true }), p, 'out_proj');
  },

  probes: {
    x: probe('What the matrix mixes: behind convolution and SiLU.', ['batch', 'time', 'channel']),
    matrix: probe(
      'Weight of every position (key) for every output position (query), the diagonal included.',
      ['batch', 'head', 'query', 'key'],
    ),
    y: probe('Mixed values, before the norm and the gate.', ['batch', 'time', 'channel']),
    gate: probe('Gate silu(z) that multiplies the output.', ['batch', 'time', 'channel']),
  },
});

/** Widths of what passes the convolution: the values, and what makes the matrix from the data. */
function parts(r: Resolved): number[] {
  if (!r.is_data_dependent) return [r.d_inner];
  return r.matrix_mixer_type === 'toeplitz'
    ? [r.d_inner, r.nheads, r.nheads]
    : [r.d_inner, r.d_state, r.d_state];
}

/** Step sizes of both directions beside the convolution. */
const stepWidth = (r: Resolved): number =>
  r.is_data_dependent && r.matrix_mixer_type === 'quasiseparable' ? 2 * r.nheads : 0;

/** Variance 2 / (inputs + outputs), as PyTorch counts them. */
const xavier = (inputs: number, outputs: number): ParameterSpec['init'] =>
  normal(Math.sqrt(2 / (inputs + outputs)));

function matrixParameters(r: Resolved): Parameters {
  const { nheads, qk_dim, max_seq_len: length, d_state } = r;
  const kind = r.matrix_mixer_type;
  if (kind === 'quasiseparable') {
    const scan: Parameters = {
      dt_bias: stepBias(nheads, r),
      A_log: { shape: [nheads], init: zeros, decay: false },
      D: { shape: [nheads], init: ones, decay: false },
      ...linearParameters('fc_D', r.d_inner, nheads, { init: linear(r.d_inner) }),
    };
    const maps = { shape: [length, 2 * d_state], init: xavier(2 * d_state, length), decay: true };
    return r.is_data_dependent ? scan : { BC: maps, ...scan };
  }
  if (r.is_data_dependent) {
    return kind === 'cauchy' ? { bias: { shape: [], init: constant(0.5), decay: false } } : {};
  }
  if (kind === 'dense') {
    const init = xavier(length * length, nheads * length);
    return { M: { shape: [nheads, length, length], init, decay: true } };
  }
  if (kind === 'toeplitz') {
    const taps = 2 * length - 1;
    const init = uniform(Math.sqrt(6 / (taps + nheads)));
    return { conv_params: { shape: [nheads, taps], init, decay: true } };
  }
  // The Fourier transform has nothing to learn.
  if (kind === 'vandermonde') return {};
  const rows = {
    shape: [length, nheads, qk_dim],
    init: xavier(nheads * qk_dim, length * qk_dim),
    decay: true,
  };
  return { q_matrix: rows, k_matrix: rows };
}

interface Mixed {
  /** (batch, time, d_inner) */
  readonly y: g.Tensor;
  /** For views: (batch, head, query, key), the residual or diagonal included. */
  matrix(): g.Tensor;
}

function structured(
  kind: DenseKind,
  x: g.Tensor,
  selected: readonly g.Tensor[],
  p: Tensors,
  r: Resolved,
  ctx: ForwardContext,
): Mixed {
  const [batch, length] = x.shape as [number, number, number];
  // (batch, time, heads · n) → (batch, heads, time, n)
  const byHead = (t: g.Tensor): g.Tensor =>
    g.transpose(g.reshape(t, [batch, length, r.nheads, t.shape[2]! / r.nheads]), [0, 2, 1, 3]);
  const [first, second] = selected.map((t) => (kind === 'toeplitz' ? g.transpose(t, [0, 2, 1]) : byHead(t)));
  const selection: Selection | undefined = first && second ? { q: first, k: second } : undefined;
  const values = byHead(withoutPadding(x, ctx));
  const scale = scaleOf(kind, r, r.is_data_dependent);
  const matrix = (): g.Tensor => matrixOf(kind, length, selection, p, r, ctx.real);
  // A product of low rank never needs the matrix itself.
  const mixed =
    kind === 'low_rank' && selection
      ? g.matmul(selection.q, g.matmul(g.transpose(selection.k, [0, 1, 3, 2]), values))
      : g.matmul(matrix(), values);
  const y = g.add(g.mul(mixed, scale), values);
  return {
    y: g.reshape(g.transpose(y, [0, 2, 1, 3]), x.shape),
    matrix: () => {
      const own = onDiagonal(g.scalar(1), length);
      return g.expand(g.add(g.mul(matrix(), scale), own), [batch, r.nheads, length, length]);
    },
  };
}

function bothWays(
  x: g.Tensor,
  selected: readonly g.Tensor[],
  dt: g.Tensor | undefined,
  p: Tensors,
  r: Resolved,
  ctx: ForwardContext,
): Mixed {
  const [batch, length] = x.shape as [number, number, number];
  const bias = p['matrix_mixer.dt_bias']!;
  const [first, second] = dt
    ? g.split(dt, 2, [r.nheads, r.nheads])
    : [g.zeros([batch, length, r.nheads]), g.zeros([batch, length, r.nheads])];
  const learned = p['matrix_mixer.BC'];
  const maps = learned
    ? g
        .split(g.slice(learned, 0, 0, length), 1, [r.d_state, r.d_state])
        .map((map) => g.expand(g.unsqueeze(map, 0), [batch, length, r.d_state]))
    : selected;
  // One group: all heads share the maps of the whole width, and both directions do.
  const [B, C] = maps.map((map) => g.unsqueeze(map, 2)) as [g.Tensor, g.Tensor];
  const unpadded: TwoScans = {
    x: g.reshape(x, [batch, length, r.nheads, r.headdim]),
    A: g.neg(g.exp(p['matrix_mixer.A_log']!)),
    ahead: { delta: g.softplus(g.add(first!, bias)), B, C },
    back: { delta: g.softplus(g.add(second!, bias)), B, C },
  };
  const scans = acrossPadding(unpadded, ctx);
  const weight = g.linear(x, p['matrix_mixer.fc_D.weight']!, p['matrix_mixer.D']!);
  return {
    y: g.reshape(quasiseparable(scans, weight, { chunkSize: r.chunk_size }), x.shape),
    matrix: () => quasiseparableMatrix(scans, weight),
  };
}
