/**
 * @file Configs of the original checkpoints (state-spaces/mamba at e9594ce, `mamba_ssm/models/config_mamba.py` and
 * `mixer_seq_simple.py`), and `params.json` of Codestral Mamba, which is the same model under other keys.
 */
import * as z from 'zod';
import { mixers } from '../../layers';
import { brief, ForeignModelError, layerCount, parse, Placements, size, type ForeignModel } from './types';

/** Norms have this eps, whatever the config. */
const NORM_EPS = 1e-5;
const MLP_MULTIPLE = 128;

/** Like the authors' classes, null is nothing. */
const orNothing = <T extends z.ZodType, N extends z.output<T>>(inner: T, nothing: N) =>
  inner.nullish().transform((value) => value ?? nothing);
const options = orNothing(z.record(z.string(), z.unknown()), {});
const schema = z.looseObject({
  d_model: size,
  d_intermediate: z
    .int()
    .min(0)
    .max(2 ** 24)
    .default(0),
  n_layer: layerCount,
  vocab_size: size.default(50_277),
  ssm_cfg: options,
  attn_layer_idx: orNothing(z.array(z.int().min(0)).max(4096), []),
  attn_cfg: options,
  rms_norm: z.boolean().default(true),
  pad_vocab_size_multiple: size.default(8),
  tie_embeddings: z.boolean().default(true),
});

/** How kernels run and how parameters start: nothing that a loaded model shows. */
const IRRELEVANT = new Set([
  'layer',
  'use_fast_path',
  'use_mem_eff_path',
  'layer_idx',
  'device',
  'dtype',
  'process_group',
  'sequence_parallel',
  'activation',
  'dt_min',
  'dt_max',
  'dt_init',
  'dt_scale',
  'dt_init_floor',
  'conv_init',
  'A_init_range',
]);

const codestral = z.looseObject({
  dim: size,
  n_layers: layerCount,
  vocab_size: size,
  n_groups: size.default(8),
  rms_norm: z.boolean().default(true),
  pad_vocab_size_multiple: size.default(1),
  tie_embeddings: z.boolean().default(false),
});

/** Codestral's keys as the original's. */
export function fromParams(params: unknown): ForeignModel {
  const c = parse(codestral, params);
  return fromStateSpaces({
    d_model: c.dim,
    n_layer: c.n_layers,
    vocab_size: c.vocab_size,
    ssm_cfg: { layer: 'Mamba2', ngroups: c.n_groups },
    rms_norm: c.rms_norm,
    pad_vocab_size_multiple: c.pad_vocab_size_multiple,
    tie_embeddings: c.tie_embeddings,
  });
}

/** Whether a config.json is of the original kind. */
export const isStateSpaces = (config: Readonly<Record<string, unknown>>): boolean =>
  config['model_type'] === undefined && config['d_model'] !== undefined && config['n_layer'] !== undefined;

/** @throws ForeignModelError saying which key is wrong or cannot be expressed */
export function fromStateSpaces(config: unknown): ForeignModel {
  const c = parse(schema, config);
  const mixer = mixerOf(c.ssm_cfg);
  const attention = c.attn_layer_idx.length > 0 ? attentionOf(c.attn_cfg) : undefined;
  const attentionAt = new Set(c.attn_layer_idx);
  const places = new Placements();
  for (let i = 0; i < c.n_layer; i++) {
    const theirs = `backbone.layers.${i}.`;
    places.add(attentionAt.has(i) ? attention! : mixer, `${theirs}norm.`, `${theirs}mixer.`);
    if (c.d_intermediate > 0) {
      const d_intermediate = Math.ceil(c.d_intermediate / MLP_MULTIPLE) * MLP_MULTIPLE;
      places.add({ mixer: 'mlp', d_intermediate }, `${theirs}norm2.`, `${theirs}mlp.`);
    }
  }
  const multiple = c.pad_vocab_size_multiple;
  const rows = Math.ceil(c.vocab_size / multiple) * multiple;
  return {
    family: `state-spaces ${mixer.mixer}`,
    model: {
      d_model: c.d_model,
      layers: brief(places.layers),
      norm: c.rms_norm ? 'rms' : 'layer',
      norm_eps: NORM_EPS,
      tie_embeddings: c.tie_embeddings,
      vocab_size: rows,
    },
    vocab_size: rows,
    end: [0],
    pieces(name) {
      const place = places.nameOf(name);
      const theirs = place ? place.prefix + place.rest : name;
      // Codestral's file has one prefix more.
      const forms = name === 'backbone.embedding.weight' ? [theirs, 'backbone.embeddings.weight'] : [theirs];
      return [{ names: [...forms, ...forms.map((form) => `model.${form}`)] }];
    },
    ignored: (name) =>
      (c.tie_embeddings && /^(model\.)?lm_head\.weight$/.test(name)) || name.endsWith('.inv_freq'),
  };
}

function mixerOf(given: Readonly<Record<string, unknown>>): { mixer: string; [option: string]: unknown } {
  const layer = given['layer'] ?? 'Mamba1';
  const mixer = layer === 'Mamba1' ? 'mamba' : layer === 'Mamba2' ? 'mamba2' : undefined;
  if (mixer === undefined) {
    throw new ForeignModelError(
      `ssm_cfg.layer: ${JSON.stringify(layer).slice(0, 100)} is unknown; Mamba1 and Mamba2 are read.`,
    );
  }
  const known = mixers[mixer]!.options.shape;
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (IRRELEVANT.has(key) || value === null) continue;
    if (!Object.hasOwn(known, key)) throw new ForeignModelError(`ssm_cfg.${key.slice(0, 100)} is unknown.`);
    options[key] =
      key === 'dt_limit' && Array.isArray(value) ? value.map((x) => (x === Infinity ? 'inf' : x)) : value;
  }
  return { mixer, ...options };
}

const attentionSchema = z.strictObject({
  num_heads: size,
  num_heads_kv: size.nullish(),
  head_dim: size.nullish(),
  mlp_dim: z.literal(0).nullish(),
  qkv_proj_bias: z.boolean().default(true),
  out_proj_bias: z.boolean().default(true),
  softmax_scale: z.null().optional(),
  causal: z.boolean().default(false),
  layer_idx: z.unknown().optional(),
  d_conv: z.int().min(0).max(64).default(0),
  rotary_emb_dim: z.int().min(0).default(0),
  rotary_emb_base: z.number().positive().default(10_000),
  rotary_emb_interleaved: z.literal(false).default(false),
});

function attentionOf(given: Readonly<Record<string, unknown>>): { mixer: string; [option: string]: unknown } {
  const parsed = attentionSchema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new ForeignModelError(
      `attn_cfg${issue.path.map((key) => `.${String(key)}`).join('')}: ${issue.message}.`,
    );
  }
  const {
    num_heads,
    num_heads_kv,
    head_dim,
    mlp_dim: _m,
    softmax_scale: _s,
    layer_idx: _l,
    rotary_emb_interleaved: _r,
    ...rest
  } = parsed.data;
  return {
    mixer: 'attention',
    heads: num_heads,
    ...(num_heads_kv ? { num_heads_kv } : {}),
    ...(head_dim ? { head_dim } : {}),
    ...rest,
  };
}
