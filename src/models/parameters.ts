/** @file All parameters of a model under their checkpoint names, and their initial values. */
import type { ParameterSpec } from '../layers';
import { batchNormParameters } from '../layers/parts/batch-norm';
import { size } from '../graph';
import { linear, normal, ones, zeros } from '../layers/init';
import { Random } from '../util/random';
import type { BuiltLayer } from './layers';
import type { ModelConfig } from './config';
import { pairParameters } from './pair';
import { frozen, isAdapter } from './lora';
import { hasFinalNorm, keepsNorm } from './placement';
import { isHome, parameterName } from './share';

/** What the model has besides its layers. */
export interface Surroundings {
  readonly config: ModelConfig;
  /** Rows of the embedding, or the width of an input vector. */
  readonly input:
    | { readonly kind: 'tokens'; readonly rows: number; readonly padding?: number; readonly documents?: 2 }
    | { readonly kind: 'vectors'; readonly features: number };
  /** The head: `tied` has no parameters of its own, `lm_head` a weight, the others a weight and a bias. */
  readonly head: {
    readonly kind: 'tied' | 'lm_head' | 'classifier' | 'regressor';
    readonly rows: number;
  };
}

/** Scale `name.weight`, shift `name.bias` of all but RMS norms, and what batch norms keep; never decayed. */
function normParameters(name: string, config: ModelConfig): [string, ParameterSpec][] {
  if (config.norm === 'batch') return Object.entries(batchNormParameters(name, config.d_model));
  const shape = [config.d_model];
  const weight: [string, ParameterSpec] = [`${name}.weight`, { shape, init: ones, decay: false }];
  return config.norm === 'rms' ? [weight] : [weight, [`${name}.bias`, { shape, init: zeros, decay: false }]];
}

/** In a stable order: input, layers, final norm, head. */
export function modelParameters(
  layers: readonly BuiltLayer[],
  { config, input, head }: Surroundings,
): ReadonlyMap<string, ParameterSpec> {
  const { d_model } = config;
  const entries: [string, ParameterSpec][] = [];
  if (input.kind === 'tokens') {
    // 0.02 as in the authors' language model wrapper.
    entries.push([
      'backbone.embedding.weight',
      { shape: [input.rows, d_model], init: normal(0.02), decay: true },
    ]);
  } else {
    const init = linear(input.features);
    entries.push(['backbone.encoder.weight', { shape: [d_model, input.features], init, decay: true }]);
    entries.push(['backbone.encoder.bias', { shape: [d_model], init: zeros, decay: false }]);
  }
  for (const layer of layers) {
    if (keepsNorm(layer)) {
      entries.push(...normParameters(`${layer.prefix}.norm`, config));
    }
    for (const [name, spec] of Object.entries(layer.parameters)) {
      if (isHome(layer, name)) entries.push([parameterName(layer, name), spec]);
    }
  }
  if (hasFinalNorm(config)) entries.push(...normParameters('backbone.norm_f', config));
  if (input.kind === 'tokens' && input.documents !== undefined) entries.push(...pairParameters(d_model));
  if (head.kind !== 'tied') {
    entries.push([
      `${head.kind}.weight`,
      { shape: [head.rows, d_model], init: linear(d_model), decay: true },
    ]);
  }
  if (head.kind === 'classifier' || head.kind === 'regressor') {
    entries.push([`${head.kind}.bias`, { shape: [head.rows], init: zeros, decay: false }]);
  }
  if (!config.lora) return new Map(entries);
  return new Map(entries.map(([name, spec]) => [name, isAdapter(name) ? spec : frozen(spec)]));
}

/** How many numbers parameters have together; buffers are none. */
export function countOf(specs: Iterable<ParameterSpec>): number {
  let count = 0;
  for (const { shape, buffer } of specs) if (buffer !== true) count += size(shape);
  return count;
}

/** Initial values; each parameter has a random stream of its own name, so that models can be compared. */
export function initialValues(
  parameters: ReadonlyMap<string, ParameterSpec>,
  seed: number,
): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const [name, { shape, init }] of parameters) {
    const drawn = (near: string): Float32Array | undefined => values.get(layerOf(name) + near);
    values.set(name, init(shape, new Random(seed, 'parameter', name), drawn));
  }
  return values;
}

/** `backbone.layers.N.mixer.`, or nothing for what belongs to no layer. */
const layerOf = (name: string): string => /^backbone\.layers\.\d+\.mixer\./.exec(name)?.[0] ?? '';
