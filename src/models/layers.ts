/** @file From the expanded layer list of a config to layers with definitions and derived sizes. */
import { mixers, type Dims, type LayerDefinition, type Parameters } from '../layers';
import { expandLayers, type ModelConfig, type PlacedLayer } from './config';
import { checkTargets, withAdapters } from './lora';
import { placeProblem } from './placement';
import { shareProblem } from './share';
import { ModelError } from './types';

/** One pre-norm residual sub-layer. */
export interface BuiltLayer extends PlacedLayer {
  readonly definition: LayerDefinition;
  /** Options with every derived size (`d_inner`, `dt_rank`, …). */
  readonly resolved: unknown;
  readonly parameters: Parameters;
  /** Prefix of its own parameters in checkpoints: `backbone.layers.N`. */
  readonly prefix: string;
  /** Prefix of those that it shares: that of the first layer of the same `share`; otherwise its own. */
  readonly home: string;
  /** Prefix of the norm that it reads through: its home's, or that of the layer that it stands beside. */
  readonly normed: string;
}

/** The sizes around every layer of the stack. */
export function dimsOf(config: ModelConfig, count: number, cacheLength?: number, length?: number): Dims {
  return {
    d_model: config.d_model,
    n_layer: count,
    residuals_per_layer: 1,
    norm_eps: config.norm_eps,
    ...(cacheLength === undefined ? {} : { cache_length: cacheLength }),
    ...(length === undefined ? {} : { length }),
  };
}

/**
 * Parses every layer's options with its definition and derives its sizes and parameters.
 * @throws ModelError for an unknown mixer, wrong options or a combination that `check` refuses
 */
export function buildLayers(
  config: ModelConfig,
  cacheLength?: number,
  length?: number,
): { layers: BuiltLayer[]; dims: Dims } {
  const placed = expandLayers(config.layers);
  if (placed.length === 0) throw new ModelError('A model needs at least one layer.', ['model', 'layers']);
  const dims = dimsOf(config, placed.length, cacheLength, length);
  const homes = new Map<string, string>();
  let before: BuiltLayer | undefined;
  const layers = placed.map((layer): BuiltLayer => {
    const definition = Object.hasOwn(mixers, layer.mixer) ? mixers[layer.mixer] : undefined;
    if (!definition) {
      const known = Object.keys(mixers).join(', ');
      throw new ModelError(`There is no mixer ${layer.mixer}; there are ${known}.`, [...layer.path, 'mixer']);
    }
    const parsed = definition.options.safeParse(layer.options);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      const path = [...layer.path, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
      throw new ModelError(`Layer ${layer.index} (${layer.mixer}): ${issue.message}.`, path);
    }
    const problem = definition
      .check(parsed.data, dims)
      .find((candidate) => (candidate.severity ?? 'error') === 'error');
    if (problem) throw new ModelError(problem.message, [...layer.path, ...problem.path]);
    const resolved = definition.resolve(parsed.data, dims);
    const prefix = `backbone.layers.${layer.index}`;
    const misplaced = placeProblem(layer, definition, before, config);
    if (misplaced) throw new ModelError(misplaced.message, [...layer.path, misplaced.key]);
    const { share, beside = false } = layer.place;
    const home = (share !== undefined && homes.get(share)) || prefix;
    if (share !== undefined) homes.set(share, home);
    before = {
      ...layer,
      options: parsed.data,
      definition,
      resolved,
      parameters: config.lora
        ? withAdapters(definition.parameters(resolved, dims), config.lora)
        : definition.parameters(resolved, dims),
      prefix,
      home,
      normed: beside ? before!.normed : home,
    };
    return before;
  });
  const unlike = shareProblem(layers);
  if (unlike)
    throw new ModelError(`Layer ${unlike.layer.index}: ${unlike.message}`, [...unlike.layer.path, 'share']);
  if (config.lora) checkTargets(layers, config.lora);
  return { layers, dims };
}
