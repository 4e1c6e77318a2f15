/** @file Every mixer, in many shapes and with every option, against plain float64 loops. */
import { mixers } from '../../src/layers';
import { checkDecoding, checkForwardAndGradients, type Slow, type Variant } from './check-layer';
import { slowHydra } from './slow-hydra';
import { slowMamba3 } from './slow-mamba3';
import { slowSpacetime } from './slow-spacetime';
import { slowMatrixMixer } from './slow-matrix-mixer';
import { slowSma } from './slow-sma';
import { slowAttention, slowGatedMlp, slowGlu, slowMamba, slowMamba2, slowMlp, slowMoe } from './slow';

const slow: Readonly<Record<string, Slow>> = {
  mamba: slowMamba as unknown as Slow,
  mamba2: slowMamba2 as unknown as Slow,
  mamba3: slowMamba3 as unknown as Slow,
  spacetime: slowSpacetime as unknown as Slow,
  'matrix-mixer': slowMatrixMixer as unknown as Slow,
  sma: slowSma as unknown as Slow,
  hydra: slowHydra as unknown as Slow,
  attention: slowAttention as unknown as Slow,
  mlp: slowMlp as unknown as Slow,
  'gated-mlp': slowGatedMlp as unknown as Slow,
  glu: slowGlu as unknown as Slow,
  moe: slowMoe as unknown as Slow,
};

type Row = [
  mixer: string,
  options: Record<string, unknown>,
  sizes: [d_model: number, batch: number, length: number],
];

