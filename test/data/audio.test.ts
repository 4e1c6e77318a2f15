/** @file Recordings: every kind of plain WAV gives its samples, and others are refused by name. */
import assert from 'node:assert/strict';
import { dataFolder, problem } from './folder';
import { wav, type WavKind } from './wav-writer';

const { write, open } = dataFolder();

const wave = (k: number, count = 30): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(i * (k + 1)) / 2);
const options = { classes: ['no', 'yes'], sample_rate: 8000, length: 24 };

describe('audio', () => {
  before(() => {
    for (const [c, word] of options.classes.entries()) {
      for (let i = 0; i < 10; i++) write(`words/${word}/${i}.wav`, wav(wave(10 * c + i), { bits: 16 }));
      write(`by-name/${word}.wav`, wav(wave(c), { bits: 16 }));
    }
  });

  it('has the folder or the name as its class, and cuts to the length', async () => {
    const data = await open('audio', { ...options, files: ['words/*/*.wav'] });
    assert.deepEqual([data.shape.length, data.count('validation'), data.count('test')], [24, 2, 2]);
    const { inputs, targets } = data.trainBatch(0, 16);
    for (let row = 0; row < 16; row++) {
      const k = Array.from({ length: 20 }, (_, i) => i).find(
        (i) => Math.abs(wave(i)[1]! - inputs[row * 24 + 1]!) < 1e-4,
      )!;
      assert.equal(targets[row], k < 10 ? 0 : 1);
      wave(k, 24).forEach((v, i) => assert.ok(Math.abs(v - inputs[row * 24 + i]!) < 1e-4));
    }
    const named = await open('audio', {
      ...options,
      files: ['by-name/*.wav'],
      test_files: ['by-name/yes.wav'],
      label: 'name',
      validation: 0.5,
    });
    assert.deepEqual([...named.heldOut('test', 0, 1).targets], [1]);
  });

  for (const kind of [
    { bits: 8 },
    { bits: 16, channels: 2 },
    { bits: 24 },
    { bits: 32 },
    { bits: 32, float: true },
    { bits: 64, float: true, channels: 2 },
    { bits: 16, extensible: true },
    { bits: 32, float: true, extensible: true },
  ] as WavKind[]) {
    it(`reads ${JSON.stringify(kind)}, in frames, with silence behind`, async () => {
      const folder = `kinds/${JSON.stringify(kind).replaceAll(/\W/g, '')}`;
      for (const word of options.classes) write(`${folder}/${word}/a.wav`, wav(wave(3), kind));
      const data = await open('audio', {
        ...options,
        length: 40,
        frame: 8,
        files: [`${folder}/*/*.wav`],
        validation: 0.5,
        test: 0,
      });
      assert.deepEqual(data.shape.input, { kind: 'vectors', features: 8 });
      const { inputs } = data.trainBatch(0, 1);
      const part = kind.channels === 2 ? 0.75 : 1;
      const expected = [...wave(3).map((v) => v * part), ...Array<number>(10).fill(0)];
      expected.forEach((v, i) =>
        assert.ok(Math.abs(v - inputs[i]!) <= 1.01 / 2 ** (kind.bits === 8 ? 8 : 16)),
      );
    });
  }

  it('names what is damaged, compressed, or of another rate or class', async () => {
    const whole = wav(wave(1), { bits: 16 });
    const changed = (at: number, v: number): Buffer => {
      const copy = Buffer.from(whole);
      copy.writeUInt16LE(v, at);
      return copy;
    };
    for (const [content, path, message] of [
      [Buffer.from('no sound at all'), ['files'], /no WAV file/],
      [whole.subarray(0, whole.length - 9), ['files'], /cut off: 51 of 60 bytes/],
      [whole.subarray(0, 40), ['files'], /no samples/],
      [changed(20, 6), ['files'], /compressed \(format 6\)/],
      [changed(22, 0), ['files'], /no channel/],
      [changed(34, 12), ['files'], /samples of 12 bits/],
      [wav(wave(1), { bits: 16 }, 11_025), ['sample_rate'], /11025 samples per second instead of 8000/],
    ] as const) {
      write('bad/yes/a.wav', content);
      await assert.rejects(
        open('audio', { ...options, files: ['bad/*/*.wav'] }),
        problem([...path], message),
      );
    }
    await assert.rejects(
      open('audio', { ...options, files: ['words/*/*.wav'], classes: ['no', 'maybe'] }),
      problem(['classes'], /of the class yes/),
    );
  });
});
