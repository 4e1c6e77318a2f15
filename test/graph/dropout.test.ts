/** @file The words that dropout counts out: uniform, and unlike from place to place, step to step, site to site. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';

const N = 2 ** 17;

/** The upper 16 bits of N words. */
function words(key: readonly [number, number], step: number, site: string): Uint16Array {
  const outputs = [g.randomWords([N], g.randomState(), site)];
  const [found] = g.interpret(outputs, { 'random.key': key, 'random.step': [step] });
  return Uint16Array.from(found!, (word) => word >>> 16);
}

/** Deviations of a count of coin tosses from half, in standard deviations. */
const deviation = (heads: number, tosses: number): number => (heads - tosses / 2) / Math.sqrt(tosses / 4);

const ones = (x: number): number => {
  let count = 0;
  for (let rest = x; rest > 0; rest &= rest - 1) count++;
  return count;
};

/** The worst bit of a ^ b. */
function worstBit(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const counts = new Array<number>(16).fill(0);
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    for (let bit = 0; bit < 16; bit++) counts[bit]! += ((a[i]! ^ b[i]!) >> bit) & 1;
  }
  return Math.max(...counts.map((count) => Math.abs(deviation(count, n))));
}

/** χ² of values in 0 … bins-1, standardised. */
function chiSquare(values: Iterable<number>, bins: number): number {
  const counts = new Float64Array(bins);
  let total = 0;
  for (const value of values) {
    counts[value]!++;
    total++;
  }
  const expected = total / bins;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return (statistic - (bins - 1)) / Math.sqrt(2 * (bins - 1));
}

describe('random words', () => {
  const keys = [
    [0, 0],
    [1, 0],
    [-123456789, 987654321],
  ] as const;
  const base = words([1, 2], 3, 'site');

  for (const key of keys) {
    it(`are uniform, one by one and in pairs, for the key ${key.join(', ')}`, () => {
      const found = words(key, 7, 'site');
      assert.ok(worstBit(found, new Uint16Array(N)) < 4.5);
      assert.ok(
        Math.abs(
          chiSquare(
            found.map((x) => x >> 8),
            256,
          ),
        ) < 4.5,
      );
      assert.ok(
        Math.abs(
          chiSquare(
            found.map((x) => x & 255),
            256,
          ),
        ) < 4.5,
      );
      const pairs = Array.from({ length: N - 1 }, (_, i) => ((found[i]! >> 10) << 6) | (found[i + 1]! >> 10));
      assert.ok(Math.abs(chiSquare(pairs, 4096)) < 4.5);
    });
  }

  it('are unlike at every distance, rows and the second half included', () => {
    for (const lag of [1, 2, 3, 8, 64, 1023, 1024, 1025, 4096, N / 2]) {
      const worst = worstBit(base, base.subarray(lag));
      assert.ok(worst < 4.5, `${worst} standard deviations at distance ${lag}`);
    }
  });

  const others: [string, Uint16Array][] = [
    ['the next step', words([1, 2], 4, 'site')],
    ['another key', words([2, 2], 3, 'site')],
    ['another second half of the key', words([1, 3], 3, 'site')],
    ['a key and a step that add up to the same', words([2, 3], 2, 'site')],
    ['another site', words([1, 2], 3, 'site2')],
  ];
  for (const [name, other] of others) {
    it(`are unlike those of ${name}`, () => {
      assert.ok(worstBit(base, other) < 4.5);
      const flipped = base.reduce((sum, x, i) => sum + ones(x ^ other[i]!), 0);
      assert.ok(Math.abs(deviation(flipped, 16 * N)) < 4.5);
    });
  }
});

describe('dropout', () => {
  const x = g.input('x', [400, 500]);
  const feeds = { x: new Float64Array(200_000).fill(1), 'random.key': [5, 6], 'random.step': [9] };
  const run = (rate: number, shared?: number[]): Float64Array =>
    g.interpret([g.dropout(x, rate, g.randomState(), { site: 'a', ...(shared && { shared }) })], feeds)[0]!;

  for (const rate of [0.05, 0.1, 0.5, 0.9]) {
    it(`drops ${rate} and keeps the mean`, () => {
      const found = run(rate);
      const dropped = found.filter((value) => value === 0).length;
      const spread = Math.sqrt(found.length * rate * (1 - rate));
      assert.ok(Math.abs(dropped - rate * found.length) < 4.5 * spread, `${dropped} dropped`);
      const kept = found.find((value) => value !== 0)!;
      assert.ok(Math.abs(kept * (1 - rate) - 1) < 1e-4);
    });
  }

  it('drops whole rows alike', () => {
    const found = run(0.5, [1]);
    const rows = Array.from({ length: 400 }, (_, i) => found.subarray(i * 500, (i + 1) * 500));
    assert.ok(rows.every((row) => row.every((value) => value === row[0])));
    const dropped = rows.filter((row) => row[0] === 0).length;
    assert.ok(Math.abs(dropped - 200) < 4.5 * 10);
  });

  it('at rate 0 is nothing; at 1 it is refused', () => {
    assert.equal(g.dropout(x, 0, g.randomState(), { site: 'a' }), x);
    assert.throws(
      () => g.dropout(x, 1, g.randomState(), { site: 'a' }),
      /dropout: the rate must be in \[0, 1\)/,
    );
  });
});
