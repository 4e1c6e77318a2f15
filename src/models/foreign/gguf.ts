/** @file Keys and names of GGUF files of Mamba and Mamba-2 (ggml-org/llama.cpp at 0024aa7, gguf-py constants). */
import type { ModelConfig } from '../config';
import { ForeignModelError, type ForeignModel } from './types';

/** Their part of a layer for each of ours. */
const PARTS: Readonly<Record<string, string>> = {
  'in_proj.weight': 'ssm_in.weight',
  'in_proj.bias': 'ssm_in.bias',
  'out_proj.weight': 'ssm_out.weight',
  'out_proj.bias': 'ssm_out.bias',
  'conv1d.weight': 'ssm_conv1d.weight',
  'conv1d.bias': 'ssm_conv1d.bias',
  'x_proj.weight': 'ssm_x.weight',
  'dt_proj.weight': 'ssm_dt.weight',
  'dt_proj.bias': 'ssm_dt.bias',
  dt_bias: 'ssm_dt.bias',
  D: 'ssm_d',
  'norm.weight': 'ssm_norm.weight',
};

const OUTER: Readonly<Record<string, string>> = {
  'backbone.embedding.weight': 'token_embd.weight',
  'backbone.norm_f.weight': 'output_norm.weight',
  'lm_head.weight': 'output.weight',
};

/**
 * @param keys of the file
 * @param shapes of its tensors, row-major
 * @throws ForeignModelError saying which key or tensor is missing or cannot be expressed
 */
export function fromGguf(
  keys: ReadonlyMap<string, unknown>,
  shapes: ReadonlyMap<string, readonly number[]>,
): ForeignModel {
  const kind = keys.get('general.architecture');
  if (kind !== 'mamba' && kind !== 'mamba2') {
    throw new ForeignModelError(
      `the architecture is ${JSON.stringify(String(kind)).slice(0, 100)}; mamba and mamba2 are read.`,
    );
  }
  const number = (key: string, least = 1, otherwise?: number): number => {
    const value = keys.get(`${kind}.${key}`) ?? otherwise;
    if (typeof value !== 'number' || !(value >= least) || value > 2 ** 24) {
      throw new ForeignModelError(
        `${kind}.${key} is ${value === undefined ? 'missing' : `${typeof value === 'number' ? value : `a ${typeof value}`}, which cannot be`}.`,
      );
    }
    return value;
  };
  const count = (key: string, otherwise?: number): number => {
    const value = number(key, 1, otherwise);
    if (!Number.isInteger(value)) throw new ForeignModelError(`${kind}.${key} must be a whole number.`);
    return value;
  };
  const d_model = count('embedding_length');
  const layers = count('block_count');
  if (layers > 4096) throw new ForeignModelError(`${kind}.block_count (${layers}) is too large.`);
  const d_inner = count('ssm.inner_size');
  // Stored in single precision: the shortest decimal that means it.
  const eps = Number(number('attention.layer_norm_rms_epsilon', 0).toPrecision(7));
  const has = (name: string): boolean => shapes.has(`blk.0.${name}`);
  const common = {
    repeat: layers,
    d_state: count('ssm.state_size'),
    d_conv: count('ssm.conv_kernel'),
    ...(d_inner % d_model === 0 ? { expand: d_inner / d_model } : { d_inner }),
    bias: has('ssm_in.bias'),
    conv_bias: has('ssm_conv1d.bias'),
  };
  const rank = count('ssm.time_step_rank');
  let layer: { mixer: string; [option: string]: unknown };
  if (kind === 'mamba') {
    const normed = keys.get('mamba.ssm.dt_b_c_rms') === true;
    layer = { mixer: 'mamba', ...common, dt_rank: rank, ...(normed ? { bcdt_norm_eps: eps } : {}) };
  } else {
    // Their time step rank is the number of heads.
    if (d_inner % rank !== 0)
      throw new ForeignModelError(
        `mamba2.ssm.time_step_rank (${rank}) must divide the inner width ${d_inner}.`,
      );
    layer = {
      mixer: 'mamba2',
      ...common,
      headdim: d_inner / rank,
      ngroups: count('ssm.group_count', 1),
      gated_norm_eps: eps,
      rmsnorm: has('ssm_norm.weight'),
    };
  }
  const embedding = shapes.get('token_embd.weight');
  if (embedding?.length !== 2) throw new ForeignModelError('the tensor token_embd.weight is missing.');
  const rows = embedding[0]!;
  const tied = !shapes.has('output.weight');
  const model: ModelConfig = {
    d_model,
    layers: [layer],
    norm: 'rms',
    norm_eps: eps,
    tie_embeddings: tied,
    vocab_size: rows,
  };
  const end = keys.get('tokenizer.ggml.eos_token_id');
  return {
    family: `GGUF ${kind}`,
    model,
    vocab_size: rows,
    ...(typeof end === 'number' ? { end: [end] } : {}),
    pieces(name) {
      const match = /^backbone\.layers\.(\d+)\.(norm\.weight|mixer\.(.+))$/.exec(name);
      if (!match) return [{ names: [OUTER[name] ?? name] }];
      const [, index, whole, part] = match;
      const block = `blk.${index}.`;
      if (whole === 'norm.weight') return [{ names: [`${block}attn_norm.weight`] }];
      if (part === 'A_log') return [{ names: [`${block}ssm_a`], convert: 'log-of-negative' }];
      return [{ names: [block + (PARTS[part!] ?? part!)] }];
    },
    ignored: () => false,
  };
}