const rows: Row[] = [
  ['mamba', { d_state: 4 }, [6, 2, 7]],
  ['mamba', { d_state: 1, d_conv: 2, expand: 1, dt_rank: 3 }, [5, 1, 9]],
  ['mamba', { d_state: 3, d_conv: 3, expand: 3, bias: true, conv_bias: false }, [4, 3, 5]],
  ['mamba', { d_state: 2, d_conv: 1, dt_init: 'constant', dt_scale: 2, dt_init_floor: 0.01 }, [4, 1, 1]],
  ['mamba', { d_state: 5, d_conv: 4 }, [17, 1, 3]],
  ['mamba2', { d_state: 3, headdim: 4 }, [6, 2, 7]],
  ['mamba2', { d_state: 2, headdim: 2, ngroups: 2, d_conv: 2, bias: true, conv_bias: false }, [4, 1, 5]],
  ['mamba2', { d_state: 2, headdim: 2, ngroups: 4, chunk_size: 3 }, [4, 2, 8]],
  [
    'mamba2',
    { d_state: 3, headdim: 2, d_ssm: 8, D_has_hdim: true, norm_before_gate: true, dt_limit: [0.05, 0.6] },
    [6, 2, 6],
  ],
  ['mamba2', { d_state: 1, headdim: 1, rmsnorm: false, expand: 1 }, [3, 1, 4]],
  ['mamba2', { d_state: 2, headdim: 3, d_conv: 3, d_ssm: 6, rmsnorm: false, ngroups: 2 }, [4, 1, 1]],
  ['mamba2', { d_state: 2, headdim: 4, chunk_size: 2, ngroups: 2, norm_before_gate: true }, [8, 1, 11]],
  ['mamba2', { d_state: 2, headdim: 2, ngroups: 2, learnable_init_states: true }, [4, 2, 6]],
  ['mamba3', { d_state: 4, headdim: 4 }, [6, 2, 7]],
  ['mamba3', { d_state: 6, headdim: 2, ngroups: 2, rope_fraction: 1, is_outproj_norm: true }, [4, 1, 9]],
  ['mamba3', { d_state: 6, headdim: 2, ngroups: 4, A_floor: 0.9, chunk_size: 3 }, [4, 2, 8]],
  ['mamba3', { d_state: 4, headdim: 3, expand: 1, is_mimo: true, mimo_rank: 2 }, [3, 2, 5]],
  [
    'mamba3',
    {
      d_state: 6,
      headdim: 2,
      ngroups: 2,
      is_mimo: true,
      mimo_rank: 3,
      rope_fraction: 1,
      is_outproj_norm: true,
    },
    [4, 1, 6],
  ],
  ['mamba3', { d_state: 4, headdim: 2, is_mimo: true, mimo_rank: 1, chunk_size: 4 }, [2, 1, 1]],
  ['hydra', { d_state: 3, headdim: 4 }, [6, 2, 7]],
  ['hydra', { d_state: 2, headdim: 2, ngroups: 2, d_conv: 3, bias: true, chunk_size: 3 }, [4, 1, 8]],
  ['hydra', { d_state: 2, headdim: 2, ngroups: 4, d_conv: 1, learnable_init_states: true }, [4, 2, 5]],
  ['hydra', { d_state: 1, headdim: 3, expand: 1, d_conv: 5, learnable_init_states: true }, [3, 1, 1]],
  ['sma', { zdim: 3, hdim: 5, ndim: 2, window_size: 2, max_positions: 12 }, [4, 2, 11]],
  ['sma', { zdim: 2, ndim: 3, window_size: 3, attention_activation: 'softmax', max_positions: 4 }, [3, 3, 9]],
  ['sma', { zdim: 3, ndim: 1, window_size: 2, bidirectional: true, max_positions: 20 }, [4, 1, 13]],
  [
    'sma',
    {
      zdim: 4,
      ndim: 2,
      window_size: 1,
      bidirectional: true,
      attention_activation: 'softmax',
      local_pos: true,
    },
    [4, 2, 8],
  ],
  ['sma', { zdim: 4, ndim: 2, window_size: 2, rel_pos_bias: 'rotary', norm_type: 'scalenorm' }, [4, 2, 9]],
  ['sma', { zdim: 3, ndim: 2, window_size: 3, local_pos: true, prenorm: false }, [4, 1, 10]],
  ['sma', { zdim: 2, ndim: 2, window_size: 50, max_positions: 3 }, [3, 2, 6]],
  ['sma', { zdim: 2, ndim: 2, window_size: 1 }, [3, 1, 1]],
  ['sma', { zdim: 2, ndim: 2, window_size: 3, norm_type: 'batchnorm' }, [3, 2, 7]],
  ['sma', { zdim: 2, ndim: 1, window_size: 3, norm_type: 'batchnorm', prenorm: false }, [3, 1, 6]],
  ['sma', { zdim: 2, ndim: 2, window_size: 4, truncation: 3 }, [3, 2, 8]],
  ['sma', { zdim: 2, ndim: 2, window_size: 4, truncation: 4, bidirectional: true }, [3, 1, 9]],
  ['spacetime', { kernel_dim: 3, n_kernels: 2 }, [4, 2, 7]],
  [
    'spacetime',
    { kernel_dim: 5, n_kernels: 3, norm_order: 2, skip_connection: true, mlp_layers: 0 },
    [6, 1, 4],
  ],
  [
    'spacetime',
    {
      kernel_dim: 2,
      n_kernels: 6,
      norm_order: 0,
      preprocess: 'residual',
      max_avg_window: 6,
      kernel_init: 'xavier',
    },
    [6, 2, 9],
  ],
  ['spacetime', { kernel_dim: 4, horizon: 3, skip_connection: true, mlp_layers: 1 }, [3, 2, 8]],
  ['spacetime', { kernel_dim: 2, horizon: 5, norm_order: 2, residual: false, mlp_layers: 0 }, [2, 1, 6]],
  ['spacetime', { kernel_dim: 1, n_kernels: 1 }, [2, 1, 1]],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'dense', is_data_dependent: false, headdim: 2, max_seq_len: 8, d_conv: 3 },
    [4, 2, 6],
  ],
  ['matrix-mixer', { matrix_mixer_type: 'toeplitz', headdim: 4, max_seq_len: 9, d_conv: 1 }, [4, 1, 7]],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'toeplitz', headdim: 2, max_seq_len: 6, toeplitz_index: 'released' },
    [3, 2, 6],
  ],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'toeplitz', is_data_dependent: false, headdim: 2, max_seq_len: 9, bias: true },
    [2, 1, 5],
  ],
  [
    'matrix-mixer',
    {
      matrix_mixer_type: 'toeplitz',
      is_data_dependent: false,
      headdim: 4,
      max_seq_len: 5,
      toeplitz_index: 'released',
    },
    [2, 1, 5],
  ],
  ['matrix-mixer', { matrix_mixer_type: 'vandermonde', headdim: 2, qk_dim: 3, max_seq_len: 7 }, [3, 2, 5]],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'vandermonde', is_data_dependent: false, headdim: 2, max_seq_len: 7 },
    [2, 1, 7],
  ],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'cauchy', headdim: 3, qk_dim: 2, max_seq_len: 6, conv_bias: false },
    [3, 1, 6],
  ],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'cauchy', is_data_dependent: false, headdim: 2, qk_dim: 2, max_seq_len: 6 },
    [2, 2, 4],
  ],
  ['matrix-mixer', { matrix_mixer_type: 'low_rank', headdim: 2, qk_dim: 3, max_seq_len: 20 }, [4, 2, 6]],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'low_rank', is_data_dependent: false, headdim: 4, qk_dim: 2, max_seq_len: 5 },
    [2, 1, 4],
  ],
  ['matrix-mixer', { matrix_mixer_type: 'attention', headdim: 2, qk_dim: 3, max_seq_len: 5 }, [3, 2, 5]],
  [
    'matrix-mixer',
    { matrix_mixer_type: 'attention', is_data_dependent: false, headdim: 2, qk_dim: 3, max_seq_len: 6 },
    [3, 1, 5],
  ],
  ['matrix-mixer', { matrix_mixer_type: 'quasiseparable', headdim: 2, qk_dim: 2, chunk_size: 3 }, [3, 2, 7]],
  [
    'matrix-mixer',
    {
      matrix_mixer_type: 'quasiseparable',
      is_data_dependent: false,
      headdim: 4,
      qk_dim: 1,
      max_seq_len: 9,
      expand: 1,
    },
    [4, 1, 6],
  ],
  ['attention', { heads: 2 }, [6, 2, 5]],
  [
    'attention',
    { heads: 4, num_heads_kv: 2, d_conv: 3, qkv_proj_bias: false, out_proj_bias: false },
    [8, 1, 6],
  ],
  ['attention', { heads: 3, num_heads_kv: 1, head_dim: 4, rotary_emb_dim: 4 }, [5, 2, 4]],
  ['attention', { heads: 2, head_dim: 6, rotary_emb_dim: 2, rotary_emb_base: 100, d_conv: 2 }, [4, 1, 7]],
  ['attention', { heads: 1, causal: false }, [3, 2, 4]],
  ['attention', {}, [4, 1, 1]],
  // Windows: shorter than the length, in blocks where that pays, longer than the length, of a single position.
  ['attention', { heads: 2, window: 3, rotary_emb_dim: 2 }, [4, 2, 9]],
  ['attention', { heads: 4, num_heads_kv: 2, window: 2, rotary_emb_dim: 4, head_dim: 4 }, [4, 2, 11]],
  ['attention', { heads: 2, window: 1, d_conv: 2 }, [4, 1, 6]],
  ['attention', { heads: 1, window: 30 }, [3, 1, 5]],
  ['attention', { heads: 2, window: 3, causal: false }, [4, 1, 7]],
  ['attention', { heads: 2, num_heads_kv: 1, window: 2, causal: false }, [4, 2, 15]],
  ['attention', { heads: 2, rotary_emb_dim: 2, head_dim: 3, rotary_emb_interleaved: true }, [4, 1, 5]],
  ['attention', { heads: 2, qk_norm: 'rms', rotary_emb_dim: 2, softmax_scale: 0.7 }, [4, 2, 5]],
  ['attention', { heads: 2, qk_norm: 'l2', qk_temperature: 0.2, window: 2 }, [4, 1, 10]],
  ['attention', { heads: 4, num_heads_kv: 2, qk_temperature: 'learned' }, [8, 1, 5]],
  ['mlp', { d_intermediate: 5, multiple_of: 1 }, [4, 2, 3]],
  ['mlp', { d_intermediate: 5, multiple_of: 4, bias: true }, [3, 1, 2]],
  ['mlp', { activation: 'gelu', multiple_of: 1 }, [2, 2, 2]],
  ['mlp', { activation: 'relu2', multiple_of: 1, bias: true }, [3, 1, 3]],
  ['gated-mlp', { multiple_of: 1 }, [4, 1, 3]],
  ['gated-mlp', { activation: 'gelu', d_intermediate: 5, multiple_of: 1, bias: true }, [3, 2, 2]],
  ['gated-mlp', { activation: 'identity', multiple_of: 1 }, [3, 1, 2]],
  // Token by token: with copies of the chosen experts, and with all of them.
  ['moe', { num_experts: 8, top_k: 1, d_intermediate: 3 }, [4, 2, 5]],
  ['moe', { num_experts: 3, top_k: 2, d_intermediate: 3, norm_topk_prob: false, d_shared: 5 }, [4, 1, 6]],
  [
    'moe',
    {
      num_experts: 6,
      top_k: 2,
      activation: 'relu2',
      scores: 'sigmoid',
      correction_bias: true,
      routed_scaling_factor: 2.5,
      d_shared: 3,
      shared_bias: true,
      d_intermediate: 2,
    },
    [3, 1, 7],
  ],
  [
    'moe',
    {
      ...{ num_experts: 8, top_k: 3, n_group: 4, topk_group: 2, d_intermediate: 3 },
      ...{ scores: 'sigmoid', correction_bias: true },
    },
    [3, 2, 7],
  ],
  ['glu', {}, [4, 2, 3]],
  ['glu', { activation: 'tanh', bias: false }, [3, 1, 2]],
];

describe('layers', () => {
  for (const [mixer, options, [d_model, batch, length]] of rows) {
    const variant: Variant = { mixer, options, d_model, batch, length };
    describe(`${mixer} ${JSON.stringify(options)}, d_model ${d_model}, batch ${batch}, length ${length}`, () => {
      it('computes what the loops compute, and its gradients', () => {
        checkForwardAndGradients(variant, slow[mixer]!);
      });
      const definition = mixers[mixer]!;
      const dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
      if (definition.causal(definition.resolve(definition.options.parse(options), dims))) {
        it('computes the same one token at a time', () => {
          checkDecoding(variant, slow[mixer]!);
        });
      }
    });
  }
});
