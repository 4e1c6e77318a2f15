import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DataError, datasets, type Dataset } from '../../src/data';
import { bundledDir, openData } from './open';

const NAME = 'sequential-mnist';

describe('sequential MNIST', () => {
  let pixels: Dataset;
  before(async () => {
    pixels = await openData(NAME);
  });

  it('has the fixed split of 8,000, 1,000 and 1,000', () => {
    assert.deepEqual([pixels.count('validation'), pixels.count('test')], [1000, 1000]);
    assert.throws(() => pixels.heldOut('test', 999, 2), RangeError);
  });

  it('permuted, has the same pixels at places that are the same for every image and seed', async () => {
    const [one, other] = [
      await openData(NAME, { permuted: true }),
      await openData(NAME, { permuted: true }, { seed: 9 }),
    ];
    const [plain, shuffled] = [pixels.heldOut('test', 0, 20), one.heldOut('test', 0, 20)];
    assert.deepEqual(shuffled, other.heldOut('test', 0, 20));
    assert.notDeepEqual(shuffled.inputs, plain.inputs);
    assert.deepEqual(shuffled.targets, plain.targets);
    for (let row = 0; row < 20; row++) {
      const sorted = ({ inputs }: typeof plain): number[] =>
        Array.from(inputs.subarray(row * 784, (row + 1) * 784)).sort();
      assert.deepEqual(sorted(shuffled), sorted(plain));
    }
    assert.notEqual(one.hash, pixels.hash);
  });

  it('trains on every image once per epoch, in another order each time', () => {
    const key = (values: Float32Array): string =>
      Buffer.from(Uint8Array.from(values, (v) => (v + 1) * 60)).toString('latin1');
    const epoch = (first: number): string[] =>
      Array.from({ length: 80 }, (_, step) => pixels.trainBatch(first + step, 100)).flatMap(({ inputs }) =>
        Array.from({ length: 100 }, (_, row) =>
          key(inputs.subarray(row * 784, (row + 1) * 784) as Float32Array),
        ),
      );
    const [one, two] = [epoch(0), epoch(80)];
    assert.equal(new Set(one).size, 8000);
    assert.notDeepEqual(one, two);
    assert.deepEqual([...one].sort(), [...two].sort());
    const held = pixels.heldOut('test', 0, 1000).inputs as Float32Array;
    const trained = new Set(one);
    for (let row = 0; row < 1000; row++) {
      assert.ok(
        !trained.has(key(held.subarray(row * 784, (row + 1) * 784))),
        `test image ${row} is trained on`,
      );
    }
  });

  it('is a pure function of seed and step, across the end of an epoch', async () => {
    const other = await openData(NAME);
    // Epoch 0 ends within step 114 of batches of 70.
    const batch = pixels.trainBatch(114, 70);
    for (const step of [500, 114, 3]) other.trainBatch(step, 70);
    assert.deepEqual(other.trainBatch(114, 70), batch);
    const seeded = await openData(NAME, {}, { seed: 1 });
    assert.notDeepEqual(seeded.trainBatch(114, 70).targets, batch.targets);
    assert.deepEqual(seeded.heldOut('validation', 0, 9), pixels.heldOut('validation', 0, 9));
  });

  it('shows the same image as pixels, rows and patches', async () => {
    const image = pixels.heldOut('validation', 5, 1);
    const rows = await openData(NAME, { tokens: 'rows' });
    assert.deepEqual(rows.shape, {
      length: 28,
      input: { kind: 'vectors', features: 28 },
      target: { kind: 'class', classes: 10 },
    });
    assert.deepEqual(rows.heldOut('validation', 5, 1), image);
    for (const patch_size of [4, 7]) {
      const data = await openData(NAME, { tokens: 'patches', patch_size });
      const across = 28 / patch_size;
      const patches = data.heldOut('validation', 5, 1);
      assert.deepEqual([data.grid?.rows, data.grid?.columns], [across, across]);
      assert.equal(patches.targets[0], image.targets[0]);
      for (const [y, x] of [
        [0, 0],
        [13, 14],
        [9, 20],
        [27, 27],
      ] as const) {
        const token = Math.floor(y / patch_size) * across + Math.floor(x / patch_size);
        const feature = (y % patch_size) * patch_size + (x % patch_size);
        assert.equal(
          patches.inputs[token * patch_size ** 2 + feature],
          image.inputs[y * 28 + x],
          `${y},${x}`,
        );
      }
    }
  });

  it('is standardised and has every digit in every split', () => {
    const { inputs: values, targets } = pixels.heldOut('validation', 0, 1000);
    const inputs = values as Float32Array;
    const mean = inputs.reduce((sum, value) => sum + value, 0) / inputs.length;
    const square = inputs.reduce((sum, value) => sum + value ** 2, 0) / inputs.length;
    assert.ok(Math.abs(mean) < 0.05 && Math.abs(square - 1) < 0.05, `${mean} ${square}`);
    for (const { targets: digits } of [{ targets }, pixels.heldOut('test', 0, 1000)]) {
      for (let digit = 0; digit < 10; digit++) assert.ok(digits.filter((t) => t === digit).length > 50);
    }
  });

  it('refuses patches that do not fit and offers the nearest that do', () => {
    const { check, options } = datasets[NAME]!;
    const [problem] = check(options.parse({ tokens: 'patches', patch_size: 5 }));
    assert.deepEqual(problem?.path, ['patch_size']);
    assert.match(problem!.message, /28 × 28 pixels.*1, 2, 4, 7, 14, 28/);
    assert.equal(problem?.suggestion, 4);
    assert.deepEqual(check(options.parse({ tokens: 'rows', patch_size: 5 })), []);
  });

  describe('with a damaged file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ssm-mnist-'));
    const path = join(folder, 'mnist-10k.bin.gz');
    const whole = gunzipSync(readFileSync(join(bundledDir, 'mnist-10k.bin.gz')));
    after(() => rmSync(folder, { recursive: true }));
    const fails = (message: RegExp) =>
      assert.rejects(openData(NAME, {}, { bundledDir: folder }), (error: unknown) => {
        assert.ok(error instanceof DataError);
        assert.match(error.message, message);
        return true;
      });
    const changed = (at: number, byte: number): Buffer => {
      const copy = Buffer.from(whole);
      copy[at] = byte;
      return gzipSync(copy, { level: 1 });
    };

    it('says that it is missing', () => fails(/Cannot read .*mnist-10k\.bin\.gz \(ENOENT\)/));
    it('says that it is no gzip file', () => {
      writeFileSync(path, 'not gzip');
      return fails(/is damaged \(incorrect header check\)/);
    });
    it('says that it is of another kind', () => {
      writeFileSync(path, changed(0, 0x41));
      return fails(/unknown format/);
    });
    it('says that its size does not fit its header', () => {
      writeFileSync(path, gzipSync(whole.subarray(0, 5000), { level: 1 }));
      return fails(/5000 bytes instead of 7850024/);
    });
    it('says that its images are others', () => {
      writeFileSync(path, changed(12, 27));
      return fails(/images of 27 × 28 pixels/);
    });
    it('says that a label is out of range', () => {
      writeFileSync(path, changed(24, 10));
      return fails(/label is out of range/);
    });
  });
});
