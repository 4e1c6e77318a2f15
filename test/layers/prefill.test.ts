/** @file Reading a prompt in pieces must give what reading it token by token gives, outputs and states alike. */
import * as assert from 'node:assert/strict';
import { mixers } from '../../src/layers';
import { setUp, type Variant } from './check-layer';
import { inPieces } from './in-pieces';

const variants: [mixer: string, options: Record<string, unknown>][] = [
  ['mamba2', { d_state: 2, headdim: 2, ngroups: 2, learnable_init_states: true }],
  ['mamba3', { d_state: 4, headdim: 2, ngroups: 2 }],
  ['mamba3', { d_state: 4, headdim: 2, is_mimo: true, mimo_rank: 2, is_outproj_norm: true }],
  ['attention', { heads: 2, rotary_emb_dim: 2 }],
  ['attention', { heads: 4, num_heads_kv: 2, d_conv: 3, window: 3, rotary_emb_dim: 2, head_dim: 2 }],
  ['attention', { heads: 2, window: 5, qk_norm: 'rms', rotary_emb_dim: 2, rotary_emb_interleaved: true }],
  ['attention', { heads: 2, window: 1 }],
  ['s4', { d_state: 4, l_max: 9 }],
  ['s4', { d_state: 4, l_max: 12, init: 'legt', n_ssm: 2, channels: 2, final_act: 'none' }],
  ['s4', { d_state: 4, l_max: 9, init: 'fout', rank: 2, dt_transform: 'softplus' }],
  ['s4d', { d_state: 4 }],
  ['s4d', { d_state: 2, disc: 'bilinear', channels: 2, n_ssm: 1, activation: 'silu' }],
  ['dss', { d_state: 4, l_max: 9, init: 'diag-lin', channels: 2 }],
  ['dss', { d_state: 4, kernel: 'exp' }],
  ['h3', { d_state: 4 }],
  ['h3', { d_state: 2, head_dim: 2, disc: 'zoh' }],
  ['h3', { d_state: 12, head_dim: 4 }],
  ['long-conv', { l_max: 9, lam: 0.01 }],
  ['long-conv', { l_max: 4, lam: 0, channels: 2, use_ma_smoothing: true, ma_window_len: 3 }],
  ['sma', { zdim: 4, hdim: 3, ndim: 2, window_size: 2, max_positions: 4 }],
  ['sma', { zdim: 4, window_size: 3, local_pos: true, attention_activation: 'softmax', prenorm: false }],
  ['sma', { zdim: 4, ndim: 3, window_size: 4, max_positions: 4, truncation: 3 }],
  ['sma', { zdim: 2, window_size: 16, rel_pos_bias: 'rotary', norm_type: 'scalenorm' }],
  ['spacetime', { kernel_dim: 3, n_kernels: 2, skip_connection: true, mlp_layers: 1 }],
  ['spacetime', { kernel_dim: 5, norm_order: 2, preprocess: 'residual', max_avg_window: 6, residual: false }],
];

/** Longer than a chunk of the time-invariant models, and no multiple of it. */
const long: typeof variants = [
  ['s4', { d_state: 2, l_max: 150 }],
  ['s4d', { d_state: 2, channels: 2 }],
  ['h3', { d_state: 4, head_dim: 2 }],
  ['long-conv', { l_max: 40, lam: 0 }],
  ['spacetime', { kernel_dim: 4, n_kernels: 2 }],
];

const TURN = 2 * Math.PI;

/** Compares both ways of reading, for every way of cutting the sequence. */
function compare(variant: Variant, cuts: readonly (readonly number[])[]): void {
  assert.ok(mixers[variant.mixer]!.prefill);
  const layer = setUp(variant);
  const expected = inPieces(layer, new Array<number>(variant.length).fill(1));
  for (const pieces of cuts) {
    const found = inPieces(layer, pieces);
    found.y.forEach((value, i) => {
      assert.ok(Math.abs(value - expected.y[i]!) < 1e-6 * (1 + Math.abs(value)), `${pieces.join()}: y[${i}]`);
    });
    for (const [name, values] of Object.entries(expected.state)) {
      values.forEach((value, i) => {
        let error = Math.abs(found.state[name]![i]! - value);
        // Angles are equal up to whole turns.
        if (name === 'angle_state') error = Math.min(error, Math.abs(error - TURN));
        assert.ok(error < 1e-6 * (1 + Math.abs(value)), `${pieces.join()}: ${name}[${i}]`);
      });
    }
  }
}

describe('prefill', () => {
  for (const [mixer, options] of variants) {
    it(`of ${mixer} ${JSON.stringify(options)} in pieces equals token by token`, () => {
      compare({ mixer, options, d_model: 4, batch: 2, length: 9 }, [[9], [2, 7], [4, 1, 4], [3, 2, 2, 2]]);
    });
  }
  for (const [mixer, options] of long) {
    it(`of ${mixer} ${JSON.stringify(options)} over several chunks equals token by token`, () => {
      compare({ mixer, options, d_model: 2, batch: 2, length: 150 }, [[150], [1, 19, 130]]);
    });
  }

  it('is there for every mixer that decodes and keeps something', () => {
    const dims = { d_model: 8, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
    for (const [name, { options, resolve, state, prefill }] of Object.entries(mixers)) {
      if (!state) continue;
      const kept = Object.keys(state(resolve(options.parse({}), dims), dims));
      assert.equal(prefill !== undefined, kept.length > 0, name);
    }
  });
});
