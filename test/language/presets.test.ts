/** @file The built-in presets against the published sizes, counted on the model that is built from their text. */
import * as assert from 'node:assert/strict';
import { resolveText } from '../../src/language';
import { published } from '../../src/language/presets';
import { buildModel } from '../../src/models';
import { memoryReader } from '../config/memory';

const reader = { ...memoryReader({}), toDisk: (file: string) => file };
const data = (vocab: number) => ({
  length: 8,
  input: { kind: 'tokens', vocab_size: vocab } as const,
  target: { kind: 'next-token' } as const,
});

describe('presets', () => {
  for (const { name, parameters, vocab_size } of published) {
    it(`${name} has the published ${parameters} parameters`, async () => {
      const text = `extends: ${name}\ndata: induction-heads\n`;
      const { config, diagnostics } = await resolveText(text, '/c/a.ssm.yaml', reader);
      assert.deepEqual(
        diagnostics.filter((d) => d.severity === 'error'),
        [],
      );
      assert.ok(config);
      const model = buildModel({
        model: config.model,
        task: { type: 'language-model' },
        data: data(vocab_size),
      });
      let total = 0;
      for (const { shape } of model.parameters.values()) total += shape.reduce((size, n) => size * n, 1);
      assert.equal(total, parameters);
    });
  }

  it('says which preset a misspelt name means', async () => {
    const { diagnostics } = await resolveText(
      'extends: mamba-130n\ndata: induction-heads\n',
      '/c/a.ssm.yaml',
      reader,
    );
    const missing = diagnostics.find((d) => d.code === 'extends-missing');
    assert.equal(missing?.suggestion, 'mamba-130m');
  });
});
