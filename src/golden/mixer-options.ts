/**
 * @file A mixer's options from hyperparameters and parameter shapes. Where both speak, the shapes win; keys that
 * change the map without changing a shape are read, everything unknown is not supported.
 */
import type { GoldenCase } from './case';
import { MalformedCase, NotSupported } from './errors';
import type { Options } from './options';

type MixerOptions = Readonly<Record<string, unknown>>;

/** What the authors' blocks take besides: how parameters start, and which kernels run. */
const START = ['dt_min', 'dt_max', 'dt_init', 'dt_scale', 'dt_init_floor', 'conv_init', 'A_init_range'];
const KERNELS = ['use_fast_path', 'use_mem_eff_path'];

/** Inner width as a multiple of d_model. */
function expansion(d_inner: number, d_model: number): number {
  if (d_inner % d_model !== 0)
    throw new NotSupported(`inner width ${d_inner} is no multiple of d_model ${d_model}`);
  return d_inner / d_model;
}

/** Sizes that follow from shapes and the number of groups. */
function checkSizes(sizes: readonly number[], prefix: string, ngroups: number): void {
  if (sizes.every((size) => Number.isInteger(size) && size > 0)) return;
  throw new MalformedCase(`the shapes under ${prefix} do not fit ${ngroups} groups`);
}

/** @param prefix of the parameters, for example `param.` or `param.backbone.layers.0.mixer.` */
export function mambaOptions(goldenCase: GoldenCase, prefix: string, options: Options): MixerOptions {
  options.informative('d_state', 'd_conv', 'expand', 'dt_rank', 'd_inner');
  options.irrelevant(...START, ...KERNELS);
  for (const key of ['bias', 'conv_bias']) options.boolean(key);
  const [d_inner, d_state] = goldenCase.shape(`${prefix}A_log`, 2) as [number, number];
  const d_model = goldenCase.shape(`${prefix}in_proj.weight`, 2)[1]!;
  return {
    d_state,
    d_conv: goldenCase.shape(`${prefix}conv1d.weight`, 3)[2],
    expand: expansion(d_inner, d_model),
    dt_rank: goldenCase.shape(`${prefix}dt_proj.weight`, 2)[1],
    bias: goldenCase.has(`${prefix}in_proj.bias`),
    conv_bias: goldenCase.has(`${prefix}conv1d.bias`),
  };
}

export function mamba2Options(goldenCase: GoldenCase, prefix: string, options: Options): MixerOptions {
  options.informative('d_state', 'd_conv', 'expand', 'headdim', 'd_ssm', 'd_inner', 'nheads');
  options.irrelevant(...START, ...KERNELS);
  for (const key of ['bias', 'conv_bias', 'rmsnorm', 'D_has_hdim', 'learnable_init_states']) {
    options.boolean(key);
  }
  const ngroups = options.integer('ngroups') ?? 1;
  const chunk_size = options.integer('chunk_size');
  const norm_before_gate = options.boolean('norm_before_gate') ?? false;
  const [low, high] = options.pair('dt_limit') ?? [0, Infinity];
  const [width, d_model] = goldenCase.shape(`${prefix}in_proj.weight`, 2) as [number, number];
  const d_inner = goldenCase.shape(`${prefix}out_proj.weight`, 2)[1]!;
  const [d_xbc, , d_conv] = goldenCase.shape(`${prefix}conv1d.weight`, 3) as [number, number, number];
  const nheads = goldenCase.shape(`${prefix}A_log`, 1)[0]!;
  // in_proj holds z0 and x0 (d_inner - d_ssm each), z (d_ssm), x, B, C (d_xbc) and one dt per head.
  const d_ssm = 2 * d_inner + d_xbc + nheads - width;
  const d_state = (d_xbc - d_ssm) / (2 * ngroups);
  const headdim = d_ssm / nheads;
  checkSizes([d_ssm, d_state, headdim], prefix, ngroups);
  return {
    d_state,
    d_conv,
    expand: expansion(d_inner, d_model),
    headdim,
    ngroups,
    d_ssm,
    rmsnorm: goldenCase.has(`${prefix}norm.weight`),
    learnable_init_states: goldenCase.has(`${prefix}init_states`),
    norm_before_gate,
    D_has_hdim: goldenCase.shape(`${prefix}D`, 1)[0] !== nheads,
    dt_limit: [low, Number.isFinite(high) ? high : 'inf'],
    bias: goldenCase.has(`${prefix}in_proj.bias`),
    conv_bias: goldenCase.has(`${prefix}conv1d.bias`),
    ...(chunk_size === undefined ? {} : { chunk_size }),
  };
}

