/** @file Published models of other systems: H3, the Mamba-2 hybrid, Hydra. */
import type { Published, Source } from './types';

const h3Paper: Source = {
  title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models, Table 4',
  year: 2023,
  url: 'https://arxiv.org/abs/2212.14052',
};
const hybridPaper: Source = {
  title: 'An Empirical Study of Mamba-based Language Models',
  year: 2024,
  url: 'https://arxiv.org/abs/2406.07887',
};
const hydraPaper: Source = {
  title: 'Hydra: Bidirectional State Space Models Through Generalized Matrix Mixers',
  year: 2024,
  url: 'https://arxiv.org/abs/2407.09941',
};

type H3Row = readonly [
  size: string,
  n_layer: number,
  d_model: number,
  heads: number,
  attention: readonly number[],
  parameters: number,
  perplexity: number,
];

/** Perplexity on the Pile. The authors' loader prints 126387456 parameters for the 125M: one channel per head. */
const h3Rows: readonly H3Row[] = [
  ['125m', 12, 768, 12, [6], 126_387_456, 8.8],
  ['355m', 24, 1024, 16, [8, 16], 361_058_304, 7.1],
  ['1.3b', 24, 2048, 16, [8, 16], 1_326_096_384, 6.0],
  ['2.7b', 32, 2560, 20, [8, 16, 24], 2_670_307_840, 5.4],
];

/** A symbol per residual layer: H for H3, * for attention, each followed by an MLP. */
const h3Pattern = (n_layer: number, attention: readonly number[]): string =>
  Array.from({ length: n_layer }, (_, i) => (attention.includes(i) ? '*-' : 'H-')).join('');

const h3Models = h3Rows.map(
  ([size, n_layer, d_model, heads, attention, parameters, perplexity]): Published => ({
    name: `h3-${size}`,
    model: [
      `d_model: ${d_model}`,
      'vocab_size: 50264',
      'norm: layer',
      `pattern: '${h3Pattern(n_layer, attention)}'`,
      'symbols:',
      '  H: {mixer: h3, d_state: 64}',
      `  '*': {mixer: attention, heads: ${heads}}`,
      `  '-': {mixer: mlp, activation: gelu, d_intermediate: ${4 * d_model}, bias: true}`,
    ],
    sizes: `${n_layer - attention.length} × h3 and ${attention.length} × attention, each with an MLP, d_model ${d_model}`,
    vocab_size: 50_264,
    parameters,
    note: `hybrid language model of the H3 paper (attention in place of H3 in layer ${attention.join(', ')} of ${n_layer}), trained on 400 G tokens of the Pile with the GPT-2 tokenizer.`,
    results: `Published: Pile perplexity ${perplexity}.`,
    paper: h3Paper,
  }),
);

const mamba2Groups = '{mixer: mamba2, d_state: 128, headdim: 64, ngroups: 8}';

export const otherModels: readonly Published[] = [
  ...h3Models,
  {
    name: 'mamba2-8b',
    model: [
      'd_model: 4096',
      'vocab_size: 256000',
      'tie_embeddings: false',
      'layers:',
      `  - ${mamba2Groups.replace('{', '{repeat: 56, ')}`,
    ],
    sizes: '56 × mamba2, d_model 4096',
    vocab_size: 256_000,
    parameters: 8_236_999_680,
    note: 'the pure Mamba-2 of the comparison, trained on up to 3.5 T tokens.',
    paper: hybridPaper,
  },
  {
    name: 'mamba2-hybrid-8b',
    model: [
      'd_model: 4096',
      'vocab_size: 256000',
      'tie_embeddings: false',
      "pattern: 'M-M-M--M-M*-M-M-M-M--M*-M-M-M-M-M*--M-M-M-M-M*-M--M-M-M-'",
      'symbols:',
      `  M: ${mamba2Groups}`,
      "  '*': {mixer: attention, heads: 32, num_heads_kv: 8, qkv_proj_bias: false, out_proj_bias: false}",
      "  '-': {mixer: mlp, activation: gelu, d_intermediate: 16384}",
    ],
    sizes: '24 × mamba2, 4 × attention and 28 × MLP, d_model 4096',
    vocab_size: 256_000,
    parameters: 8_654_517_248,
    note: 'Mamba-2-Hybrid: 43 % Mamba-2, 7 % attention and 50 % MLP layers without position embeddings, trained on 3.5 T tokens.',
    results: 'Published: above the 8B Transformer on all 12 standard tasks, by 2.65 points on average.',
    paper: hybridPaper,
  },
  {
    name: 'hydra-bert',
    model: [
      'd_model: 768',
      'vocab_size: 30522',
      'layers:',
      '  - {repeat: 23, mixer: hydra, d_state: 64, headdim: 64, ngroups: 1, d_conv: 7}',
    ],
    sizes: '23 × hydra, d_model 768',
    vocab_size: 30_522,
    parameters: 111_439_480,
    note: 'the bidirectional encoder that was trained as BERT on C4; for classification and answers, not for language models.',
    results: 'Published: 84.3 on GLUE on average, BERT-Base 83.5.',
    paper: hydraPaper,
  },
];
