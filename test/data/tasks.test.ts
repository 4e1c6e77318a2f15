/** @file Generated tasks: every example keeps its published layout, and draws have the stated statistics. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  readAssociativeRecall,
  readCopying,
  readInductionHead,
  readMqar,
  type Reading,
} from '../../src/golden/layouts';
import { IGNORED } from '../../src/util/ignored';
import { openData } from './open';

type Options = Record<string, unknown>;

/** Examples of training and validation as rows of numbers. */
async function examples(name: string, options: Options, count = 4, step = 0) {
  const data = await openData(name, options);
  const split = (values: Int32Array | Float32Array, row: number): number[] => {
    const each = values.length / count;
    return Array.from(values.subarray(row * each, (row + 1) * each));
  };
  return [data.trainBatch(step, count), data.heldOut('validation', step % 9000, count)].flatMap(
    ({ inputs, targets }, which) =>
      Array.from({ length: count }, (_, row) => ({
        training: which === 0,
        inputs: split(inputs, row),
        targets: split(targets, row),
      })),
  );
}

function answersOf(reading: Reading): readonly number[] {
  assert.ok('answers' in reading, 'problem' in reading ? reading.problem : '');
  return reading.answers;
}

const share = (list: readonly unknown[], hit: (one: never) => boolean): number =>
  list.filter(hit as (one: unknown) => boolean).length / list.length;

describe('copying', () => {
  it('repeats the tokens behind the gap, forwards or backwards', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 4, max: 30 }),
        fc.boolean(),
        async (length, tokens, vocab_size, reverse) => {
          for (const { inputs, targets } of await examples('copying', {
            length,
            tokens,
            vocab_size,
            reverse,
          })) {
            assert.equal(inputs.length, length + 2 * tokens);
            const answers = answersOf(readCopying(inputs, tokens, false));
            assert.deepEqual(reverse ? targets.toReversed() : targets, answers);
            assert.equal(inputs.at(-1), vocab_size - 1);
          }
        },
      ),
      { numRuns: 40 },
    ));

  it('gives every token back some steps later with `layout: lag`', async () => {
    for (const { inputs, targets } of await examples('copying', { layout: 'lag', length: 30, tokens: 7 })) {
      assert.deepEqual(targets, [...Array<number>(7).fill(0), ...inputs.slice(0, 23)]);
      assert.ok(inputs.every((id) => id >= 1 && id <= 8));
    }
  });
});

describe('the trainable sequence of H3', () => {
  for (const [name, read] of [
    ['associative-recall', (ids: number[]) => readAssociativeRecall(ids, 10)],
    ['induction-heads', (ids: number[]) => readInductionHead(ids, 9)],
  ] as const) {
    it(`${name}: the answer alone, or every next token in training and the answer in validation`, async () => {
      const options = { length: 20, vocab_size: 10 };
      for (const { inputs, targets } of await examples(name, options, 20)) {
        assert.deepEqual(targets, answersOf(read(inputs)));
      }
      for (const { training, inputs, targets } of await examples(
        name,
        { ...options, train_loss: 'sequence' },
        20,
      )) {
        assert.equal(targets.at(-1), answersOf(read(inputs))[0]);
        const others = training ? inputs.slice(1) : inputs.slice(1).map(() => IGNORED);
        assert.deepEqual(targets.slice(0, -1), others);
      }
    });
  }

  it('asks for every key that occurred, and draws values evenly', async () => {
    const rows = await examples('associative-recall', { length: 20, vocab_size: 10 }, 2000);
    for (const id of [1, 2, 3, 4]) {
      const asked = share(rows, ({ inputs }: (typeof rows)[number]) => inputs.at(-1) === id);
      assert.ok(Math.abs(asked - 1 / 4) < 0.03, `${asked}`);
      const answered = share(rows, ({ targets }: (typeof rows)[number]) => targets[0] === id + 4);
      assert.ok(Math.abs(answered - 1 / 4) < 0.03, `${answered}`);
    }
  });
});

