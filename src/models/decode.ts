/** @file One token at a time: the model as a map from (token, states) to (logits, next states). */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { Shape } from '../graph';
import type { Tensors } from '../layers';
import { encode, head, layerTensors, normOf, type Architecture } from './forward';
import type { BuiltLayer } from './layers';
import { enter, leave, placementOf, read, scaledOutput, type Stream } from './placement';
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

/** Why a prompt has to be read token by token, as a sentence; undefined when it can be read in parallel. */
export function prefillProblem(architecture: Architecture): string | undefined {
  const problem = decodeProblem(architecture);
  if (problem !== undefined) return problem;
  const slow = architecture.layers.find((layer) => !layer.definition.prefill && keeps(layer, architecture));
  return slow && `Layer ${slow.index} (${slow.mixer}) reads a prompt token by token.`;
}

/** Whether a layer keeps anything between tokens. */
const keeps = ({ definition, resolved }: BuiltLayer, { dims }: Architecture): boolean =>
  Object.keys(definition.state!(resolved, dims)).length > 0;

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
  const { x, outputs } = through(inputs, p, states, architecture, ({ definition, resolved }, ...rest) =>
    definition.step!(...rest, resolved, architecture.dims),
  );
  return { logits: head(x, p, architecture), ...outputs };
}

/**
 * Several tokens at once, continuing from the states.
 * @param inputs ids (batch, time) or vectors (batch, time, features)
 * @param every logits at every position (batch, time, rows) instead of behind the last token (batch, rows)
 * @returns `logits` and the states behind the last token, `next.state.<layer>.<name>`
 * @throws ModelError when a layer cannot do this
 */
export function prefill(
  inputs: Tensor,
  p: Tensors,
  states: Tensors,
  architecture: Architecture,
  every: boolean,
): Record<string, Tensor> {
  const problem = prefillProblem(architecture);
  if (problem) throw new ModelError(problem);
  const [batch, length] = inputs.shape as [number, number];
  const { x, outputs } = through(inputs, p, states, architecture, (layer, normed, state, tensors) => {
    const { definition, resolved } = layer;
    if (definition.prefill) return definition.prefill(normed, state, tensors, resolved, architecture.dims);
    // A layer that keeps nothing is the same map at every position.
    const rows = g.reshape(normed, [batch * length, -1]);
    const { y } = definition.step!(rows, state, tensors, resolved, architecture.dims);
    return { y: g.reshape(y, normed.shape), state };
  });
  if (every) return { logits: head(x, p, architecture), ...outputs };
  const last = g.reshape(g.slice(x, 1, length - 1, length), [batch, -1]);
  return { logits: head(last, p, architecture), ...outputs };
}

/** The residual stream through all layers, each with its part of the states. */
function through(
  inputs: Tensor,
  p: Tensors,
  states: Tensors,
  architecture: Architecture,
  apply: (
    layer: BuiltLayer,
    normed: Tensor,
    state: Tensors,
    tensors: Tensors,
  ) => { y: Tensor; state: Tensors },
): { x: Tensor; outputs: Record<string, Tensor> } {
  const outputs: Record<string, Tensor> = {};
  const embedded = encode(inputs, p, architecture);
  let stream: Stream = { x: embedded };
  for (const layer of architecture.layers) {
    const { definition, resolved, index } = layer;
    const names = Object.keys(definition.state!(resolved, architecture.dims));
    const state = Object.fromEntries(names.map((name) => [name, states[`state.${index}.${name}`]!]));
    const before = stream;
    stream = g.scope(`layers.${index}`, () => {
      const placement = placementOf(layer.definition, architecture.config);
      const norm = normOf(layer, p, architecture);
      const x = read(before, layer);
      const input = enter(x, embedded, layer, placement, norm);
      const result = apply(layer, input, state, layerTensors(layer, p, architecture));
      for (const [name, tensor] of Object.entries(result.state))
        outputs[`next.state.${index}.${name}`] = tensor;
      return leave(before, x, scaledOutput(result.y, layer), placement, norm);
    });
  }
  return { x: read(stream), outputs };
}
