/** @file The released language models of state-spaces/mamba: sizes, and the results that their papers report. */

interface Source {
  readonly title: string;
  readonly year: number;
  readonly url: string;
}

export interface Published {
  readonly name: string;
  readonly mixer: 'mamba' | 'mamba2';
  readonly n_layer: number;
  readonly d_model: number;
  /** Rows of the embedding: the GPT-NeoX vocabulary, padded. */
  readonly vocab_size: number;
  /** Options of every layer that are worth seeing, though they are the defaults. */
  readonly options: readonly string[];
  /** All trained numbers, the shared embedding counted once. */
  readonly parameters: number;
  /** Perplexity on the Pile. */
  readonly pile: number;
  /** LAMBADA: perplexity, accuracy in percent. */
  readonly lambada: readonly [number, number];
  readonly note: string;
  readonly paper: Source;
}

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
  pile: number,
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

export const published: readonly Published[] = [
  ...mamba.map(([size, n_layer, d_model, parameters, pile, lambada]): Published => ({
    name: `mamba-${size}`,
    mixer: 'mamba',
    vocab_size: 50_280,
    options: ['d_state: 16', 'd_conv: 4', 'expand: 2'],
    note: note('Mamba'),
    paper: mambaPaper,
    ...{ n_layer, d_model, parameters, pile, lambada },
  })),
  ...mamba2.map(([size, n_layer, d_model, parameters, pile, lambada]): Published => ({
    name: `mamba2-${size}`,
    mixer: 'mamba2',
    vocab_size: 50_288,
    options: ['d_state: 128', 'headdim: 64', 'ngroups: 1'],
    note: note('Mamba-2'),
    paper: mamba2Paper,
    ...{ n_layer, d_model, parameters, pile, lambada },
  })),
];
