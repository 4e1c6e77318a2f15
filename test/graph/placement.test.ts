/** @file A whole training graph on WebGPU: nothing may run on the CPU, nothing may be copied on the way. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { fallbacks } from '../../src/runtime/ort';
import { relativeError, webgpuProblem } from './support/compare';
import { runPlaced } from './support/placement';

const [B, L, V, d, N] = [2, 7, 11, 8, 4];

/** Two layers, one of each scan, between embedding and cross-entropy; all gradients and their norm. */
function trainingGraph(): Record<string, g.Tensor> {
  const parameters: g.Tensor[] = [];
  const parameter = (name: string, ...shape: number[]): g.Tensor => {
    parameters.push(g.input(name, shape));
    return parameters.at(-1)!;
  };
  const ids = g.input('ids', [B, L + 1], 'int32');
  let x = g.embedding(g.slice(ids, 1, 0, L), parameter('embedding', V, d));

  const u = g.transpose(g.rmsNorm(x, parameter('norm1', d), 1e-5), [1, 0, 2]);
  const v = g.silu(g.causalConv1d(u, parameter('conv', d, 1, 3), parameter('conv.bias', d), 0));
  const [low, b, c] = g.split(g.linear(v, parameter('x_proj', 2 + 2 * N, d)), 2, [2, N, N]) as [
    g.Tensor,
    g.Tensor,
    g.Tensor,
  ];
  const delta = g.softplus(g.linear(low, parameter('dt_proj', d, 2), parameter('dt_proj.bias', d)));
  const A = g.neg(g.exp(parameter('A_log', d, N)));
  const scan = g.selectiveScan({ u: v, delta, A, B: b, C: c, D: parameter('D', d) });
  x = g.add(x, g.transpose(scan.y, [1, 0, 2]));

  const w = g.linear(
    g.layerNorm(x, parameter('norm2', d), parameter('norm2.bias', d), 1e-5),
    parameter('in', d, d),
  );
  const heads = g.reshape(w, [B, L, 2, d / 2]);
  const decay = g.neg(g.softplus(g.mean(heads, [3])));
  const map = g.reshape(w, [B, L, 1, d]);
  const { Y } = g.ssd({ X: heads, A: decay, B: map, C: g.gelu(map) });
  x = g.add(x, g.reshape(Y, [B, L, d]));

  const logits = g.linear(g.reshape(x, [B * L, d]), parameter('head', V, d));
  const targets = g.reshape(g.slice(ids, 1, 1, L + 1), [B * L]);
  const loss = g.mean(g.crossEntropy(logits, targets));
  const correct = g.sum(g.cast(g.equal(g.argmax(logits, 1), targets), 'float32'));
  const gradients = g.gradients([{ output: loss }], parameters);
  const norm = g.sqrt(gradients.map(g.sumSquares).reduce((total, square) => g.add(total, square)));
  return { loss, correct, norm, ...Object.fromEntries(gradients.map((t, i) => [`grad.${i}`, t])) };
}

describe('a training graph on WebGPU', () => {
  it('leaves no node to the CPU, copies nothing, and agrees with the reference', async function () {
    this.timeout(240_000);
    const problem = await webgpuProblem();
    if (problem !== undefined) {
      this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
      this.skip();
    }
    const outputs = trainingGraph();
    const compiled = g.compile(outputs, { target: 'webgpu' });
    const feeds = Object.fromEntries(
      compiled.inputs.map(({ name, shape, dtype }) => {
        const count = shape.reduce((a, b) => a * b, 1);
        if (dtype === 'int32') return [name, Int32Array.from({ length: count }, (_, i) => (i * 7) % V)];
        return [name, Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + name.length) / 2)];
      }),
    );
    const { outputs: found, timings } = await runPlaced(compiled, feeds, 'webgpu');
    assert.ok(timings.length > 100);
    assert.deepEqual(fallbacks(timings), []);
    const expected = g.interpret(Object.values(outputs), feeds);
    for (const [i, name] of Object.keys(outputs).entries()) {
      const error = relativeError(found[name] as Float32Array, expected[i]!);
      assert.ok(error < 2e-5, `${name} is off by ${error}`);
    }
  });
});
