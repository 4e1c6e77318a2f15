/** @file Operators that a GPU computes in parts: no two parts live side by side, forward and backward. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel } from '../../src/models';
import { trainSchema } from '../../src/models/config';
import { updateGraph } from '../../src/runtime/engine/update-graph';

/** Bytes that live at one time while a language model of 11 words per letter of the alphabet trains on a GPU. */
function peakOf(
  layers: number,
  limits: g.Limits,
  options: { readonly checkpointing?: boolean } = {},
): number {
  const length = 256;
  const model = buildModel({
    model: {
      ...{ d_model: 16, norm: 'rms', norm_eps: 1e-5, tie_embeddings: true },
      layers: [{ mixer: 'mamba', d_state: 64, repeat: layers }],
    },
    task: { type: 'language-model' },
    data: { length, input: { kind: 'tokens', vocab_size: 286 }, target: { kind: 'next-token' } },
  });
  const step = model.trainingStep(2, length, options);
  const gradients = new Map(
    [...model.parameters.keys()].map((name) => [name, step[`grad.${name}`]!] as const),
  );
  const { outputs } = updateGraph(gradients, model.parameters, trainSchema.parse({}));
  return g.memoryNeed([...Object.values(outputs), step['loss']!], {
    target: 'webgpu',
    keptBytes: 0,
    ...limits,
  }).peak;
}

/** Bytes of the states of one layer. */
const STATES = 4 * 256 * 2 * 32 * 64;

describe('memory of what a GPU computes in parts', () => {
  it('holds the states of a part of one layer, not of all layers', () => {
    const added = (limits: g.Limits): number => peakOf(4, limits) - peakOf(1, limits);
    // What three layers keep beside states comes to less than the states of two.
    assert.ok(added({}) < 2 * STATES, `three layers more take ${added({})} bytes more`);
    assert.ok(added({ largest: STATES / 8 }) < 2 * STATES);
    const [whole, parts] = [peakOf(1, {}), peakOf(1, { largest: STATES / 16 })];
    assert.ok(parts < whole / 2, `${parts} bytes in parts, ${whole} at once`);
  });

  it('gives the operands of gradients free before the next layer, so that checkpoints save memory', () => {
    const limits = { largest: STATES / 8 };
    const [all, few] = [peakOf(8, limits), peakOf(8, limits, { checkpointing: true })];
    assert.ok(few < all / 2, `${few} bytes with checkpoints, ${all} without`);
  });

  it('holds the logits of a part of the rows, with their gradients', () => {
    const [M, K, V] = [1024, 8, 512];
    const [x, w] = [g.input('x', [M, K]), g.input('w', [V, K])];
    const loss = g.mean(g.crossEntropy(g.linear(x, w), g.input('t', [M], 'int32')));
    const [dx, dw] = g.gradients([{ output: loss }], [x, w]) as [g.Tensor, g.Tensor];
    const outputs = [dx, dw, g.behind(loss, [dx, dw])];
    const logits = 4 * M * V;
    const peak = (limits: g.Limits): number => g.memoryNeed(outputs, { target: 'webgpu', ...limits }).peak;
    assert.ok(peak({}) > 2 * logits);
    const parts = peak({ largest: logits / 16 });
    assert.ok(parts < logits / 2, `${parts} bytes of parts, ${logits} of logits`);
  });
});
