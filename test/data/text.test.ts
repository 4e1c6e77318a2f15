import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, datasets } from '../../src/data';
import { unigramBits } from '../../src/data/text/bytes';
import { byteLabel } from '../../src/tokenizers';
import { cutOf, splitText } from '../../src/data/text/split';
import { openData } from './open';

/** Bytes that tell their place: i mod 251. */
const ramp = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i + from) % 251);

describe('text', () => {
  const baseDir = mkdtempSync(join(tmpdir(), 'ssm-text-'));
  const put = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(baseDir, name), content);
  put('ramp.bin', ramp(5000));
  put('empty.txt', '');
  put('short.txt', 'a'.repeat(100));
  put('odd [1].txt', ramp(400));
  mkdirSync(join(baseDir, 'folder'));
  after(() => rmSync(baseDir, { recursive: true }));
  const open = (options: Record<string, unknown>, seed = 0) => openData('text', options, { baseDir, seed });
  const fails = async (options: Record<string, unknown>, message: RegExp, path: (string | number)[]) => {
    await assert.rejects(open(options), (error: unknown) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, message);
      assert.deepEqual(error.path, path);
      return true;
    });
  };

  it('trains on windows of the first part, targets one byte ahead', async () => {
    const data = await open({ files: ['ramp.bin'], context: 32 });
    const starts = new Set<number>();
    for (let step = 0; step < 50; step++) {
      const { inputs, targets } = data.trainBatch(step, 4);
      for (let row = 0; row < 4; row++) {
        const first = inputs[row * 32]!;
        starts.add(first);
        for (let i = 0; i < 32; i++) {
          assert.equal(inputs[row * 32 + i], (first + i) % 251);
          assert.equal(targets[row * 32 + i], (first + i + 1) % 251);
        }
      }
    }
    assert.ok(starts.size > 50, 'windows begin at random places');
  });

  it('never shows validation bytes in training', async () => {
    put('marked.bin', Buffer.concat([Buffer.alloc(900, 1), Buffer.alloc(100, 2)]));
    put('marked2.bin', Buffer.concat([Buffer.alloc(90, 1), Buffer.alloc(10, 2)]));
    const data = await open({ files: ['marked*.bin'], context: 10 });
    for (let step = 0; step < 100; step++) {
      const { inputs, targets } = data.trainBatch(step, 16);
      assert.ok(inputs.every((byte) => byte === 1) && targets.every((byte) => byte === 1));
    }
    const held = data.heldOut('validation', 0, data.count('validation'));
    assert.ok(held.inputs.every((byte) => byte === 2));
    assert.equal(held.size, Math.floor((110 - 1) / 10));
  });

  it('predicts every validation byte once, in a fixed mixed order', async () => {
    const data = await open({ files: ['ramp.bin'], context: 7, validation: 0.05 });
    const count = data.count('validation');
    assert.equal(count, Math.floor((250 - 1) / 7));
    const { targets, inputs } = data.heldOut('validation', 0, count);
    assert.deepEqual(
      Array.from(targets, (byte) => (byte - ((4750 + 1) % 251) + 251) % 251).sort((a, b) => a - b),
      Array.from({ length: count * 7 }, (_, i) => i),
    );
    const starts = Array.from({ length: count }, (_, row) => inputs[row * 7]!);
    assert.notDeepEqual(
      starts,
      [...starts].sort((a, b) => a - b),
    );
    const other = await open({ files: ['ramp.bin'], context: 7, validation: 0.05 }, 9);
    assert.deepEqual(other.heldOut('validation', 0, count).targets, targets, 'whatever the seed');
  });

  it('is a pure function of seed and step', async () => {
    const options = { files: ['ramp.bin'], context: 32 };
    const [one, other, seeded] = [await open(options), await open(options), await open(options, 3)];
    one.trainBatch(0, 8);
    assert.deepEqual(one.trainBatch(4711, 8), other.trainBatch(4711, 8));
    assert.notDeepEqual(one.trainBatch(4711, 8), seeded.trainBatch(4711, 8));
    assert.notDeepEqual(one.trainBatch(4711, 8), one.trainBatch(4712, 8));
  });

  it('has a hash of contents and options, not of names', async () => {
    put('copy.bin', ramp(5000));
    put('changed.bin', ramp(5000, 1));
    const hash = async (file: string, context = 32) => (await open({ files: [file], context })).hash;
    const original = await hash('ramp.bin');
    assert.equal(await hash('copy.bin'), original);
    assert.notEqual(await hash('changed.bin'), original);
    assert.notEqual(await hash('ramp.bin', 33), original);
  });

  it('reads the novel that ships, and knows what it costs without context', async () => {
    const data = await openData('text', { files: ['bundled:moby-dick.txt'] }, { baseDir: '/nowhere' });
    const { bytes_per_token: perToken, unigram_bits_per_byte: bits } = data.facts;
    assert.equal(perToken, 1);
    assert.ok(Math.abs(bits! - 4.4805) < 1e-3, String(bits));
    const { inputs } = data.trainBatch(0, 1);
    assert.match(Buffer.from(inputs as Int32Array).toString('latin1'), /^[\x20-\x7e\n\x80-\xff]{256}$/);
  });

  it('takes a file whose name has brackets, by its name', async () => {
    assert.equal((await open({ files: ['odd [1].txt'], context: 30 })).count('validation'), 1);
  });

  describe('says what is wrong', () => {
    it('a file that is not there', () =>
      fails(
        { files: ['ramp.bin', 'missing.txt'] },
        /There is no file missing\.txt in .*folder of the config/,
        ['files', 1],
      ));
    it('a pattern without a match', () =>
      fails({ files: ['*.csv'] }, /No file matches \*\.csv/, ['files', 0]));
    it('an empty file', () => fails({ files: ['empty.txt'] }, /empty\.txt is empty/, ['files', 0]));
    it('a folder', () => fails({ files: ['folder/'] }, /is a folder.*folder\/\*\.txt/, ['files', 0]));
    it('a bundled file that is none', () =>
      fails({ files: ['bundled:nope.txt'] }, /There is no file/, ['files', 0]));
    it('a bundled file that is none, before anything is read', () => {
      const { options, check } = datasets['text']!;
      const wrong = check(options.parse({ files: ['a.txt', 'bundled:nope.txt'] }));
      assert.deepEqual(
        wrong.map(({ path }) => path),
        [['files', 1]],
      );
      assert.match(wrong[0]!.message, /does not name a shipped file; there is bundled:moby-dick\.txt/);
      const shipped = readdirSync(join(__dirname, '../../media/data')).filter((name) =>
        name.endsWith('.txt'),
      );
      assert.deepEqual(check(options.parse({ files: shipped.map((name) => `bundled:${name}`) })), []);
    });
    for (const path of ['../package.json', '..', '.gitattributes', '/etc/hostname']) {
      it(`a bundled path that is no name of a file: ${path}`, () =>
        fails({ files: [`bundled:${path}`] }, /does not name a shipped file/, ['files', 0]));
    }
    it('a context longer than the validation part, with the longest that fits', async () => {
      await fails({ files: ['short.txt'] }, /at least 257\. Lower context to at most 9,/, ['context']);
      assert.equal((await open({ files: ['short.txt'], context: 9 })).count('validation'), 1);
    });
    it('a context longer than the training part', () =>
      fails({ files: ['short.txt'], context: 30, validation: 0.9 }, /training part.*lower validation/, [
        'context',
      ]));
    it('a file of one byte', () => {
      put('one.txt', 'x');
      return fails({ files: ['one.txt'] }, /too short for context 256.*Add text/, ['context']);
    });
  });

  it('passes over empty files that a pattern finds', async () => {
    const data = await open({ files: ['{empty,short}.txt'], context: 5 });
    assert.equal(data.count('validation'), 1);
  });

  it('reads a file once, however many patterns name it', async () => {
    const once = await open({ files: ['ramp.bin'] });
    const twice = await open({ files: ['ramp.bin', 'ramp.*', join(baseDir, 'ramp.bin')] });
    assert.equal(once.hash, twice.hash);
  });
});

