/** @file A Mamba of 130M parameters (24 layers, d_model 768, 50,280 tokens) with random weights: the arithmetic is the same. */
import { buildModel, type Model } from '../../src/models';

export const SHAPE = { layers: 24, d_model: 768, vocab_size: 50_280 };
/** Tokens of a long prompt. */
export const PROMPT = 1024;

export function model(): Model {
  const { layers, d_model, vocab_size } = SHAPE;
  return buildModel({
    model: {
      d_model,
      layers: [{ mixer: 'mamba', repeat: layers }],
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: true,
      vocab_size,
    },
    task: { type: 'language-model' },
    data: { length: PROMPT, input: { kind: 'tokens', vocab_size }, target: { kind: 'next-token' } },
  });
}

let weights: Map<string, Float32Array> | undefined;
/** Made once: drawing 129 million numbers takes longer than any measurement here. */
export function parameters(): Map<string, Float32Array> {
  if (weights) return weights;
  weights = new Map();
  let state = 1;
  for (const [name, { shape }] of model().parameters) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    for (let i = 0; i < values.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      values[i] = (state / 2 ** 31) * 0.03;
    }
    weights.set(name, values);
  }
  return weights;
}

export const bytesOf = (all: ReadonlyMap<string, Float32Array>): number =>
  [...all.values()].reduce((bytes, { byteLength }) => bytes + byteLength, 0);
