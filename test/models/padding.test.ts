/** @file Examples of different lengths in one batch: logits, gradients and statistics do not depend on the padding behind. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { buildModel, type ModelConfig, type ModelData, type TaskConfig } from '../../src/models';

const TOKENS = [4, 1, 6, 2, 5, 3, 1];
const LONGEST = 13;
const MATRICES = ['dense', 'toeplitz', 'vandermonde', 'cauchy', 'low_rank', 'attention', 'quasiseparable'];

/** Every kind of layer small, and all ways of looking ahead; kernels that belong to one length get the longest. */
const variants: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  mamba: [{ d_state: 2 }],
  mamba2: [{ d_state: 2, headdim: 4 }],
  mamba3: [{ d_state: 4, headdim: 4 }],
  s4: [
    { d_state: 4, l_max: LONGEST },
    { d_state: 4, l_max: LONGEST, bidirectional: true, channels: 2 },
  ],
  s4d: [{ d_state: 4 }, { d_state: 4, bidirectional: true }],
  dss: [
    { d_state: 4, l_max: LONGEST },
    { d_state: 4, l_max: LONGEST, bidirectional: true },
    { d_state: 4, kernel: 'exp', bidirectional: true },
  ],
  h3: [{ d_state: 4 }],
  'long-conv': [
    { l_max: LONGEST, lam: 0 },
    { l_max: LONGEST, lam: 0, bidirectional: true },
    { l_max: LONGEST, lam: 0, bidirectional: true, block_fft: true, max_m: 2 },
  ],
  hydra: [
    { d_state: 2, headdim: 4 },
    { d_state: 2, headdim: 4, learnable_init_states: true, chunk_size: 3 },
  ],
  'matrix-mixer': [false, true]
    .flatMap((is_data_dependent) =>
      MATRICES.filter((kind) => kind !== 'dense' || !is_data_dependent).map((matrix_mixer_type) => {
        return { matrix_mixer_type, is_data_dependent, headdim: 4, qk_dim: 2, max_seq_len: LONGEST };
      }),
    )
    .concat(
      [false, true].map((is_data_dependent) => {
        const sizes = { is_data_dependent, headdim: 4, qk_dim: 2, max_seq_len: LONGEST };
        return { matrix_mixer_type: 'toeplitz', toeplitz_index: 'released', ...sizes };
      }),
    ),
  sma: [
    { zdim: 4, ndim: 2, window_size: 3 },
    { zdim: 4, ndim: 2, window_size: 3, bidirectional: true },
    {
      zdim: 4,
      ndim: 2,
      window_size: 2,
      bidirectional: true,
      attention_activation: 'softmax',
      local_pos: true,
    },
    { zdim: 4, ndim: 2, window_size: 9, bidirectional: true, truncation: 3, rel_pos_bias: 'rotary' },
    { zdim: 4, ndim: 2, window_size: 3, bidirectional: true, norm_type: 'batchnorm' },
  ],
  spacetime: [{ kernel_dim: 2, n_kernels: 2, preprocess: 'residual' }],
  attention: [
    { heads: 2 },
    { heads: 2, causal: false, rotary_emb_dim: 4 },
    { heads: 2, causal: false, window: 1, num_heads_kv: 1 },
    { heads: 2, causal: false, window: 3 },
  ],
  mlp: [{}],
  moe: [{ num_experts: 3, top_k: 2, d_intermediate: 4 }],
  'gated-mlp': [{}],
  glu: [{}],
  zamba: [{ heads: 2, share: 'A' }],
};

const config = (mixer: string, options: Readonly<Record<string, unknown>>, norm: ModelConfig['norm']) => ({
  d_model: 8,
  layers: [{ mixer, ...options }, { mixer: 'mlp' }, { mixer, ...options }],
  norm,
  norm_eps: 1e-5,
  tie_embeddings: true,
});

/** Loss, logits, statistics and all gradients of a step that trains with the tokens, and so many places of padding behind. */
function step(model: ModelConfig, length: number, pooling: 'mean' | 'last'): Record<string, Float64Array> {
  const data: ModelData = {
    length,
    input: { kind: 'tokens', vocab_size: 7, padding: 0 },
    target: { kind: 'class', classes: 3 },
  };
  const task: TaskConfig = { type: 'classification', pooling };
  const built = buildModel({ model, task, data });
  const program: Record<string, g.Tensor> = {
    ...built.trainingStep(2),
    ...built.evaluation(2, length, { activations: true }),
    logits: built.logits(2)['logits']!,
  };
  const others = [2, 3, 5, 6, 1];
  const inputs = new Int32Array(2 * length);
  inputs.set(TOKENS);
  inputs.set(others, length);
  const feeds = { ...Object.fromEntries(built.initialise(1)), inputs, targets: Int32Array.from([2, 0]) };
  const names = Object.keys(program);
  const found = g.interpret(
    names.map((name) => program[name]!),
    feeds,
  );
  return Object.fromEntries(names.map((name, i) => [name, found[i]!]));
}

function unchanged(model: ModelConfig, pooling: 'mean' | 'last' = 'mean'): void {
  const [short, long] = [TOKENS.length, LONGEST].map((length) => step(model, length, pooling));
  for (const [name, values] of Object.entries(short!)) {
    values.forEach((value, i) => {
      const error = Math.abs(value - long![name]![i]!);
      assert.ok(error <= 1e-7 * (1 + Math.abs(value)), `${name}[${i}]: ${value} against ${long![name]![i]}`);
    });
  }
  assert.ok(short!['logits']!.some((value) => Math.abs(value) > 1e-6));
}

describe('padding behind an example changes neither logits nor gradients nor statistics', () => {
  it('every mixer is tried', () =>
    assert.deepEqual(Object.keys(variants).sort(), Object.keys(mixers).sort()));

  for (const [mixer, list] of Object.entries(variants)) {
    for (const options of list) {
      it(`${mixer} ${JSON.stringify(options)}`, () => unchanged(config(mixer, options, 'rms')));
    }
  }

  it('with batch norms, whose statistics it does not count in', () => {
    unchanged(config('s4d', { d_state: 4, bidirectional: true }, 'batch'));
  });

  it('with the last token alone', () => {
    unchanged(config('hydra', { d_state: 2, headdim: 4 }, 'layer'), 'last');
  });
});
