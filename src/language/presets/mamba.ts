/** @file The released language models of state-spaces/mamba: sizes, and the results that their papers report. */
import type { Published, Source } from './types';

const mambaPaper: Source = {
  title: 'Mamba: Linear-Time Sequence Modeling with Selective State Spaces, Table 3',
  year: 2023,
  url: 'https://arxiv.org/abs/2312.00752',
};
const mamba2Paper: Source = {
  title:
    'Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality, Table 1',
  year: 2024,
  url: 'https://arxiv.org/abs/2405.21060',
};

type Row = readonly [
  size: string,
  n_layer: number,
  d_model: number,
  parameters: number,
  /** Perplexity on the Pile. */
  pile: number,
  /** LAMBADA: perplexity, accuracy in percent. */
  lambada: readonly [number, number],
];

const mamba: readonly Row[] = [
  ['130m', 24, 768, 129_135_360, 10.56, [16.07, 44.3]],
  ['370m', 48, 1024, 371_516_416, 8.28, [8.14, 55.6]],
  ['790m', 48, 1536, 793_204_224, 7.33, [6.02, 62.7]],
  ['1.4b', 48, 2048, 1_372_178_432, 6.8, [5.04, 64.9]],
  ['2.8b', 64, 2560, 2_768_345_600, 6.22, [4.23, 69.2]],
];
const mamba2: readonly Row[] = [
  ['130m', 24, 768, 128_989_632, 10.48, [16.86, 43.9]],
  ['370m', 48, 1024, 368_346_624, 8.21, [8.02, 55.8]],
  ['780m', 48, 1536, 780_161_280, 7.26, [5.86, 61.7]],
  ['1.3b', 48, 2048, 1_343_757_312, 6.66, [5.02, 65.7]],
  ['2.7b', 64, 2560, 2_702_599_680, 6.09, [4.1, 69.7]],
];

const note = (paper: string): string =>
  `language model of the ${paper} paper, trained on 300 G tokens of the Pile with the GPT-NeoX tokenizer.`;

/** @param item the layer with options that are worth seeing, though they are the defaults */
const family = (
  rows: readonly Row[],
  {
    prefix,
    item,
    vocab_size,
    ...rest
  }: { prefix: string; item: string; vocab_size: number; note: string; paper: Source },
): Published[] =>
  rows.map(([size, n_layer, d_model, parameters, pile, [perplexity, accuracy]]) => ({
    ...rest,
    name: `${prefix}-${size}`,
    model: [
      `d_model: ${d_model}`,
      `vocab_size: ${vocab_size}`,
      'layers:',
      `  - {repeat: ${n_layer}, mixer: ${item}}`,
    ],
    sizes: `${n_layer} × ${prefix}, d_model ${d_model}`,
    vocab_size,
    parameters,
    results:
      `Published zero-shot results: Pile perplexity ${pile}, LAMBADA perplexity ${perplexity}, ` +
      `accuracy ${accuracy} %.`,
  }));

export const mambaModels: readonly Published[] = [
  ...family(mamba, {
    prefix: 'mamba',
    item: 'mamba, d_state: 16, d_conv: 4, expand: 2',
    // The GPT-NeoX vocabulary, padded to a multiple of 8; below of 16.
    vocab_size: 50_280,
    note: note('Mamba'),
    paper: mambaPaper,
  }),
  ...family(mamba2, {
    prefix: 'mamba2',
    item: 'mamba2, d_state: 128, headdim: 64, ngroups: 1',
    vocab_size: 50_288,
    note: note('Mamba-2'),
    paper: mamba2Paper,
  }),
  {
    name: 'mamba2attn-2.7b',
    model: [
      'd_model: 2560',
      'vocab_size: 50288',
      "pattern: 'MMMMMMMMM*MMMMMMMM*MMMMMMMM*MMMMMMMM*MMMMMMMM*MMMMMMMMMM*MMMMMMM'",
      'symbols:',
      '  M: {mixer: mamba2, d_state: 128, headdim: 64, ngroups: 1}',
      "  '*': {mixer: attention, heads: 30, head_dim: 128, rotary_emb_dim: 64, d_conv: 4, qkv_proj_bias: false, out_proj_bias: false}",
    ],
    sizes: '58 × mamba2 and 6 × attention, d_model 2560',
    vocab_size: 50_288,
    parameters: 2_697_590_880,
    note: 'language model of the Mamba-2 paper with six attention layers, trained on 300 G tokens of the Pile.',
    results:
      'Published: Pile perplexity 5.95, below both Mamba-2 (6.09) and a Transformer of the same size (Table 3).',
    paper: mamba2Paper,
  },
];
