/** @file CIFAR-10: both versions of its files give the same images, and damage is named. */
import assert from 'node:assert/strict';
import { binary, BYTES, pickle, planes, value } from './cifar-writer';
import { dataFolder, problem } from './folder';

const { write, open } = dataFolder();

describe('cifar-10', () => {
  before(() => {
    for (const version of ['bin', 'py2', 'py3']) {
      for (const batch of [1, 2]) {
        const content =
          version === 'bin' ? binary(20 * batch, 20) : pickle(20 * batch, 20, version === 'py2' ? 2 : 3);
        write(`${version}/data_batch_${batch}`, content);
      }
      write(`${version}/test_batch`, version === 'bin' ? binary(0, 7) : pickle(0, 7, 3));
    }
  });
  const options = (version: string) => ({
    files: [`${version}/data_batch_*`],
    test_files: [`${version}/test_batch`],
  });

  for (const version of ['bin', 'py2', 'py3']) {
    it(`${version}: trains, validates and tests what the files say`, async () => {
      const data = await open('cifar-10', { ...options(version), colours: 'rgb' });
      assert.deepEqual([data.count('validation'), data.count('test')], [4, 7]);
      assert.equal(data.shape.length, 1024);
      const test = data.heldOut('test', 3, 2);
      assert.deepEqual([...test.targets], [3, 4]);
      for (const [row, image] of [3, 4].entries()) {
        for (const place of [0, 1, 2, 100, 3071]) {
          const expected = value(image, place % 3, Math.floor(place / 3)) / 127.5 - 1;
          assert.ok(Math.abs(test.inputs[row * BYTES + place]! - expected) < 1e-6);
        }
      }
      const seen = new Set([...data.trainBatch(0, 36).inputs].filter((_, i) => i % BYTES === 0));
      const held = [...data.heldOut('validation', 0, 4).inputs].filter((_, i) => i % BYTES === 0);
      assert.equal(seen.size, 36);
      assert.ok(held.every((first) => !seen.has(first)));
      assert.equal(data.targetLabel(9), 'truck');
    });
  }

  it('grey is the luma of a pixel', async () => {
    const { inputs } = (await open('cifar-10', options('bin'))).heldOut('test', 2, 1);
    const [r, g, b] = [0, 1, 2].map((colour) => value(2, colour, 9)) as [number, number, number];
    assert.ok(Math.abs(inputs[9]! - (Math.round(0.299 * r + 0.587 * g + 0.114 * b) / 127.5 - 1)) < 1e-6);
  });

  it('damaged files, other arrays, code and impossible labels are refused', async () => {
    const whole = pickle(0, 2, 2);
    for (const [name, content, message] of [
      ['cut', binary(0, 2).subarray(0, 5000), /5000 bytes are no multiple of 3073/],
      ['label', Buffer.concat([Buffer.from([12]), planes(0)]), /image 0 has the label 12/],
      ['cut.pkl', whole.subarray(0, 4000), /cut off/],
      ['float.pkl', pickle(0, 2, 2, 'f4'), /an array of f4/],
      ['code.pkl', Buffer.from('\x80\x02cos\nsystem\nU\x02ls\x85R.', 'latin1'), /os\.system, which is code/],
      ['none.pkl', Buffer.from('\x80\x02}.', 'latin1'), /no `data`/],
    ] as const) {
      write(`bad/${name}`, content);
      await assert.rejects(open('cifar-10', { files: [`bad/${name}`] }), problem(['files'], message), name);
    }
    await assert.rejects(
      open('cifar-10', { ...options('bin'), test_files: ['none'] }),
      problem(['test_files', 0], /no file none/),
    );
  });
});
