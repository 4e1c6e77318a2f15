/** @file The forward pass: input, pre-norm residual layers, final norm, head; for sequences and for one token. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { Dims, Tensors } from '../layers';
import type { TaskConfig } from './config';
import type { BuiltLayer } from './layers';
import type { Surroundings } from './parameters';

export interface Architecture extends Surroundings {
  readonly layers: readonly BuiltLayer[];
  readonly dims: Dims;
}

/** Which layer is looked at, and who is told its intermediate tensors. */
export interface Probing {
  readonly layer: number;
  probe(name: string, tensor: Tensor): void;
}

/** `name.weight` (and `.bias`) over the last axis. */
export function normalise(x: Tensor, p: Tensors, name: string, { config }: Surroundings): Tensor {
  const weight = p[`${name}.weight`]!;
  if (config.norm === 'rms') return g.rmsNorm(x, weight, config.norm_eps);
  return g.layerNorm(x, weight, p[`${name}.bias`]!, config.norm_eps);
}

/** The parameters of one layer under their names within the mixer. */
export function layerTensors(layer: BuiltLayer, p: Tensors): Tensors {
  const prefix = `${layer.prefix}.mixer.`;
  return Object.fromEntries(Object.keys(layer.parameters).map((name) => [name, p[prefix + name]!]));
}

/** Tokens (…) or vectors (…, features) → (…, d_model). */
export function encode(inputs: Tensor, p: Tensors, { input }: Surroundings): Tensor {
  return g.scope('input', () =>
    input.kind === 'tokens'
      ? g.embedding(inputs, p['backbone.embedding.weight']!)
      : g.linear(inputs, p['backbone.encoder.weight']!, p['backbone.encoder.bias']),
  );
}

/** The residual stream behind the last layer, before the final norm: (batch, time, d_model). */
export function stack(inputs: Tensor, p: Tensors, architecture: Architecture, probing?: Probing): Tensor {
  let x = encode(inputs, p, architecture);
  for (const layer of architecture.layers) {
    const looking = probing?.layer === layer.index;
    const before = x;
    x = g.scope(`layers.${layer.index}`, () => {
      const normed = normalise(before, p, `${layer.prefix}.norm`, architecture);
      const mixed = g.scope('mixer', () =>
        layer.definition.forward(normed, layerTensors(layer, p), layer.resolved, architecture.dims, {
          probing: looking,
          probe: (name, tensor) => {
            if (looking) probing.probe(name, tensor);
          },
        }),
      );
      return g.add(before, mixed);
    });
  }
  return x;
}

/** Final norm and head over the last axis: (…, d_model) → (…, rows). */
export function head(x: Tensor, p: Tensors, architecture: Architecture): Tensor {
  return g.scope('head', () => project(normalise(x, p, 'backbone.norm_f', architecture), p, architecture));
}

function project(x: Tensor, p: Tensors, { head: { kind } }: Surroundings): Tensor {
  if (kind === 'tied') return g.linear(x, p['backbone.embedding.weight']!);
  return g.linear(x, p[`${kind}.weight`]!, p[`${kind}.bias`]);
}

/**
 * Logits where the task needs them, and only there.
 * @param x the stack's result (batch, time, d_model)
 * @param positions answers per example, for the task `answer`
 * @returns (batch, time, rows), (batch, positions, rows) or, for a class per sequence, (batch, 1, rows)
 */
export function taskLogits(
  x: Tensor,
  p: Tensors,
  architecture: Architecture,
  task: TaskConfig,
  positions: number,
): Tensor {
  const length = x.shape[1]!;
  if (task.type === 'language-model') return head(x, p, architecture);
  if (task.type === 'answer') return head(g.slice(x, 1, length - positions, length), p, architecture);
  if (task.pooling === 'last') return head(g.slice(x, 1, length - 1, length), p, architecture);
  return g.scope('head', () => {
    const pooled = g.mean(normalise(x, p, 'backbone.norm_f', architecture), [1], true);
    return project(pooled, p, architecture);
  });
}

/** Losses in nats and hits per example, from logits (batch, n, rows) and targets (batch, n). */
export function score(
  logits: Tensor,
  targets: Tensor,
): { losses: Tensor; correct: Tensor; perTarget: Tensor } {
  return g.scope('loss', () => {
    const [batch, n, rows] = logits.shape as [number, number, number];
    const flat = g.reshape(targets, [batch * n]);
    const perTarget = g.crossEntropy(g.reshape(logits, [batch * n, rows]), flat);
    const hits = g.cast(g.equal(g.argmax(logits, 2), g.reshape(targets, [batch, n])), 'float32');
    return {
      perTarget,
      losses: g.mean(g.reshape(perTarget, [batch, n]), [1]),
      correct: g.sum(hits, [1]),
    };
  });
}
