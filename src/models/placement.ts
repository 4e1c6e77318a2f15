/** @file Where a layer's norm stands in the residual stream, as the papers place it. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { LayerDefinition } from '../layers';
import type { ModelConfig } from './config';

/** `own`: the layer holds its norm and its residual itself. */
export type Placement = 'pre' | 'post' | 'own';

export const placementOf = (definition: LayerDefinition, config: ModelConfig): Placement =>
  definition.residual === 'own' ? 'own' : (config.norm_position ?? 'pre');

/** Behind post-norm layers everything is normed already. */
export const hasFinalNorm = (config: ModelConfig): boolean => (config.norm_position ?? 'pre') === 'pre';

/** The mixer's input in the residual stream `x`. */
export const enter = (x: Tensor, placement: Placement, norm: (x: Tensor) => Tensor): Tensor =>
  placement === 'pre' ? norm(x) : x;

/** The residual stream behind a layer, from the stream before it and the mixer's output. */
export function leave(x: Tensor, mixed: Tensor, placement: Placement, norm: (x: Tensor) => Tensor): Tensor {
  if (placement === 'own') return mixed;
  const sum = g.add(x, mixed);
  return placement === 'post' ? norm(sum) : sum;
}
