/** @file All mixers. Completion, checks, documentation, checkpoints and views follow from this list. */
import { attention } from './attention';
import type { LayerDefinition } from './define';
import { dss } from './dss';
import { gatedMlp } from './gated-mlp';
import { glu } from './glu';
import { h3 } from './h3';
import { hydra } from './hydra';
import { longConv } from './long-conv';
import { mamba } from './mamba';
import { mamba2 } from './mamba2';
import { mamba3 } from './mamba3';
import { matrixMixer } from './matrix-mixer';
import { mlp } from './mlp';
import { moe } from './moe';
import { s4 } from './s4';
import { s4d } from './s4d';
import { sma } from './sma';
import { spacetime } from './spacetime';
import { zamba } from './zamba';

export const mixers: Readonly<Record<string, LayerDefinition>> = {
  mamba,
  mamba2,
  mamba3,
  s4,
  s4d,
  dss,
  h3,
  'long-conv': longConv,
  hydra,
  'matrix-mixer': matrixMixer,
  sma,
  spacetime,
  attention,
  mlp,
  'gated-mlp': gatedMlp,
  glu,
  moe,
  zamba,
};

/** How each mixer is written, for the documentation and for snippets. */
export const mixerExamples: Readonly<Record<string, string>> = {
  mamba: '{mixer: mamba, d_state: 16}',
  mamba2: '{mixer: mamba2, d_state: 64, headdim: 32}',
  s4: '{mixer: s4, d_state: 64}',
  s4d: '{mixer: s4d, d_state: 64}',
  mamba3: '{mixer: mamba3, d_state: 64, headdim: 32}',
  dss: '{mixer: dss, kernel: exp}',
  h3: '{mixer: h3, d_state: 64}',
  'long-conv': '{mixer: long-conv, lam: 0.003}',
  hydra: '{mixer: hydra, d_state: 64, headdim: 32}',
  'matrix-mixer': '{mixer: matrix-mixer, matrix_mixer_type: toeplitz, headdim: 32}',
  sma: '{mixer: sma, zdim: 32, window_size: 64}',
  spacetime: '{mixer: spacetime, kernel_dim: 64}',
  attention: '{mixer: attention, heads: 4, rotary_emb_dim: 16}',
  mlp: '{mixer: mlp, d_intermediate: 512}',
  'gated-mlp': '{mixer: gated-mlp, activation: gelu}',
  glu: '{mixer: glu}',
  moe: '{mixer: moe, num_experts: 8, top_k: 2}',
  zamba: '{mixer: zamba, heads: 4, share: A}',
};

export type { Dims, LayerDefinition, ParameterSpec, Parameters, Tensors } from './define';