describe('bytes', () => {
  it('are shown as one readable sign', () => {
    const shown = [0x20, 0x0a, 0x09, 0x41, 0x7e, 0x7f, 0x00, 0xe2].map(byteLabel);
    assert.deepEqual(shown, ['␣', '↵', '⇥', 'A', '~', 'x7F', 'x00', 'xE2']);
    assert.equal(new Set(Array.from({ length: 256 }, (_, byte) => byteLabel(byte))).size, 256);
  });

  it('cost their entropy under their own frequencies', () => {
    const fair = Uint8Array.from({ length: 1 << 16 }, (_, i) => i % 4);
    assert.ok(Math.abs(unigramBits(fair, fair) - 2) < 0.01);
  });

  it('cost a finite amount when they never occurred', () => {
    const bits = unigramBits(new Uint8Array(1000), Uint8Array.of(255));
    assert.ok(Math.abs(bits - Math.log2(1256)) < 1e-12);
  });
});

describe('the cut between training and validation', () => {
  it('does not divide a UTF-8 character', () => {
    const text = Buffer.from('ab€€cd');
    for (let share = 0.05; share < 1; share += 0.05) {
      const cut = cutOf(text, share);
      assert.ok(!text.subarray(0, cut).toString('utf8').includes('\ufffd'), `${share}`);
    }
  });

  it('takes any bytes', () => {
    assert.equal(cutOf(new Uint8Array(100).fill(0x80), 0.1), 90);
  });

  it('keeps every byte in its order', () => {
    const files = [ramp(10), ramp(20, 10)];
    const { train, validation } = splitText(files, 0.2);
    assert.deepEqual(train, Uint8Array.from([...ramp(8), ...ramp(16, 10)]));
    assert.deepEqual(validation, Uint8Array.from([...ramp(2, 8), ...ramp(4, 26)]));
  });
});
