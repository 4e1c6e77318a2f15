/** @file Data from the user's own files: tables over time, labelled texts, images, tokenised text. */
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { parseCsv } from '../../src/data/tables/csv';
import { trainBpe } from '../../src/tokenizers';
import { npy, zip } from './npy-writer';
import { dataFolder, problem } from './folder';

const { write, open } = dataFolder();

describe('comma-separated values', () => {
  it('are read with quotes, other delimiters, a mark of byte order and lines of Windows', () => {
    assert.deepEqual(parseCsv('\uFEFFa,b\r\n1,"x, ""y""\nz"\r\n\r\n', 'f'), {
      header: ['a', 'b'],
      rows: [['1', 'x, "y"\nz']],
    });
    assert.deepEqual(parseCsv('a;b;c,d\n1;2;3', 'f').rows, [['1', '2', '3']]);
    assert.throws(() => parseCsv('a,b\n1,2\n3', 'f'), /f: row 2 has 1 fields instead of 2/);
    assert.throws(() => parseCsv('a,b\n1,"2', 'f'), /never closed/);
  });
});

describe('time series', () => {
  const steps = 200;
  const value = (t: number, c: number): number => Math.sin(t / (3 + c)) + 0.01 * t * c;
  before(() => {
    const rows = Array.from({ length: steps }, (_, t) => `day ${t},${value(t, 0)},${value(t, 1)}`);
    write('two.csv', ['date,a,b', ...rows].join('\n'));
  });
  const options = { files: ['two.csv'], columns: ['b', 'a'], context: 12, horizon: 5, period: 6 };

  it('hides the future, asks for it, and keeps the parts apart', async () => {
    const data = await open('time-series', options);
    // 140 steps train, 20 validate, 40 test; contexts may reach back.
    assert.deepEqual([data.count('validation'), data.count('test')], [16, 36]);
    const trained = Array.from({ length: 140 }, (_, t) => [value(t, 1), value(t, 0)]);
    const mean = [0, 1].map((c) => trained.reduce((sum, row) => sum + row[c]!, 0) / 140);
    const deviation = [0, 1].map((c) =>
      Math.sqrt(trained.reduce((sum, row) => sum + (row[c]! - mean[c]!) ** 2, 0) / 140),
    );
    const { inputs, targets } = data.heldOut('test', 3, 1);
    for (let step = 0; step < 17; step++) {
      for (let c = 0; c < 2; c++) {
        const t = 160 + 3 - 12 + step;
        const scaled = (value(t, 1 - c) - mean[c]!) / deviation[c]!;
        const hidden = step >= 12;
        assert.ok(Math.abs(inputs[step * 3 + c]! - (hidden ? 0 : scaled)) < 1e-5);
        if (hidden) assert.ok(Math.abs(targets[(step - 12) * 2 + c]! - scaled) < 1e-5);
      }
      assert.equal(inputs[step * 3 + 2], step >= 12 ? 1 : 0);
    }
    const repeated = [0, 1].map((which) => {
      let sum = 0;
      for (let i = 0; i < 36; i++) {
        const one = data.heldOut('test', i, 1);
        for (let step = 0; step < 5; step++) {
          for (let c = 0; c < 2; c++) {
            // The last value, or that of six steps before the one that is asked for.
            const seen = which === 0 ? one.inputs[11 * 3 + c]! : one.inputs[(12 + step - 6) * 3 + c]!;
            sum += (one.targets[step * 2 + c]! - seen) ** 2;
          }
        }
      }
      return sum / (36 * 10);
    });
    assert.ok(Math.abs(data.facts['repeat_last_mse']! - repeated[0]!) < 1e-6);
    let [square, absolute] = [0, 0];
    for (let i = 0; i < 36; i++) {
      const one = data.heldOut('test', i, 1);
      for (let c = 0; c < 2; c++) {
        const seen = Array.from({ length: 12 }, (_, step) => one.inputs[step * 3 + c]!);
        const average = seen.reduce((sum, v) => sum + v, 0) / 12;
        for (let step = 0; step < 5; step++) {
          square += (one.targets[step * 2 + c]! - average) ** 2;
          absolute += Math.abs(one.targets[step * 2 + c]! - average);
        }
      }
    }
    assert.ok(Math.abs(data.facts['mean_mse']! - square / 360) < 1e-6);
    assert.ok(Math.abs(data.facts['mean_mae']! - absolute / 360) < 1e-6);
    assert.ok(Math.abs(data.facts['seasonal_mse']! - repeated[1]!) < 1e-6);
  });

  it('trains on every window once per epoch', async () => {
    const data = await open('time-series', options, 4);
    const { targets } = data.trainBatch(0, 124);
    const starts = Array.from({ length: 124 }, (_, row) => targets[row * 10]!);
    assert.equal(new Set(starts).size, 124);
  });

  it('says which column, row or size is wrong', async () => {
    write('gap.csv', `a,b\n1,2\n,3\n${'4,5\n'.repeat(90)}`);
    const gap = { ...options, files: ['gap.csv'] };
    await assert.rejects(
      open('time-series', gap),
      problem(['columns', 1], /row 2 holds nothing in column a/),
    );
    assert.ok((await open('time-series', { ...gap, missing: 'previous' })).count('test') > 0);
    await assert.rejects(
      open('time-series', { ...options, columns: ['c'] }),
      problem(['columns', 0], /no column c; it has date, a, b/),
    );
    await assert.rejects(
      open('time-series', { ...options, horizon: 60 }),
      problem(['context'], /validation part has no window/),
    );
  });
});

