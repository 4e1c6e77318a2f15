/**
 * @file The built-in presets against the published sizes: counted on what their text resolves to, and by formulas
 * that are written out here.
 */
import * as assert from 'node:assert/strict';
import { resolveText } from '../../src/language';
import { published } from '../../src/language/presets';
import { buildModel } from '../../src/models';
import { memoryReader } from '../config/memory';

const reader = { ...memoryReader({}), toDisk: (file: string) => file };
const resolve = (name: string) =>
  resolveText(`extends: ${name}\ndata: {type: induction-heads, length: 3}\n`, '/c/a.ssm.yaml', reader);

/** Parameters of one residual layer with its norm. */
const layer = {
  mamba2(D: number, G = 1, N = 128, P = 64, K = 4): number {
    const [E, H] = [2 * D, (2 * D) / P];
    const channels = E + 2 * G * N;
    return (E + channels + H) * D + channels * (K + 1) + 3 * H + E + E * D + D;
  },
  attention(
    D: number,
    heads: number,
    kv: number,
    size: number,
    { bias = false, taps = 0, norms = 1 } = {},
  ): number {
    const rows = (heads + 2 * kv) * size;
    const biases = bias ? rows + D : 0;
    return rows * D + biases + (taps > 0 ? rows * (taps + 1) : 0) + heads * size * D + norms * D;
  },
  mlp: (D: number, { bias = false, norms = 1 } = {}): number => 8 * D * D + (bias ? 5 * D : 0) + norms * D,
  h3(D: number, N = 64, size = 1): number {
    const H = D / size;
    const shift = 2 * D * N + D;
    const diagonal = H + 4 * H * (N / 2) + 2 * H * (N / 2) + H;
    return 4 * (D * D + D) + shift + diagonal + 2 * D;
  },
  hydra(D: number, N = 64, P = 64, K = 7): number {
    const [E, H] = [2 * D, (2 * D) / P];
    const channels = E + 4 * N;
    return (E + channels + 2 * H) * D + channels * (K + 1) + 3 * H + H * E + E + E * D + D;
  },
};
const h3 = (n: number, D: number, heads: number, attention: number): number =>
  50_264 * D +
  2 * D +
  (n - attention) * layer.h3(D) +
  attention * layer.attention(D, heads, heads, D / heads, { bias: true, norms: 2 }) +
  n * layer.mlp(D, { bias: true, norms: 2 });

const byFormula: Readonly<Record<string, number>> = {
  'mamba2attn-2.7b':
    50_289 * 2560 + 58 * layer.mamba2(2560) + 6 * layer.attention(2560, 30, 30, 128, { taps: 4 }),
  'h3-125m': h3(12, 768, 12, 1),
  'h3-355m': h3(24, 1024, 16, 2),
  'h3-1.3b': h3(24, 2048, 16, 2),
  'h3-2.7b': h3(32, 2560, 20, 3),
  'mamba2-8b': 512_001 * 4096 + 56 * layer.mamba2(4096, 8),
  'mamba2-hybrid-8b':
    512_001 * 4096 +
    24 * layer.mamba2(4096, 8) +
    4 * layer.attention(4096, 32, 8, 128) +
    28 * layer.mlp(4096),
  'hydra-bert': 30_523 * 768 + 23 * layer.hydra(768),
};

describe('presets', () => {
  for (const { name, parameters, vocab_size } of published) {
    it(`${name} has the published ${parameters} parameters`, async () => {
      const { config, analysis, diagnostics } = await resolve(name);
      const errors = diagnostics.filter(({ severity, code }) => severity === 'error' && code !== 'memory');
      assert.deepEqual(errors, []);
      assert.equal(byFormula[name] ?? parameters, parameters);
      // The size in the name is rounded, and the hybrids' is that of their class.
      const [, size, unit] = /([\d.]+)([mb])$/.exec(name) ?? [];
      if (size !== undefined) {
        const named = Number(size) * (unit === 'b' ? 1e9 : 1e6);
        assert.ok(Math.abs(parameters / named - 1) < 0.09, `${parameters / named}`);
      }
      if (config === undefined) {
        // Too large for this machine's memory, so no model is built; the layers know their sizes.
        const { d_model } = analysis!.dims!;
        const norm = (name.startsWith('h3') ? 2 : 1) * d_model;
        const layers = analysis!.stack.layers.reduce(
          (sum, one) => sum + one.count * (analysis!.facts.get(one)!.parameters + norm),
          0,
        );
        const embeddings = name.endsWith('-8b') ? 2 : 1;
        assert.equal(layers + embeddings * vocab_size * d_model + norm, parameters);
        return;
      }
      const model = buildModel({
        model: config.model,
        task: { type: 'answer' },
        data: {
          length: 8,
          input: { kind: 'tokens', vocab_size },
          target: { kind: 'answer', positions: 1 },
        },
      });
      let total = 0;
      for (const { shape } of model.parameters.values())
        total += shape.reduce((product, n) => product * n, 1);
      assert.equal(total, parameters);
    });
  }

  it('covers every family with a formula or a published exact count', () => {
    const exact = published.filter(({ name }) => /^mamba2?-\d/.test(name) && !name.endsWith('-8b'));
    assert.deepEqual(
      published.map(({ name }) => name).sort(),
      [...exact.map(({ name }) => name), ...Object.keys(byFormula)].sort(),
    );
  });

  it('says which preset a misspelt name means', async () => {
    const { diagnostics } = await resolve('mamba-130n');
    const missing = diagnostics.find((d) => d.code === 'extends-missing');
    assert.equal(missing?.suggestion, 'mamba-130m');
  });
});
