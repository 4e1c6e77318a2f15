/** @file Where a layer's norm stands in the residual stream, as the papers place it, and where its output goes. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { LayerDefinition } from '../layers';
import type { ModelConfig } from './config';

/** `own`: the layer holds its norm and its residual itself. `next`: what follows reads its output, once. */
export type Placement = 'pre' | 'post' | 'own' | 'next';

export const placementOf = (definition: LayerDefinition, config: ModelConfig): Placement =>
  definition.residual ?? config.norm_position ?? 'pre';

/** Whether the model gives the layer a norm. */
export const hasNorm = (definition: LayerDefinition): boolean => definition.residual === undefined;

/** Behind post-norm layers everything is normed already. */
export const hasFinalNorm = (config: ModelConfig): boolean => (config.norm_position ?? 'pre') === 'pre';

/** What flows between two layers. */
export interface Stream {
  /** The residual stream. */
  readonly x: Tensor;
  /** What only the next reader adds to it. */
  readonly aside?: Tensor | undefined;
}

/** What the next layer, or the head, reads. */
export const read = ({ x, aside }: Stream): Tensor => (aside ? g.add(x, aside) : x);

/**
 * The mixer's input.
 * @param x what the layer reads
 * @param input the embedded input of the model, for layers that read it too
 */
export function enter(
  x: Tensor,
  input: Tensor,
  definition: LayerDefinition,
  placement: Placement,
  norm: (x: Tensor) => Tensor,
): Tensor {
  const entered = placement === 'pre' ? norm(x) : x;
  return definition.reads === undefined ? entered : g.concat([entered, input], x.shape.length - 1);
}

/** What flows behind a layer, from what flowed before it and the mixer's output. */
export function leave(
  { x }: Stream,
  mixed: Tensor,
  placement: Placement,
  norm: (x: Tensor) => Tensor,
): Stream {
  if (placement === 'own') return { x: mixed };
  if (placement === 'next') return { x, aside: mixed };
  const sum = g.add(x, mixed);
  return { x: placement === 'post' ? norm(sum) : sum };
}
