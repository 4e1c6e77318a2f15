/** @file The samples of the published generators: taken as they are, refused with any tensor changed. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { runGolden } from '../../src/golden';
import { readCase, withCase } from './folder';

const folder = join(__dirname, 'synthetic-samples');

describe('samples of the published generators', () => {
  it('keep the rules of their tasks', async () => {
    assert.equal((await runGolden([folder])).exitCode, 0);
  });

  for (const [how, change] of [
    ['a tenth larger', (value: number) => Math.round(value * 1.1)],
    ['set to zero', () => 0],
  ] as const) {
    it(`are refused with any tensor ${how}`, async () => {
      const { json, tensors } = readCase(folder);
      for (const [name, tensor] of tensors) {
        const changed = new Map(tensors).set(name, { ...tensor, data: Int32Array.from(tensor.data, change) });
        const code = await withCase(json, changed, async (path) => (await runGolden([path])).exitCode);
        assert.equal(code, 1, `${name} ${how}`);
      }
    });
  }
});