describe('multi-query associative recall', () => {
  it('follows the published layout for any options', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 60 }),
        fc.boolean(),
        async (pairs, spare, more, random) => {
          const options = {
            num_kv_pairs: pairs,
            length: 4 * pairs + 2 * spare,
            vocab_size: 2 * (pairs + 1) + more,
            random_non_queries: random,
          };
          for (const { inputs, targets } of await examples('mqar', options)) {
            const filler = random ? 'random' : 'zeros';
            const answers = answersOf(readMqar(inputs, pairs, options.vocab_size, filler));
            const asked = targets.filter((id) => id !== IGNORED);
            assert.equal(new Set(asked).size, pairs);
            for (const [at, id] of targets.entries()) if (id !== IGNORED) assert.equal(answers[at], id);
          }
        },
      ),
      { numRuns: 60 },
    ));

  it('asks soon: the first free slot is taken as often as the weights say', async () => {
    const slots = 28;
    for (const power_a of [0.01, 1]) {
      const rows = await examples('mqar', { length: 60, num_kv_pairs: 2, vocab_size: 64, power_a }, 1500);
      const taken = share(rows, ({ targets }: (typeof rows)[number]) => targets[4] !== IGNORED);
      const expected = firstSlotTaken(power_a, slots);
      assert.ok(Math.abs(taken - expected) < 0.03, `${taken} is not ${expected}`);
    }
  });

  /** Probability that slot 1 is the first or the second that is drawn, without replacement. */
  function firstSlotTaken(a: number, slots: number): number {
    const weights = Array.from({ length: slots }, (_, i) => (i + 1) ** (a - 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const second = weights.slice(1).map((weight) => (weight / total) * (1 / (total - weight)));
    return 1 / total + second.reduce((sum, p) => sum + p, 0);
  }

  it('says which sizes do not fit, and what would', async () => {
    const { datasets } = await import('../../src/data');
    const { options, check } = datasets['mqar']!;
    const problems = check(options.parse({ length: 31, num_kv_pairs: 9, vocab_size: 16 }));
    assert.deepEqual(
      problems.map(({ path, suggestion }) => [path[0], suggestion]),
      [
        ['length', 32],
        ['num_kv_pairs', 7],
        ['vocab_size', 20],
      ],
    );
  });
});

describe('phonebook', () => {
  it('asks for a number that stands in the book', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 3 }),
        async (entries, digits, shots) => {
          const [colon, newline, query] = [10, 11, 12];
          for (const { inputs, targets } of await examples('phonebook', {
            entries,
            names: 12,
            digits,
            shots,
          })) {
            const book = new Map<number, number[]>();
            for (let entry = 0; entry < entries; entry++) {
              const line = inputs.slice(entry * (digits + 3), (entry + 1) * (digits + 3));
              assert.equal(line[1], colon);
              assert.equal(line.at(-1), newline);
              assert.ok(!book.has(line[0]!) && line[0]! >= 13 && line[0]! < 25);
              book.set(line[0]!, line.slice(2, -1));
            }
            const rest = inputs.slice(entries * (digits + 3));
            for (let shot = 0; shot < shots; shot++) {
              const line = rest.splice(0, digits + 4);
              assert.deepEqual(line, [query, line[1]!, colon, ...book.get(line[1]!)!, newline]);
            }
            assert.deepEqual(rest, [query, rest[1]!, colon, ...book.get(rest[1]!)!.slice(0, -1)]);
            assert.deepEqual(targets, book.get(rest[1]!));
          }
        },
      ),
      { numRuns: 30 },
    ));
});

describe('delay', () => {
  it('gives the signal back after the lag', async () => {
    for (const { inputs, targets } of await examples('delay', { length: 200, lag: 30, bandwidth: 40 })) {
      assert.deepEqual(targets, [...Array<number>(30).fill(0), ...inputs.slice(0, 170)]);
      assert.equal(inputs[0], 0);
    }
  });

  it('has no power above the bandwidth, and the stated root mean square below', async () => {
    const length = 128;
    const rows = await examples('delay', { length, lag: 1, dt: 1e-3, bandwidth: 100 }, 100);
    // The highest frequency that fits is 12 / 0.128 s = 93.75 Hz.
    const power = Array.from({ length: length / 2 + 1 }, () => 0);
    let square = 0;
    for (const { inputs } of rows) {
      const mean = inputs.reduce((sum, x) => sum + x, 0) / length;
      square += inputs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / length / rows.length;
      for (let k = 0; k <= length / 2; k++) {
        const part = (f: (angle: number) => number): number =>
          inputs.reduce((sum, x, t) => sum + x * f((2 * Math.PI * k * t) / length), 0);
        power[k]! += (part(Math.cos) ** 2 + part(Math.sin) ** 2) / rows.length;
      }
    }
    assert.ok(Math.abs(Math.sqrt(square) - 0.5) < 0.02, `${Math.sqrt(square)}`);
    const within = power.slice(1, 13);
    assert.ok(Math.min(...within) > 0.5 * Math.max(...within), 'flat where there is power');
    assert.ok(Math.max(...power.slice(13)) < 1e-6 * Math.min(...within));
  });
});

