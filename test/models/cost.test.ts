/** @file Costs, counted on the graph, against the formulas of the catalogue. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, nodeFlops, type ModelData } from '../../src/models';

const data: ModelData = {
  length: 64,
  input: { kind: 'tokens', vocab_size: 50277 },
  target: { kind: 'next-token' },
};

const cost = (layers: { mixer: string; [option: string]: unknown }[], d_model: number, length = 64) =>
  buildModel({
    model: { d_model, layers, norm: 'rms', norm_eps: 1e-5, tie_embeddings: true, vocab_size: 50280 },
    task: { type: 'language-model' },
    data,
  }).cost(length);

const near = (actual: number, expected: number, share: number): void => {
  assert.ok(Math.abs(actual / expected - 1) < share, `${actual} against ${expected}`);
};

describe('cost', () => {
  it('of a Mamba block is 2 · MACs per token plus its scan', () => {
    const [D, E, N, R, K] = [768, 1536, 16, 48, 4];
    const { perLayer, parameters } = cost([{ mixer: 'mamba' }], D);
    const macs = 2 * D * E + E * K + E * (R + 2 * N) + R * E + E * D;
    near(perLayer[0]!.flopsPerToken, 2 * macs + 9 * E * N, 0.02);
    assert.equal(
      perLayer[0]!.parameters,
      2 * D * E + E * (K + 1) + E * (R + 2 * N) + R * E + E + E * N + E + E * D + D,
    );
    assert.equal(parameters, perLayer[0]!.parameters + 50280 * D + D);
    assert.equal(perLayer[0]!.stateBytes, 4 * (E * N + E * K));
  });

  it('of attention grows with the length, of Mamba not', () => {
    const layers = [{ mixer: 'attention', heads: 4 }, { mixer: 'mamba' }];
    const short = cost(layers, 64, 64).perLayer;
    const long = cost(layers, 64, 512).perLayer;
    assert.ok(long[0]!.flopsPerToken > 2 * short[0]!.flopsPerToken);
    near(long[1]!.flopsPerToken, short[1]!.flopsPerToken, 0.01);
  });

  it('of attention counts the pairs that see each other', () => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, [2, 3, 8, 4]));
    const pairs = (sight: g.Sight): number => {
      const { node } = g.attention({ q: q!, k: k!, v: v!, ...sight });
      return nodeFlops(node) / (2 * 3 * (2 * 4 + 2 * 4 + 5));
    };
    assert.equal(pairs({ causal: false }), 64);
    assert.equal(pairs({ causal: true }), 36);
    assert.equal(pairs({ causal: true, window: 3 }), 1 + 2 + 6 * 3);
    assert.equal(pairs({ causal: false, window: 2 }), 2 + 6 * 3 + 2);
    assert.equal(pairs({ causal: false, window: 99 }), 64);
  });

  it('of a product of matrices is the same when an operand lies transposed', () => {
    const [a, b] = [g.input('a', [3, 100, 4]), g.input('b', [3, 100, 5])];
    const { node } = g.matmul(g.transpose(a, [0, 2, 1]), b);
    assert.equal(node.inputs[0], a);
    assert.equal(nodeFlops(node), 2 * 3 * 4 * 100 * 5);
  });

  it('of the whole is that of its parts and the head', () => {
    const { flopsPerToken, perLayer, stateBytes } = cost([{ mixer: 'mamba2', headdim: 32, repeat: 2 }], 64);
    const layers = perLayer.reduce((sum, layer) => sum + layer.flopsPerToken, 0);
    near(flopsPerToken - layers, 2 * 64 * 50280, 0.02);
    assert.equal(stateBytes, perLayer[0]!.stateBytes! * 2);
  });
});
