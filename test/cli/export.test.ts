import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseSafetensors } from '../../src/formats/safetensors';
import { openModelFolder } from '../../src/runtime/checkpoint';
import { rows, run } from './cli';

const golden = resolve(__dirname, '../golden');

/** CRC-32C bit by bit. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
const unmasked = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

describe('export', function () {
  this.timeout(60_000);
  let folder: string;
  let runDir: string;
  const exported = async (from: string, format: string, name: string, ...more: string[]): Promise<string> => {
    const out = join(folder, name);
    const { code, stderr } = await run('export', from, '--format', format, '--out', out, ...more);
    assert.equal(code, 0, stderr);
    return out;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'export-'));
    runDir = join(folder, 'run');
    const file = join(folder, 'tiny.ssm.yaml');
    await writeFile(
      file,
      'data: {type: induction-heads, length: 12, vocab_size: 6}\nmodel: {d_model: 8, layers: [{mixer: mamba, d_state: 4}]}\n' +
        'train: {steps: 6, batch_size: 4}\neval: {every: 3, examples: 8}\ndevice: cpu\n',
    );
    const { code, stderr } = await run('train', file, '--run-dir', runDir, '--quiet');
    assert.equal(code, 0, stderr);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const name of ['hf-mamba-tiny', 'hf-mamba2-tiny']) {
    it(`gives ${name} back with the same bits`, async () => {
      const out = await exported(join(golden, name), 'hf', name);
      const read = async (path: string) =>
        parseSafetensors(await readFile(join(path, 'model.safetensors'))).tensors;
      const [before, after] = [await read(join(golden, name)), await read(out)];
      assert.deepEqual([...after.keys()].toSorted(), [...before.keys()].toSorted());
      for (const [key, tensor] of before) assert.deepEqual(after.get(key), tensor, key);
      assert.deepEqual(
        await readFile(join(out, 'tokenizer.json')),
        await readFile(join(golden, name, 'tokenizer.json')),
      );
      assert.deepEqual(
        (await openModelFolder(out)).parameters,
        (await openModelFolder(join(golden, name))).parameters,
      );
    });
  }

  it('says why a model is no Hugging Face model', async () => {
    const file = join(folder, 's4d.ssm.yaml');
    await writeFile(
      file,
      'data: {type: induction-heads, length: 12, vocab_size: 6}\nmodel: {d_model: 8, layers: [{mixer: s4d, d_state: 4}]}\n' +
        'train: {steps: 1, batch_size: 4}\ndevice: cpu\n',
    );
    const trained = join(folder, 's4d');
    const { code: done, stderr: said } = await run('train', file, '--run-dir', trained, '--quiet');
    assert.equal(done, 0, said);
    const { code, stderr } = await run('export', trained, '--format', 'hf', '--out', join(folder, 'no'));
    assert.equal(code, 64);
    assert.match(stderr, /s4d/);
  });

  it('writes Mamba-2 with norm statistics per group as the class that has them', async () => {
    const out = await exported(join(golden, 'statespaces-mamba2-tiny'), 'hf', 'grouped');
    // Not JSON to the letter: the limits of its steps are 0 and Infinity.
    assert.match(await readFile(join(out, 'config.json'), 'utf8'), /"model_type": "nemotron_h"/);
    const [before, after] = [join(golden, 'statespaces-mamba2-tiny'), out].map((from) =>
      openModelFolder(from),
    );
    assert.deepEqual((await after!).parameters, (await before!).parameters);
  });

  it('writes two ONNX models that agree', async () => {
    const out = await exported(join(golden, 'hf-mamba2-tiny'), 'onnx', 'onnx', '--length', '9');
    assert.deepEqual((await readdir(out)).toSorted(), ['model.onnx', 'step.onnx', 'tokenizer.json']);
  });

  it('writes a script for the authors’ package with its weights', async () => {
    const out = await exported(join(golden, 'statespaces-mamba2-tiny'), 'pytorch', 'pytorch');
    const script = await readFile(join(out, 'load.py'), 'utf8');
    assert.match(script, /d_model=16,\s+n_layer=2,\s+vocab_size=288/);
    assert.match(script, /layer="Mamba2",[^]*ngroups=2,/);
    const { tensors } = parseSafetensors(await readFile(join(out, 'model.safetensors')));
    assert.ok(tensors.has('backbone.embedding.weight') && tensors.has('backbone.layers.1.mixer.dt_bias'));
  });

  it('writes what a run logged as CSV, TensorBoard events and a page', async () => {
    const losses = (await rows(runDir)).filter((row) => 'lr' in row).map((row) => row['loss'] as number);
    const csv = (await readFile(await exported(runDir, 'csv', 'run.csv'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const column = csv[0]!.indexOf('loss');
    assert.deepEqual(
      csv
        .slice(1)
        .filter((cells) => cells[1] === 'train')
        .map((cells) => Number(cells[column])),
      losses,
    );

    const events = await exported(runDir, 'tensorboard', 'events');
    const [name] = await readdir(events);
    assert.match(name!, /^events\.out\.tfevents\.\d+/);
    const bytes = await readFile(join(events, name!));
    const found: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = Number(bytes.readBigUInt64LE(at));
      assert.equal(unmasked(bytes.readUInt32LE(at + 8)), crc32c(bytes.subarray(at, at + 8)));
      const event = bytes.subarray(at + 12, at + 12 + length);
      assert.equal(unmasked(bytes.readUInt32LE(at + 12 + length)), crc32c(event));
      const tag = event.indexOf('train/loss');
      // A field of four bytes follows its tag.
      if (tag >= 0) found.push(event.readFloatLE(tag + 'train/loss'.length + 1));
      at += 16 + length;
    }
    assert.deepEqual(found, losses.map(Math.fround));

    const page = await readFile(await exported(runDir, 'html', 'run.html'), 'utf8');
    assert.match(page, /<polyline class="c0" points="[\d., ]+"/);
    assert.match(page, /d_state: 4/);
    assert.match(page, /<th>step<\/th><th>split<\/th><th>loss<\/th>.*<td>validation<\/td><td>\d/);
    assert.doesNotMatch(page, /object Object|https?:|<script|src=/);
    const again = await run('export', runDir, '--format', 'html', '--out', join(folder, 'run.html'));
    assert.match(again.stderr, /exists; --force/);
  });
});
