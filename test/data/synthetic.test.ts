import assert from 'node:assert/strict';
import fc from 'fast-check';
import { datasets } from '../../src/data';
import { checkInductionHead, checkSelectiveCopying } from './layout';
import { openData } from './open';
import { processorTime } from '../util/processor-time';

/** Everything that is drawn rather than read, in sizes that are quickly drawn. */
const generated = [
  'induction-heads',
  'selective-copying',
  'copying',
  'associative-recall',
  'mqar',
  'phonebook',
  'delay',
  'listops',
  'pathfinder',
];

const rowsOf = <T extends Int32Array>(values: T, size: number): Int32Array[] =>
  Array.from({ length: size }, (_, row) =>
    values.slice((row * values.length) / size, ((row + 1) * values.length) / size),
  );

describe('induction heads', () => {
  it('follows the published layout for any options, step and split', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3, max: 90 }),
        fc.integer({ min: 3, max: 40 }),
        fc.nat(1e6),
        fc.nat(1e6),
        async (length, vocab_size, seed, step) => {
          const data = await openData('induction-heads', { length, vocab_size }, { seed });
          for (const batch of [data.trainBatch(step, 5), data.heldOut('validation', step % 9000, 5)]) {
            assert.equal(batch.inputs.length, 5 * length);
            assert.equal(batch.targets.length, 5);
            rowsOf(batch.inputs as Int32Array, 5).forEach((inputs, row) =>
              checkInductionHead(inputs, batch.targets[row]!, vocab_size),
            );
          }
        },
      ),
      { numRuns: 60 },
    ));

  it('puts the trigger at every place that has a follower', async () => {
    const data = await openData('induction-heads', { length: 8, vocab_size: 5 });
    const places = new Set(
      rowsOf(data.trainBatch(0, 500).inputs as Int32Array, 500).map((inputs) => inputs.indexOf(4)),
    );
    assert.deepEqual([...places].sort(), [0, 1, 2, 3, 4, 5]);
  });

  it('describes what a model must be built for', async () => {
    const data = await openData('induction-heads');
    assert.deepEqual(data.shape, {
      length: 64,
      input: { kind: 'tokens', vocab_size: 16 },
      target: { kind: 'answer', positions: 1 },
    });
    assert.equal(data.label(15), '⇒');
    assert.equal(data.label(3), '3');
  });
});

describe('selective copying', () => {
  it('follows the published layout for any options, step and split', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 4, max: 30 }),
        fc.nat(1e6),
        async (length, tokens, vocabulary, step) => {
          const options = { length, tokens, vocab_size: vocabulary };
          const data = await openData('selective-copying', options);
          assert.equal(data.shape.length, length + 2 * tokens);
          for (const batch of [data.trainBatch(step, 3), data.heldOut('validation', step % 9000, 3)]) {
            const answers = rowsOf(batch.targets as Int32Array, 3);
            rowsOf(batch.inputs as Int32Array, 3).forEach((inputs, row) =>
              checkSelectiveCopying(inputs, answers[row]!, { length, tokens, vocabulary }),
            );
          }
        },
      ),
      { numRuns: 60 },
    ));
});

for (const name of generated) {
  describe(`${name}, as a pure function`, () => {
    it('draws the same batch whatever was drawn before, and in another instance', async () => {
      const [one, other] = [await openData(name), await openData(name)];
      for (let step = 0; step < 5; step++) one.trainBatch(step, 4);
      one.heldOut('validation', 3, 7);
      assert.deepEqual(one.trainBatch(7, 4), other.trainBatch(7, 4));
      assert.deepEqual(one.heldOut('validation', 20, 3), other.heldOut('validation', 20, 3));
    });

    it('gives held-out examples by number, however they are grouped', async () => {
      const data = await openData(name);
      const together = data.heldOut('validation', 10, 4);
      const apart = data.heldOut('validation', 12, 1);
      const { length } = data.shape;
      assert.deepEqual(apart.inputs, together.inputs.slice(2 * length, 3 * length));
    });

    it('repeats no example between steps, splits and seeds', async () => {
      const data = await openData(name);
      const another = await openData(name, {}, { seed: 1 });
      const batches = [
        ...[0, 1, 2, 3].map((step) => data.trainBatch(step, 64)),
        data.heldOut('validation', 0, 512),
        another.trainBatch(0, 64),
        another.heldOut('validation', 0, 64),
      ];
      const seen = new Set<string>();
      let examples = 0;
      for (const { inputs, size } of batches) {
        examples += size;
        for (const row of rowsOf(inputs as Int32Array, size)) seen.add(row.join());
      }
      assert.equal(seen.size, examples);
    });

    it('has no test split and says so', async () => {
      const data = await openData(name);
      assert.equal(data.count('test'), 0);
      assert.throws(() => data.heldOut('test', 0, 1), RangeError);
      assert.throws(() => data.heldOut('validation', data.count('validation'), 1), RangeError);
    });

    it('has a hash of its options, not of the seed', async () => {
      const hashes = await Promise.all([
        openData(name),
        openData(name, {}, { seed: 8 }),
        openData(name, { phonebook: { digits: 3 }, pathfinder: { size: 28 } }[name] ?? { length: 70 }),
      ]);
      assert.equal(hashes[0].hash, hashes[1].hash);
      assert.notEqual(hashes[0].hash, hashes[2].hash);
      assert.match(hashes[0].hash, /^[0-9a-f]{64}$/);
    });
  });
}

describe('every data set', () => {
  const needed: Readonly<Record<string, object>> = {
    text: { files: ['*.txt'] },
    images: { files: ['*/*.png'], classes: ['a', 'b'], size: 28 },
    'cifar-10': { files: ['data_batch_*'] },
    'text-pairs': { files: ['*.tsv'] },
    'labelled-text': { files: ['*.jsonl'], classes: ['a', 'b'] },
    audio: { files: ['*/*.wav'], classes: ['a', 'b'] },
    'labelled-rows': { files: ['*.csv'], label: 'y', classes: ['a', 'b'], length: 8 },
    'time-series': { files: ['*.csv'], columns: ['x'] },
  };

  it('is registered under its own name, with defaults for all but what only the user can know', () => {
    for (const [name, definition] of Object.entries(datasets)) {
      assert.equal(definition.name, name);
      const given = needed[name] ?? {};
      const options = definition.options.parse(given);
      assert.deepEqual(definition.check(options), []);
      assert.ok(definition.shape(options).length > 0);
      assert.equal(definition.options.safeParse({ ...given, nonsense: 1 }).success, false);
    }
  });

  it('makes a small batch in well under a millisecond', async () => {
    const data = await openData('induction-heads');
    for (let step = 0; step < 200; step++) data.trainBatch(step, 32);
    const took = await processorTime(100, () => {
      for (let step = 0; step < 200; step++) data.trainBatch(step, 32);
    });
    // Usually 0.05 ms each.
    assert.ok(took / 200 < 0.5, `${took / 200} ms`);
  });
});
