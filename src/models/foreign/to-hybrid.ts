/**
 * @file Stacks with MLPs that a hybrid of Hugging Face can express: the keys that the first layers ask for are read
 * back, and where that gives this very model, it is one.
 */
import { buildLayers, type BuiltLayer } from '../layers';
import type { Model } from '../model';
import { fromBamba, toBamba } from './bamba';
import { fromFalconH1, toFalconH1 } from './falcon-h1';
import { fromGranite, toGranite } from './granite';
import { fromJamba, toJamba } from './jamba';
import { fromNemotronH, toNemotronH } from './nemotron-h';
import type { HuggingFaceForm } from './to-hugging-face';
import { ForeignModelError } from './types';

/** Of two that can be the model, the one with fewer keys stands first. */
const FAMILIES = [
  { from: fromBamba, to: toBamba },
  { from: fromFalconH1, to: toFalconH1 },
  { from: fromGranite, to: toGranite },
  { from: fromJamba, to: toJamba },
  { from: fromNemotronH, to: toNemotronH },
];

/** The caller has looked at norms, head and updates. */
export function toHybrid(model: Model): HuggingFaceForm | { readonly reason: string } {
  const { config: ours, layers } = model;
  const shared = {
    hidden_size: ours.d_model,
    vocab_size: model.rows,
    hidden_act: 'silu',
    rms_norm_eps: ours.norm_eps,
    tie_word_embeddings: ours.tie_embeddings,
    initializer_range: 0.02,
    bos_token_id: null,
    eos_token_id: null,
    pad_token_id: null,
    torch_dtype: 'float32',
  };
  for (const { from, to } of FAMILIES) {
    const keys = to(ours, layers);
    if (!keys) continue;
    const config = { ...keys, ...shared };
    try {
      const { model: read, pieces } = from(config);
      const factors = ['embed_scale', 'logit_scale'] as const;
      const alike =
        same(described(buildLayers(read).layers), described(layers)) &&
        factors.every((key) => same(read[key] ?? 1, ours[key] ?? 1));
      if (!alike) continue;
      const written: HuggingFaceForm['pieces'] = (name) =>
        pieces(name).map(({ names, ...piece }) => ({ name: names[0]!, ...piece }));
      return { config, pieces: written };
    } catch (error) {
      // A key that the class has no value for.
      if (!(error instanceof ForeignModelError)) throw error;
    }
  }
  return { reason: 'a mixture of layers that none of its hybrids has' };
}

/** What decides what a layer computes; how parameters start does not. */
const START = new Set([
  'dt_min',
  'dt_max',
  'dt_init_floor',
  'dt_init',
  'dt_scale',
  'A_init_range',
  'conv_init',
]);
/** Ways to write the same sizes. */
const WRITTEN = new Set(['expand', 'multiple_of', 'd_intermediate', 'gate_scale', 'chunk_size']);

const described = (layers: readonly BuiltLayer[]): unknown =>
  layers.map(({ mixer, place, resolved, prefix, home }) => ({
    mixer,
    beside: place.beside ?? false,
    shared: home !== prefix,
    in_scale: place.in_scale ?? 1,
    out_scale: place.out_scale ?? 1,
    gate_scale: (resolved as { gate_scale?: number }).gate_scale ?? 1,
    options: Object.fromEntries(
      Object.entries(resolved as object).filter(([key]) => !START.has(key) && !WRITTEN.has(key)),
    ),
  }));

/** Equal but for the last digits of numbers, which roots and quotients may lose. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return a === b || Math.abs(a - b) <= 1e-12 * Math.abs(b);
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) =>
    same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