export function mamba3Options(goldenCase: GoldenCase, prefix: string, options: Options): MixerOptions {
  options.informative('d_state', 'expand', 'headdim', 'd_inner', 'nheads', 'mimo_rank');
  options.irrelevant(...START, ...KERNELS);
  options.boolean('is_outproj_norm');
  const mimo = goldenCase.has(`${prefix}mimo_x`);
  if ((options.boolean('is_mimo') ?? mimo) !== mimo) {
    throw new MalformedCase(`is_mimo and the parameters under ${prefix} contradict each other`);
  }
  const ngroups = options.integer('ngroups') ?? 1;
  const rope_fraction = options.number('rope_fraction') ?? 0.5;
  const chunk_size = options.integer('chunk_size');
  const A_floor = options.number('A_floor');
  const [d_model, d_inner] = goldenCase.shape(`${prefix}out_proj.weight`, 2) as [number, number];
  const [nheads, mimo_rank, d_state] = goldenCase.shape(`${prefix}B_bias`, 3) as [number, number, number];
  const headdim = d_inner / nheads;
  if (!Number.isInteger(headdim))
    throw new MalformedCase(`${nheads} heads do not divide ${d_inner} channels`);
  return {
    d_state,
    expand: expansion(d_inner, d_model),
    headdim,
    ngroups,
    rope_fraction,
    is_mimo: mimo,
    ...(mimo ? { mimo_rank } : {}),
    is_outproj_norm: goldenCase.has(`${prefix}norm.weight`),
    ...(chunk_size === undefined ? {} : { chunk_size }),
    ...(A_floor === undefined ? {} : { A_floor }),
  };
}

export function hydraOptions(goldenCase: GoldenCase, prefix: string, options: Options): MixerOptions {
  options.informative('d_state', 'd_conv', 'expand', 'headdim', 'd_inner', 'nheads');
  options.irrelevant(...START, ...KERNELS);
  for (const key of ['bias', 'conv_bias', 'learnable_init_states']) options.boolean(key);
  const ngroups = options.integer('ngroups') ?? 1;
  const chunk_size = options.integer('chunk_size');
  const [d_model, d_inner] = goldenCase.shape(`${prefix}out_proj.weight`, 2) as [number, number];
  const [convolved, , d_conv] = goldenCase.shape(`${prefix}conv1d.weight`, 3) as [number, number, number];
  const nheads = goldenCase.shape(`${prefix}A_log`, 1)[0]!;
  // The convolution runs over x and over B and C in both directions.
  const d_state = (convolved - d_inner) / (4 * ngroups);
  const headdim = d_inner / nheads;
  checkSizes([d_state, headdim], prefix, ngroups);
  return {
    d_state,
    d_conv,
    expand: expansion(d_inner, d_model),
    headdim,
    ngroups,
    learnable_init_states: goldenCase.has(`${prefix}init_states`),
    bias: goldenCase.has(`${prefix}in_proj.bias`),
    ...(chunk_size === undefined ? {} : { chunk_size }),
  };
}

export function attentionOptions(goldenCase: GoldenCase, prefix: string, options: Options): MixerOptions {
  const heads = options.size('num_heads');
  const num_heads_kv = options.integer('num_heads_kv') ?? heads;
  options.informative('head_dim', 'd_conv');
  const causal = options.boolean('causal') ?? true;
  for (const key of ['qkv_proj_bias', 'out_proj_bias']) options.boolean(key);
  const rotary_emb_dim = options.integer('rotary_emb_dim') ?? 0;
  const rotary_emb_base = options.number('rotary_emb_base') ?? 10000;
  const rotary_emb_interleaved = options.boolean('rotary_emb_interleaved') ?? false;
  const softmax_scale = options.number('softmax_scale');
  if (options.integer('mlp_dim')) throw new NotSupported('an MLP inside attention (mlp_dim)');
  const head_dim = goldenCase.shape(`${prefix}out_proj.weight`, 2)[1]! / heads;
  if (!Number.isInteger(head_dim))
    throw new MalformedCase(`the shapes under ${prefix} do not fit ${heads} heads`);
  const convolution = `${prefix}conv1d.weight`;
  return {
    heads,
    num_heads_kv,
    head_dim,
    causal,
    rotary_emb_dim,
    rotary_emb_base,
    rotary_emb_interleaved,
    ...(softmax_scale === undefined ? {} : { softmax_scale }),
    d_conv: goldenCase.has(convolution) ? goldenCase.shape(convolution, 3)[2] : 0,
    qkv_proj_bias: goldenCase.has(`${prefix}in_proj.bias`),
    out_proj_bias: goldenCase.has(`${prefix}out_proj.bias`),
  };
}

/** The gated MLP of the language models: fc1 (2 · hidden, d_model), no bias unless stored. */
export function mlpOptions(goldenCase: GoldenCase, prefix: string): MixerOptions {
  return {
    d_intermediate: goldenCase.shape(`${prefix}fc2.weight`, 2)[1],
    multiple_of: 1,
    bias: goldenCase.has(`${prefix}fc1.bias`),
  };
}
