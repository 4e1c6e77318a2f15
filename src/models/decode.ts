/** @file One token at a time: the model as a map from (token, states) to (logits, next states). */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { Shape } from '../graph';
import type { Tensors } from '../layers';
import { encode, head, layerTensors, normalise, type Architecture } from './forward';
import { ModelError } from './types';

/** The first layer that cannot decode, as a sentence; undefined when the model can. */
export function decodeProblem({ layers }: Architecture): string | undefined {
  for (const { index, mixer, definition, resolved } of layers) {
    if (!definition.causal(resolved)) return `Layer ${index} (${mixer}) is not causal.`;
    if (!definition.state || !definition.step) return `Layer ${index} (${mixer}) has no decoding form.`;
  }
  return undefined;
}

/** Every state between two tokens as `state.<layer>.<name>`, zero at the start. */
export function decodeStates(architecture: Architecture, batch: number): Record<string, Shape> {
  const shapes: Record<string, Shape> = {};
  for (const { index, definition, resolved } of architecture.layers) {
    for (const [name, shape] of Object.entries(definition.state?.(resolved, architecture.dims) ?? {})) {
      shapes[`state.${index}.${name}`] = [batch, ...shape];
    }
  }
  return shapes;
}

/**
 * @param inputs ids (batch) or vectors (batch, features)
 * @param states as `decodeStates` names them
 * @returns `logits` (batch, rows) and the states behind the token, `next.state.<layer>.<name>`
 * @throws ModelError when a layer cannot decode
 */
export function decode(
  inputs: Tensor,
  p: Tensors,
  states: Tensors,
  architecture: Architecture,
): Record<string, Tensor> {
  const problem = decodeProblem(architecture);
  if (problem) throw new ModelError(`The model cannot generate token by token. ${problem}`);
  const outputs: Record<string, Tensor> = {};
  let x = encode(inputs, p, architecture);
  for (const layer of architecture.layers) {
    const { definition, resolved, index } = layer;
    const names = Object.keys(definition.state!(resolved, architecture.dims));
    const state = Object.fromEntries(names.map((name) => [name, states[`state.${index}.${name}`]!]));
    const before = x;
    x = g.scope(`layers.${index}`, () => {
      const normed = normalise(before, p, `${layer.prefix}.norm`, architecture);
      const result = definition.step!(normed, state, layerTensors(layer, p), resolved, architecture.dims);
      for (const [name, tensor] of Object.entries(result.state))
        outputs[`next.state.${index}.${name}`] = tensor;
      return g.add(before, result.y);
    });
  }
  return { logits: head(x, p, architecture), ...outputs };
}