describe('listops', () => {
  /** Evaluates by reducing the innermost brackets of the written expression until a digit is left. */
  function evaluate(text: string): number {
    const inner = /\[(MIN|MAX|MED|SM)((?: \d)+) \]/;
    for (let found = inner.exec(text); found; found = inner.exec(text)) {
      const digits = found[2]!
        .trim()
        .split(' ')
        .map(Number)
        .sort((a, b) => a - b);
      const n = digits.length;
      const value = {
        MIN: digits[0]!,
        MAX: digits[n - 1]!,
        MED: Math.floor((digits[(n - 1) >> 1]! + digits[n >> 1]!) / 2),
        SM: digits.reduce((a, b) => a + b) % 10,
      }[found[1] as 'MIN'];
      text = text.replace(found[0], String(value));
    }
    assert.match(text, /^\d$/);
    return Number(text);
  }

  it('answers the value of the expression, within the lengths', async () => {
    const data = await openData('listops', { length: 120, min_length: 20, max_args: 5 });
    for (const { inputs, targets } of await examples(
      'listops',
      { length: 120, min_length: 20, max_args: 5 },
      60,
    )) {
      const end = inputs.indexOf(0);
      const tokens = end < 0 ? inputs : inputs.slice(0, end);
      assert.ok(inputs.slice(tokens.length).every((id) => id === 0));
      assert.ok(tokens.length >= 20 && tokens.length <= 120);
      assert.equal(targets[0], evaluate(tokens.map((id) => data.label(id)).join(' ')));
    }
    assert.equal(data.shape.input.kind === 'tokens' && data.shape.input.padding, 0);
  });

  it('refuses lengths that no expression has', async () => {
    const { datasets } = await import('../../src/data');
    const { options, check } = datasets['listops']!;
    assert.equal(check(options.parse({ length: 100, min_length: 60 })).length, 1);
    assert.equal(check(options.parse({ max_depth: 2, max_args: 3 })).length, 1);
    assert.deepEqual(check(options.parse({})), []);
    assert.deepEqual(check(options.parse({ length: 2000, min_length: 500 })), []);
  });
});

describe('pathfinder', () => {
  /** Whether the two discs are joined by strokes: flood fill that steps over the gaps, at a high resolution. */
  function joined(image: readonly number[], size: number): boolean {
    const scale = size / 32;
    const bright = (x: number, y: number): boolean => image[y * size + x]! > 0;
    const discs: number[] = [];
    const seen = new Uint8Array(size * size);
    const radius = Math.ceil(0.9 * scale);
    // The middle of a disc is where everything around is bright.
    for (let y = radius; y < size - radius; y++) {
      for (let x = radius; x < size - radius; x++) {
        let all = true;
        for (let dy = -radius; dy <= radius && all; dy++) {
          for (let dx = -radius; dx <= radius && all; dx++) {
            if (dx * dx + dy * dy <= radius * radius) all = bright(x + dx, y + dy);
          }
        }
        if (all) discs.push(y * size + x);
      }
    }
    const reach = Math.ceil(1.3 * scale);
    const queue = [discs[0]!];
    seen[queue[0]!] = 1;
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      const [x, y] = [at % size, Math.floor(at / size)];
      for (let dy = -reach; dy <= reach; dy++) {
        for (let dx = -reach; dx <= reach; dx++) {
          const [nx, ny] = [x + dx, y + dy];
          if (dx * dx + dy * dy > reach * reach || nx < 0 || ny < 0 || nx >= size || ny >= size) continue;
          const next = ny * size + nx;
          if (seen[next] === 0 && bright(nx, ny)) {
            seen[next] = 1;
            queue.push(next);
          }
        }
      }
    }
    return discs.every((disc) => seen[disc] === 1);
  }

  it('says whether the discs stand on one contour', async () => {
    const size = 128;
    let right = 0;
    const rows = await examples('pathfinder', { size, contour_length: 9 }, 12);
    for (const { inputs, targets } of rows) right += Number(joined(inputs, size) === (targets[0] === 1));
    assert.equal(right, rows.length);
  }).timeout(60_000);

  it('has both classes equally often, and nothing in the brightness that tells them apart', async () => {
    const rows = await examples('pathfinder', { contour_length: 6 }, 120);
    const mean = [0, 1].map((label) => {
      const of = rows.filter(({ targets }) => targets[0] === label);
      assert.ok(Math.abs(of.length / rows.length - 0.5) < 0.1);
      return of.reduce((sum, { inputs }) => sum + inputs.reduce((a, b) => a + b) / 1024, 0) / of.length;
    });
    assert.ok(Math.abs(mean[0]! - mean[1]!) < 0.01, mean.join());
    assert.ok(rows.every(({ inputs }) => inputs.every((value) => value >= -1 && value <= 1)));
  }).timeout(60_000);
});