describe('labelled text', () => {
  const lines = Array.from({ length: 50 }, (_, i) => ({
    text: `text ${i} é`,
    label: i % 2 === 0 ? 'good' : 'bad',
  }));
  const options = { files: ['t.jsonl'], classes: ['bad', 'good'], length: 12 };
  before(() => {
    write('t.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
    write(
      't.csv',
      ['n,label,text', ...lines.map(({ text, label }, i) => `${i},${label},"${text}"`)].join('\n'),
    );
  });

  it('is read byte by byte, padded, and split alike for every seed; JSON and CSV alike', async () => {
    const data = await open('labelled-text', options);
    assert.deepEqual([data.count('validation'), data.count('test')], [5, 5]);
    const { inputs, targets } = data.heldOut('validation', 0, 5);
    for (let row = 0; row < 5; row++) {
      const ids = Array.from(inputs.subarray(row * 12, (row + 1) * 12)).filter((id) => id !== 256);
      const text = new TextDecoder().decode(Uint8Array.from(ids));
      const line = lines.find((one) => one.text === text);
      assert.ok(line, text);
      assert.equal(targets[row], line.label === 'good' ? 1 : 0);
    }
    for (const other of [
      await open('labelled-text', options, 7),
      await open('labelled-text', { ...options, files: ['t.csv'] }),
    ]) {
      assert.deepEqual(other.heldOut('validation', 0, 5), { inputs, targets, size: 5 });
    }
    assert.equal(data.targetLabel(1), 'good');
  });

  it('says which line is wrong', async () => {
    write('bad.jsonl', '{"text": "a", "label": "good"}\n{"text": "b", "label": "fine"}\n');
    await assert.rejects(
      open('labelled-text', { ...options, files: ['bad.jsonl'] }),
      problem(['classes'], /bad\.jsonl:2 has the label fine/),
    );
    write('texts/fine/0.txt', 'text');
    await assert.rejects(
      open('labelled-text', { ...options, files: ['texts/fine/*.txt'] }),
      problem(['classes'], /0\.txt has the label fine/),
    );
    write('worse.jsonl', '{"text": "a"\n');
    await assert.rejects(
      open('labelled-text', { ...options, files: ['worse.jsonl'] }),
      problem(['files'], /worse\.jsonl:1 is not JSON/),
    );
    await assert.rejects(
      open('labelled-text', { ...options, text: 'words' }),
      problem(['text'], /no text under words/),
    );
  });
});

describe('labelled text in folders', () => {
  const options = { classes: ['neg', 'pos'], length: 8, files: ['imdb/train/{pos,neg}/*.txt'] };
  before(() => {
    for (const part of ['train', 'test']) {
      for (const label of ['pos', 'neg']) {
        for (let i = 0; i < 10; i++) write(`imdb/${part}/${label}/${i}_7.txt`, `${label} ${part} ${i}`);
      }
    }
  });

  it('takes the folder for the label, and tests what is kept apart', async () => {
    const data = await open('labelled-text', { ...options, test_files: ['imdb/test/*/*.txt'] });
    assert.deepEqual([data.count('validation'), data.count('test')], [2, 20]);
    for (const [batch, part] of [
      [data.heldOut('test', 0, 20), 'te'],
      [data.trainBatch(0, 18), 'tr'],
    ] as const) {
      for (let row = 0; row < batch.size; row++) {
        const seen = Buffer.from(batch.inputs.slice(row * 8, row * 8 + 6)).toString();
        assert.equal(seen, `${['neg', 'pos'][batch.targets[row]!]} ${part}`);
      }
    }
  });

  it('other test files are other data', async () => {
    const hash = async (more: object) => (await open('labelled-text', { ...options, ...more })).hash;
    const all = [
      await hash({}),
      await hash({ test_files: ['imdb/test/*/*.txt'] }),
      await hash({ test_files: ['imdb/test/pos/*.txt'] }),
      await hash({ files: ['imdb/*/*/*.txt'] }),
    ];
    assert.equal(new Set(all).size, 4);
  });
});

describe('images', () => {
  const size = 6;
  const shade = (image: number, x: number, y: number): number => (image * 40 + 7 * x + 3 * y) % 256;
  before(() => {
    for (const [c, name] of ['zero', 'one'].entries()) {
      for (let i = 0; i < 10; i++) {
        const png = new PNG({ width: size, height: size });
        for (let p = 0; p < size * size; p++) {
          const grey = shade(10 * c + i, p % size, Math.floor(p / size));
          png.data.set([grey, grey, grey, 255], 4 * p);
        }
        write(`shapes/${name}/${i}.png`, PNG.sync.write(png));
      }
    }
  });
  const options = { files: ['shapes/*/*.png'], classes: ['zero', 'one'], size };

  for (const tokens of ['pixels', 'rows', 'patches'] as const) {
    it(`are read by ${tokens}, each in one class`, async () => {
      const data = await open('images', { ...options, tokens, patch_size: 3 });
      assert.equal(data.shape.length, { pixels: 36, rows: 6, patches: 4 }[tokens]);
      const { inputs, targets } = data.trainBatch(0, 16);
      for (let row = 0; row < 16; row++) {
        const seen = Array.from(inputs.subarray(row * 36, (row + 1) * 36), (v) =>
          Math.round((v + 1) * 127.5),
        );
        const image = Array.from({ length: 20 }, (_, i) => i).find((i) => shade(i, 0, 0) === seen[0])!;
        assert.equal(targets[row], image < 10 ? 0 : 1);
        const second = tokens === 'patches' ? [2, 1] : [5, 0];
        assert.equal(seen[5], shade(image, second[0]!, second[1]!));
      }
      assert.equal(data.count('validation') + data.count('test'), 4);
    });
  }

  it('in arrays are of the class of their folder, of their labels, or one class after the other', async () => {
    const pixels = (images: readonly number[]): number[] =>
      images.flatMap((image) =>
        Array.from({ length: size * size }, (_, p) => shade(image, p % size, Math.floor(p / size))),
      );
    const all = Array.from({ length: 20 }, (_, i) => i);
    const shape = [20, size, size];
    write('arrays/zero/a.npy', npy(pixels(all.slice(0, 10)), [10, size, size], 'u1'));
    write('arrays/one/a.npy', npy(pixels(all.slice(10)), [10, size, size, 1], 'u1'));
    write(
      'both.npy',
      npy(
        pixels(all).map((level) => level / 255),
        shape,
        'f4',
      ),
    );
    const labels = all.map((i) => Number(i >= 10));
    write('both.npz', zip({ 'x.npy': npy(pixels(all), shape, 'u1'), 'y.npy': npy(labels, [20], 'i8') }));
    const whole = async (more: object) => {
      const data = await open('images', { ...options, validation: 0.5, test: 0.45, ...more });
      // Keyed by the first pixel, which no two images share.
      const found = ['validation', 'test'].flatMap((split) => {
        const count = data.count(split as 'test');
        const { inputs, targets } = data.heldOut(split as 'test', 0, count);
        return Array.from({ length: count }, (_, i) => [
          Array.from(inputs.subarray(36 * i, 36 * i + 36), (v) => Math.round((v + 1) * 127.5)).join(),
          targets[i]!,
        ]);
      });
      const expected = all.map((i) => [pixels([i]).join(), labels[i]!] as const);
      assert.equal(found.length, 19);
      for (const [image, label] of found) {
        assert.equal(expected.find(([one]) => one === image)?.[1], label);
      }
    };
    await whole({ files: ['arrays/zero/a.npy', 'arrays/one/a.npy'] });
    await whole({ files: ['both.npy'], counts: [10, 10] });
    await whole({ files: ['both.npz'], object: 'x', labels: 'y' });
    const fails = (more: object, at: string, message: RegExp) =>
      assert.rejects(open('images', { ...options, ...more }), problem([at], message));
    await fails({ files: ['both.npy'] }, 'classes', /folder .*not among the classes/);
    await fails({ files: ['both.npy'], counts: [10, 11] }, 'counts', /20 images, `counts` 21/);
    await fails({ files: ['both.npy'], counts: [10, 10], size: 7 }, 'size', /6 × 6 pixels instead of 7 × 7/);
    await fails({ files: ['both.npz'], object: 'x', labels: 'x' }, 'labels', /20 images, but 720 x/);
    await fails(
      { files: ['both.npz'], object: 'y', labels: 'y' },
      'files',
      /shape \(20\), not \(image, row, column\)/,
    );
    write('bright.npy', npy(pixels(all), shape, 'f4'));
    await fails({ files: ['bright.npy'], counts: [10, 10] }, 'files', /images are numbers from 0 to 1/);
  });

  it('of another size, in an unknown folder or broken are named', async () => {
    await assert.rejects(
      open('images', { ...options, size: 7 }),
      problem(['size'], /6 × 6 pixels instead of 7 × 7/),
    );
    await assert.rejects(
      open('images', { ...options, classes: ['zero', 'two'] }),
      problem(['classes'], /folder one/),
    );
    write('broken/zero/a.png', 'no image');
    await assert.rejects(
      open('images', { ...options, files: ['broken/*/*.png'] }),
      problem(['files'], /no PNG image/),
    );
  });
});

describe('text with a tokenizer.json', () => {
  it('is made of its tokens, and counts bits per byte by the bytes they stand for', async () => {
    const text = 'the state space model selects what the state keeps. '.repeat(80);
    write('words.txt', text);
    write('tokenizer.json', JSON.stringify(trainBpe([text], { vocabSize: 290 }).file));
    const options = { files: ['words.txt'], tokenizer: 'tokenizer.json', vocab_size: 300, context: 8 };
    const data = await open('text', options);
    assert.deepEqual(data.shape.input, { kind: 'tokens', vocab_size: 300 });
    assert.ok(data.facts['bytes_per_token']! > 1.5);
    const { inputs, targets } = data.heldOut('validation', 0, 2);
    assert.deepEqual(Array.from(targets.subarray(0, 7)), Array.from(inputs.subarray(1, 8)));
    const words = Array.from(inputs.subarray(0, 8), (id) => data.label(id))
      .join('')
      .replaceAll('␣', ' ');
    assert.ok(text.includes(words), words);
    assert.notEqual(data.hash, (await open('text', { files: ['words.txt'], context: 8 })).hash);
    await assert.rejects(
      open('text', { ...options, vocab_size: 10 }),
      problem(['vocab_size'], /more than `vocab_size` \(10\)/),
    );
    await assert.rejects(
      open('text', { ...options, tokenizer: 'none.json' }),
      problem(['tokenizer'], /none\.json/),
    );
  });
});
