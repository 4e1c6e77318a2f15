/** @file The forward pass: input, residual layers, final norm, head; for sequences and for one token. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { Dims, Tensors } from '../layers';
import { batchNorm } from '../layers/parts/batch-norm';
import type { TaskConfig } from './config';
import type { BuiltLayer } from './layers';
import { adapted } from './lora';
import { compare } from './pair';
import type { Surroundings } from './parameters';
import {
  enter,
  hasFinalNorm,
  hasNorm,
  leave,
  placementOf,
  read,
  scale,
  scaledOutput,
  type Stream,
} from './placement';
import { parameterName } from './share';
import { spanProblem } from './span';

export interface Architecture extends Surroundings {
  readonly layers: readonly BuiltLayer[];
  readonly dims: Dims;
}

/** Which layer is looked at, and who is told its intermediate tensors. */
export interface Probing {
  /** Absent when only the residual stream is looked at. */
  readonly layer?: number;
  probe?(name: string, tensor: Tensor): void;
  /** The mixer's input, and what it adds to the residual stream: (batch, time, d_model). */
  passed?(input: Tensor, output: Tensor): void;
  /** A number per example that layer `index` measures of itself: (batch). */
  gauge?(index: number, name: string, perExample: Tensor): void;
  /** The residual stream: 0 is the embedding, k the sum behind layer k − 1. */
  residual?(index: number, tensor: Tensor): void;
}

/** What a batch norm needs to know. */
export interface Norming {
  readonly training?: boolean;
  /** False where a batch is normed once more, whose statistics count already. */
  readonly keep?: boolean;
  /** 0 for padding, which does not count: (batch, time). */
  readonly real?: Tensor | undefined;
}

/** `name.weight` (and `.bias`) over the last axis; batch norms of a training step over all others. */
export function normalise(
  x: Tensor,
  p: Tensors,
  name: string,
  { config }: Surroundings,
  { training = false, keep = true, real }: Norming = {},
): Tensor {
  if (config.norm === 'batch') return batchNorm(x, p, name, config.norm_eps, { training, keep, real });
  const weight = p[`${name}.weight`]!;
  if (config.norm === 'rms') return g.rmsNorm(x, weight, config.norm_eps);
  return g.layerNorm(x, weight, p[`${name}.bias`]!, config.norm_eps);
}

/** The parameters of one layer under their names within the mixer. */
export function layerTensors(layer: BuiltLayer, p: Tensors, { config }: Surroundings): Tensors {
  const { lora } = config;
  return Object.fromEntries(
    Object.keys(layer.parameters).map((name) => {
      const full = parameterName(layer, name);
      return [name, lora ? adapted(full, p, lora) : p[full]!];
    }),
  );
}

/** Tokens (…) or vectors (…, features) → (…, d_model). */
/** Name of the rows of the embedding, in the place of the embedding. */
export const EMBEDDED = 'embedded';

export function encode(inputs: Tensor, p: Tensors, { input, config }: Surroundings): Tensor {
  return g.scope('input', () =>
    scale(
      input.kind === 'tokens'
        ? // Decoding may look the rows up by itself.
          (p[EMBEDDED] ?? g.embedding(inputs, p['backbone.embedding.weight']!))
        : g.linear(inputs, p['backbone.encoder.weight']!, p['backbone.encoder.bias']),
      config.embed_scale,
    ),
  );
}

/** How the graph of a forward pass is built. */
export interface Building {
  readonly probing?: Probing;
  /** Mixed precision: products in halves, norms, scans, the residual stream and the loss in float32. */
  readonly half?: boolean;
  /** Layers forget what they compute on their way, and compute it again for the backward pass. */
  readonly checkpointing?: boolean;
  /**
   * A step that trains: layers drop what their options say, by the graph inputs `random.key` and `random.step`, and
   * batch norms take the batch's statistics and keep them.
   */
  readonly training?: boolean;
}

/** The norm of one layer. What stands beside another reads through that one's, which has counted the batch. */
export const normOf =
  (layer: BuiltLayer, p: Tensors, architecture: Architecture, norming: Omit<Norming, 'keep'> = {}) =>
  (x: Tensor): Tensor =>
    normalise(x, p, `${layer.normed}.norm`, architecture, { ...norming, keep: layer.place.beside !== true });

