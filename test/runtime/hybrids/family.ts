/** @file What the families of hybrids share: tensors of their parts, and options of the loops that compute with them. */
import { add, get, rms, type File, type Rows } from './reference';

export type Config = Record<string, unknown>;
export type Shapes = [string, readonly number[]][];
export interface Family {
  readonly base: Config;
  shapes(c: Config): Shapes;
  /** The residual stream of all positions behind layer `i`. */
  layer(file: File, c: Config, i: number, stream: Rows): Rows;
  readonly finalNorm: string;
  /** `model.embed_tokens` unless given. */
  readonly embedding?: string;
  scales?(c: Config): { readonly embedded: number; readonly logits: number };
}

export const number = (c: Config, key: string): number => c[key] as number;
export const numbers = (c: Config, key: string): number[] => c[key] as number[];
export const affine = (name: string, rows: number, columns: number, bias: unknown): Shapes => [
  [`${name}.weight`, [rows, columns]],
  ...(bias === true ? ([[`${name}.bias`, [rows]]] satisfies Shapes) : []),
];
export const usual = {
  hidden_size: 8,
  vocab_size: 23,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 12,
  rms_norm_eps: 1e-4,
  tie_word_embeddings: false,
};
export const mamba2Keys = {
  mamba_n_heads: 4,
  mamba_d_head: 4,
  mamba_n_groups: 2,
  mamba_d_state: 4,
  mamba_d_conv: 4,
};

const headDim = (c: Config): number =>
  (c['head_dim'] as number | undefined) ?? number(c, 'hidden_size') / number(c, 'num_attention_heads');

export function attentionShapes(c: Config, at: string): Shapes {
  const [d, heads, kv] = ['hidden_size', 'num_attention_heads', 'num_key_value_heads'].map((key) =>
    number(c, key),
  ) as [number, number, number];
  const W = headDim(c);
  const bias = c['attention_bias'];
  return [
    ...affine(`${at}q_proj`, heads * W, d, bias),
    ...affine(`${at}k_proj`, kv * W, d, bias),
    ...affine(`${at}v_proj`, kv * W, d, bias),
    ...affine(`${at}o_proj`, d, heads * W, bias),
  ];
}

export function mamba2Shapes(c: Config, at: string, norm: boolean): Shapes {
  const heads = number(c, 'mamba_n_heads');
  const E = heads * number(c, 'mamba_d_head');
  const conv = E + 2 * number(c, 'mamba_n_groups') * number(c, 'mamba_d_state');
  const d = number(c, 'hidden_size');
  return [
    ...affine(`${at}in_proj`, E + conv + heads, d, c['mamba_proj_bias']),
    [`${at}conv1d.weight`, [conv, 1, number(c, 'mamba_d_conv')]],
    ...(c['mamba_conv_bias'] === false ? [] : ([[`${at}conv1d.bias`, [conv]]] satisfies Shapes)),
    ...['dt_bias', 'A_log', 'D'].map((name): Shapes[number] => [at + name, [heads]]),
    ...(norm ? ([[`${at}norm.weight`, [E]]] satisfies Shapes) : []),
    ...affine(`${at}out_proj`, d, E, c['mamba_proj_bias']),
  ];
}

export const mlpShapes = (c: Config, at: string): Shapes => {
  const [d, f] = [number(c, 'hidden_size'), number(c, 'intermediate_size')];
  return [
    ...affine(`${at}gate_proj`, f, d, c['mlp_bias']),
    ...affine(`${at}up_proj`, f, d, c['mlp_bias']),
    ...affine(`${at}down_proj`, d, f, c['mlp_bias']),
  ];
};

export const attentionOf = (c: Config, rotary: boolean, scale?: number) => {
  const heads = number(c, 'num_attention_heads');
  const head_dim = headDim(c);
  return {
    heads,
    heads_kv: number(c, 'num_key_value_heads'),
    head_dim,
    scale: scale ?? 1 / Math.sqrt(head_dim),
    rotary: rotary ? head_dim : 0,
    base: (c['rope_theta'] as number | undefined) ?? 10_000,
  };
};

export const mamba2Of = (c: Config) => ({
  d_inner: number(c, 'mamba_n_heads') * number(c, 'mamba_d_head'),
  heads: number(c, 'mamba_n_heads'),
  groups: number(c, 'mamba_n_groups'),
  d_state: number(c, 'mamba_d_state'),
  eps: number(c, 'rms_norm_eps'),
});

export const normed = (file: File, c: Config, name: string, rows: Rows): Rows =>
  rows.map((row) => rms(row, get(file, `${name}.weight`), number(c, 'rms_norm_eps')));
export const plus = (a: Rows, b: Rows): Rows => a.map((row, t) => add(row, b[t]!));
