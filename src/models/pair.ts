/**
 * @file Pairs of documents: both go through the same layers, and what each became is compared. The head of Long Range
 * Arena's retrieval task (Tay et al., 2021) as S4 has it, [x₁, x₂, x₁ ⊙ x₂, x₁ − x₂] and one hidden layer (state-spaces/s4,
 * RetrievalHead).
 */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { ParameterSpec, Tensors } from '../layers';
import { linear, zeros } from '../layers/init';

const NAME = 'pair';

export const pairParameters = (d_model: number): [string, ParameterSpec][] => [
  [`${NAME}.weight`, { shape: [d_model, 4 * d_model], init: linear(4 * d_model), decay: true }],
  [`${NAME}.bias`, { shape: [d_model], init: zeros, decay: false }],
];

/** Pairs (batch, 2 · time) → documents (2 · batch, time), those of a pair one behind the other. */
export function documentsOf(inputs: Tensor): Tensor {
  const [batch, length] = inputs.shape as [number, number];
  return g.reshape(inputs, [2 * batch, length / 2]);
}

/** Pooled documents (2 · batch, 1, d_model) → what the classifier reads of each pair (batch, 1, d_model). */
export function compare(pooled: Tensor, p: Tensors): Tensor {
  const [count, , d_model] = pooled.shape as [number, number, number];
  const pairs = g.reshape(pooled, [count / 2, 2, d_model]);
  const [first, second] = [g.slice(pairs, 1, 0, 1), g.slice(pairs, 1, 1, 2)];
  const features = g.concat([first, second, g.mul(first, second), g.sub(first, second)], 2);
  return g.relu(g.linear(features, p[`${NAME}.weight`]!, p[`${NAME}.bias`]));
}

/** Numbers of the documents of each pair (2 · batch) → their mean (batch). */
export const ofPairs = (perDocument: Tensor): Tensor =>
  g.mean(g.reshape(perDocument, [perDocument.shape[0]! / 2, 2]), [1]);
