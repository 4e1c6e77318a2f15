/** @file CIFAR-10: both versions of its files give the same images, and damage is named. */
import assert from 'node:assert/strict';
import { dataFolder, problem } from './folder';

const { write, open } = dataFolder();

const BYTES = 3072;
/** Value of a pixel of one colour. */
const value = (image: number, colour: number, pixel: number): number =>
  (image * 31 + colour * 57 + pixel * 7) % 256;
const planes = (image: number): Buffer =>
  Buffer.from(Array.from({ length: BYTES }, (_, i) => value(image, Math.floor(i / 1024), i % 1024)));
const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
const binary = (first: number, count: number): Buffer =>
  Buffer.concat(range(first, count).flatMap((image) => [Buffer.from([image % 10]), planes(image)]));

const uint32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const op = (code: string, ...rest: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from(code, 'latin1'), ...rest]);

/** Instructions of a pickle; `words` and `bytes` as Python 2 or Python 3 write them. */
function pickle(first: number, count: number, python: 2 | 3, type = 'u1'): Buffer {
  const word = (text: string): Buffer =>
    python === 2
      ? op('U', Buffer.from([text.length]), Buffer.from(text))
      : op('X', uint32(text.length), Buffer.from(text));
  const bytes = (content: Buffer): Buffer => op(python === 2 ? 'T' : 'B', uint32(content.length), content);
  const name = (text: string): Buffer =>
    python === 2 ? word(text) : op('C', Buffer.from([text.length]), Buffer.from(text));
  const size = (n: number): Buffer => op('M', Buffer.from([n & 255, n >> 8]));
  const images = Buffer.concat(range(first, count).map(planes));
  const module = python === 2 ? 'numpy.core.multiarray' : 'numpy._core.multiarray';
  return Buffer.concat([
    op('\x80\x02}('),
    name('labels'),
    op('](', ...range(first, count).map((image) => op('K', Buffer.from([image % 10]))), op('e')),
    name('data'),
    op(`c${module}\n_reconstruct\ncnumpy\nndarray\nK\0\x85`),
    bytes(Buffer.from('b')),
    op('\x87R(K\x01'),
    size(count),
    size(BYTES),
    op('\x86cnumpy\ndtype\n'),
    word(type),
    op('K\0K\x01\x87R(K\x03'),
    word('|'),
    op('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89'),
    bytes(images),
    op('tbu.'),
  ]);
}

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
