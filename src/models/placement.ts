/** @file Where a layer's norm stands in the residual stream, as the papers place it, and where its output goes. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { LayerDefinition } from '../layers';
import type { ModelConfig, PlacedLayer } from './config';
import type { BuiltLayer } from './layers';

/** `own`: the layer holds its norm and its residual itself. `next`: what follows reads its output, once. */
export type Placement = 'pre' | 'post' | 'own' | 'next';

export const placementOf = (definition: LayerDefinition, config: ModelConfig): Placement =>
  definition.residual ?? config.norm_position ?? 'pre';

/** Whether the layer reads or writes through a norm that the model holds. */
export const hasNorm = ({ definition }: BuiltLayer): boolean => definition.residual === undefined;

/** Whether that norm is kept at this layer. */
export const keepsNorm = (layer: BuiltLayer): boolean => hasNorm(layer) && layer.normed === layer.prefix;

/** Behind post-norm layers everything is normed already. */
export const hasFinalNorm = (config: ModelConfig): boolean => (config.norm_position ?? 'pre') === 'pre';

/** Why a layer cannot stand where it is written, and the key that says so. */
export function placeProblem(
  { index, mixer, place }: PlacedLayer,
  definition: LayerDefinition,
  before: BuiltLayer | undefined,
  config: ModelConfig,
): { readonly key: keyof PlacedLayer['place']; readonly message: string } | undefined {
  const where = `Layer ${index} (${mixer})`;
  if (place.beside === true) {
    const key = 'beside';
    if (!before) return { key, message: `${where} stands beside the layer before it, but it is the first.` };
    const pre = [definition, before.definition].every((each) => placementOf(each, config) === 'pre');
    const message = `${where} cannot stand beside layer ${index - 1}: both need a norm in front that the model holds.`;
    if (!pre) return { key, message };
  }
  const scaled = (['in_scale', 'out_scale'] as const).find((key) => place[key] !== undefined);
  if (scaled === undefined || definition.residual !== 'own') return undefined;
  return { key: scaled, message: `${where} holds its residual itself, so it has no ${scaled}.` };
}

/** What flows between two layers. */
export interface Stream {
  /** The residual stream. */
  readonly x: Tensor;
  /** What only the next reader adds to it. */
  readonly aside?: Tensor | undefined;
  /** What the last layer read. */
  readonly before?: Tensor | undefined;
}

/** What the next layer, or the head, reads; a layer beside another what that one read. */
export function read({ x, aside, before }: Stream, layer?: BuiltLayer): Tensor {
  if (layer?.place.beside === true) return before!;
  return aside ? g.add(x, aside) : x;
}

/** x · factor, where there is one. */
export const scale = (x: Tensor, factor: number | undefined): Tensor =>
  factor === undefined || factor === 1 ? x : g.mul(x, factor);

/**
 * The mixer's input.
 * @param x what the layer reads
 * @param input the embedded input of the model, for layers that read it too
 */
export function enter(
  x: Tensor,
  input: Tensor,
  { definition, place }: BuiltLayer,
  placement: Placement,
  norm: (x: Tensor) => Tensor,
): Tensor {
  const entered = scale(placement === 'pre' ? norm(x) : x, place.in_scale);
  return definition.reads === undefined ? entered : g.concat([entered, input], x.shape.length - 1);
}

/** The mixer's output as it goes on. */
export const scaledOutput = (mixed: Tensor, { place }: BuiltLayer): Tensor => scale(mixed, place.out_scale);

/**
 * What flows behind a layer.
 * @param stream what flowed before it
 * @param x what it read
 * @param mixed what it gives, scaled
 */
export function leave(
  stream: Stream,
  x: Tensor,
  mixed: Tensor,
  placement: Placement,
  norm: (x: Tensor) => Tensor,
): Stream {
  if (placement === 'own') return { x: mixed, before: x };
  if (placement === 'next') return { x: stream.x, aside: mixed, before: x };
  const sum = g.add(stream.x, mixed);
  return { x: placement === 'post' ? norm(sum) : sum, before: x };
}