/** The names of everything that one layer computes with. */
function namesOf(layer: BuiltLayer, p: Tensors): string[] {
  const mixer = Object.keys(layer.parameters).map((name) => parameterName(layer, name));
  const norm = Object.keys(p).filter((name) => hasNorm(layer) && name.startsWith(`${layer.normed}.norm.`));
  return [...norm, ...mixer];
}

/**
 * The mixer's output where it reads `x`: mixer(norm(x)), unless the norm stands elsewhere.
 * @param embedded the model's embedded input, which some layers read too
 */
function update(
  x: Tensor,
  embedded: Tensor,
  p: Tensors,
  layer: BuiltLayer,
  architecture: Architecture,
  { probing, training = false }: Building,
  real: Tensor | undefined,
): Tensor {
  const looking = probing?.layer === layer.index;
  const placement = placementOf(layer.definition, architecture.config);
  const input = enter(x, embedded, layer, placement, normOf(layer, p, architecture, { training, real }));
  const made = g.scope('mixer', () =>
    layer.definition.forward(input, layerTensors(layer, p, architecture), layer.resolved, architecture.dims, {
      probing: looking,
      training,
      ...(real && { real }),
      probe: (name, tensor) => {
        if (looking) probing.probe?.(name, tensor);
      },
      ...(probing?.gauge && {
        gauge: (name: string, perExample: Tensor) => probing.gauge?.(layer.index, name, perExample),
      }),
      ...(training && {
        dropout: (dropped: Tensor, rate: number, site: string, shared: readonly number[] = []) =>
          g.dropout(dropped, rate, g.randomState(), { site: `layers.${layer.index}.${site}`, shared }),
      }),
    }),
  );
  // What a layer with a residual of its own adds is its output less its input.
  const mixed = scaledOutput(made, layer);
  if (looking) {
    const shown = layer.definition.reads === undefined ? input : x;
    probing.passed?.(shown, placement === 'own' ? g.sub(mixed, input) : mixed);
  }
  if (!training || placement === 'own' || placement === 'next') return mixed;
  const { resid_dropout = 0 } = architecture.config;
  return streamDropout(mixed, resid_dropout, `layers.${layer.index}.residual`, architecture);
}

/** Drops of (batch, time, d_model), the same channels at every time step where the config ties them. */
const streamDropout = (x: Tensor, rate: number, site: string, { config }: Surroundings): Tensor =>
  g.dropout(x, rate, g.randomState(), { site, shared: config.tie_dropout === true ? [1] : [] });

/**
 * The residual stream behind the last layer, before the final norm: (batch, time, d_model).
 * @throws ModelError for sequences that a layer cannot compute
 */
export function stack(
  inputs: Tensor,
  p: Tensors,
  architecture: Architecture,
  building: Building = {},
): Tensor {
  const problem = spanProblem(architecture.layers, inputs.shape[1]!);
  if (problem) throw problem;
  const { probing, half = false, checkpointing = false, training = false } = building;
  const { embed_dropout = 0 } = architecture.config;
  const encoded = encode(inputs, p, architecture);
  const embedded = training ? streamDropout(encoded, embed_dropout, 'input', architecture) : encoded;
  const input = precise(half, embedded, [], Object.values(p));
  const real = tokensOf(inputs, architecture);
  let stream: Stream = { x: input };
  probing?.residual?.(0, input);
  for (const layer of architecture.layers) {
    const names = namesOf(layer, p);
    const both = layer.definition.reads !== undefined;
    const build = (before: Tensor, tensors: readonly Tensor[]): Tensor => {
      const own = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
      const first = both ? tensors.at(-1)! : before;
      const mixed = update(before, first, own, layer, architecture, building, real);
      return precise(half, mixed, [before, first, ...(real ? [real] : [])], tensors.slice(0, names.length));
    };
    const before = stream;
    const own = [...names.map((name) => p[name]!), ...(both ? [input] : [])];
    stream = g.scope(`layers.${layer.index}`, () => {
      const x = read(before, layer);
      const mixed = checkpointing ? g.checkpoint(build, x, own) : build(x, own);
      const placement = placementOf(layer.definition, architecture.config);
      return leave(before, x, mixed, placement, normOf(layer, p, architecture, { training, real }));
    });
    probing?.residual?.(layer.index + 1, stream.x);
  }
  return read(stream);
}

