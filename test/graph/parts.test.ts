/** @file Operators that a GPU computes in parts: no two parts live side by side, forward and backward. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel } from '../../src/models';
import { trainSchema } from '../../src/models/config';
import { stepGraphs } from '../../src/optimizer';

function stepOf(layers: number, options: { readonly checkpointing?: boolean } = {}) {
  const length = 256;
  const model = buildModel({
    model: {
      ...{ d_model: 16, norm: 'rms', norm_eps: 1e-5, tie_embeddings: true },
      layers: [{ mixer: 'mamba', d_state: 64, repeat: layers }],
    },
    task: { type: 'language-model' },
    data: { length, input: { kind: 'tokens', vocab_size: 286 }, target: { kind: 'next-token' } },
  });
  return { model, step: model.trainingStep(2, length, options) };
}

const need = (outputs: Readonly<Record<string, g.Tensor>>, limits: g.Limits): number =>
  g.memoryNeed(Object.values(outputs), { target: 'webgpu', keptBytes: 0, ...limits }).peak;

/** What an engine computes in one call: the step with its update, or with sums of gradients. */
function programOf({ model, step }: ReturnType<typeof stepOf>, how: object = {}) {
  const { update, add } = stepGraphs(step, model.parameters, trainSchema.parse(how));
  return add ?? update;
}

/** A step without any update: the loss waits for the first gradient, before which the backward pass finds all others. */
function gradientsOf({ step }: ReturnType<typeof stepOf>) {
  const first = Object.keys(step).find((name) => name.startsWith('grad.'))!;
  return { ...step, loss: g.behind(step['loss']!, [step[first]!]) };
}

/** Bytes that live at one time while a language model of 11 words per letter of the alphabet trains on a GPU. */
const peakOf = (
  layers: number,
  limits: g.Limits,
  options: { readonly checkpointing?: boolean } = {},
): number => need(programOf(stepOf(layers, options)), limits);

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

  it('asks for gradients as the backward pass finds them, whoever reads them', () => {
    const limits = { largest: STATES / 8 };
    const step = stepOf(8, { checkpointing: true });
    const alone = need(gradientsOf(step), limits);
    for (const how of [{}, { clip: 0 }, { accumulate: 2 }]) {
      const peak = need(programOf(step, how), limits);
      assert.ok(peak < 1.2 * alone, `${JSON.stringify(how)}: ${peak} bytes, gradients alone ${alone}`);
    }
  });

  it('holds the scores of a part of the queries, of one layer', () => {
    const [heads, time] = [4, 512];
    const weights = 4 * heads * time * time;
    const peak = (layers: number, limits: g.Limits): number => {
      const x = g.input('x', [1, heads, time, 8]);
      let y = x;
      for (let i = 0; i < layers; i++) {
        const { q, k } = { q: g.mul(y, 0.3), k: g.mul(y, 0.5) };
        y = g.add(y, g.attention({ q, k, v: y, causal: false }));
      }
      const loss = g.mean(g.square(y));
      return need({ dx: g.gradients([{ output: loss }], [x])[0]!, loss }, { keptBytes: 0, ...limits });
    };
    const more = (limits: g.Limits): number => peak(4, limits) - peak(1, limits);
    assert.ok(
      more({ keptBytes: Infinity }) > 2 * weights,
      `kept: ${more({ keptBytes: Infinity })} bytes more`,
    );
    assert.ok(more({}) < weights / 2, `three layers more take ${more({})} bytes more`);
    const parts = peak(1, { largest: weights / 16 });
    assert.ok(parts < weights, `${parts} bytes in parts, ${weights} of weights`);
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