const precise = (
  half: boolean,
  x: Tensor,
  leaves: readonly Tensor[],
  parameters: readonly Tensor[],
): Tensor => (half ? g.halfPrecision(x, leaves, parameters) : x);

function finalNorm(x: Tensor, p: Tensors, architecture: Architecture, norming: Norming = {}): Tensor {
  return hasFinalNorm(architecture.config) ? normalise(x, p, 'backbone.norm_f', architecture, norming) : x;
}

/** Final norm and head over the last axis: (…, d_model) → (…, rows). */
export function head(x: Tensor, p: Tensors, architecture: Architecture): Tensor {
  return g.scope('head', () => project(finalNorm(x, p, architecture), p, architecture));
}

function project(x: Tensor, p: Tensors, { head: { kind }, config }: Surroundings): Tensor {
  // A decoding step may have the shared matrix once more, in fewer bits.
  const logits =
    kind === 'tied'
      ? g.linear(x, p['head.weight'] ?? p['backbone.embedding.weight']!)
      : g.linear(x, p[`${kind}.weight`]!, p[`${kind}.bias`]);
  return scale(logits, config.logit_scale);
}

/**
 * Logits where the task needs them, and only there.
 * @param x the stack's result (batch, time, d_model)
 * @param inputs what went in, to tell padding from what it pads
 * @param positions answers per example, at its end; for a class per sequence 1
 * @returns (batch, positions, rows)
 */
export function taskLogits(
  x: Tensor,
  inputs: Tensor,
  p: Tensors,
  architecture: Architecture,
  task: TaskConfig,
  positions: number,
  training = false,
): Tensor {
  const length = x.shape[1]!;
  const real = tokensOf(inputs, architecture);
  const norming = { training, real };
  const last = (count: number): Tensor => {
    const asked = (of: Tensor): Tensor => g.narrow(of, 1, length - count, length);
    // The statistics of a batch are those of every position.
    if (!training || architecture.config.norm !== 'batch') return head(asked(x), p, architecture);
    return g.scope('head', () => project(asked(finalNorm(x, p, architecture, norming)), p, architecture));
  };
  if (task.type !== 'classification') return last(positions);
  const weights = real && poolingWeights(real, task.pooling);
  if (weights === undefined && task.pooling === 'last') {
    return last(1);
  }
  return g.scope('head', () => {
    const normed = finalNorm(x, p, architecture, norming);
    const pooled =
      weights === undefined ? g.mean(normed, [1], true) : g.sum(g.mul(normed, weights), [1], true);
    return project(isPair(architecture) ? compare(pooled, p) : pooled, p, architecture);
  });
}

/** Whether an example is two documents. */
export const isPair = ({ input }: Surroundings): boolean =>
  input.kind === 'tokens' && input.documents !== undefined;

/** 1 where a token stands, 0 where padding fills up its example: (batch, time); undefined where nothing is padded. */
export function tokensOf(inputs: Tensor, { input }: Surroundings): Tensor | undefined {
  if (input.kind !== 'tokens' || input.padding === undefined) return undefined;
  return g.sub(1, g.cast(g.equal(inputs, input.padding), 'float32'));
}

/** Weights (batch, time, 1) that pool the tokens of an example, from `real` (batch, time). */
function poolingWeights(real: Tensor, pooling: 'mean' | 'last'): Tensor {
  return g.scope('head', () => {
    const weights =
      pooling === 'mean'
        ? g.div(real, g.maximum(g.sum(real, [1], true), 1))
        : // The last token that is none: all behind it are padding, itself is not.
          g.mul(real, g.cast(g.less(g.sub(g.sum(real, [1], true), g.cumsum(real, 1)), 0.5), 'float32'));
    return g.unsqueeze(weights, 2);
  });
}
