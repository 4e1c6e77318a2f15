/** @file What the lines of a chart are made from: smoothed values, and extremes of any stretch. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Column } from '../../src/figures/curves/column';
import { Extremes } from '../../src/figures/curves/extremes';
import { Smoother, smooth } from '../../src/figures/curves/smooth';
import { uniform } from '../panels/curves-fixture';

describe('smoothing', () => {
  it('one-sided is the debiased EMA', () => {
    const values = [4, 2, 1];
    const shown = smooth(values, { beta: 0.5, kind: 'one-sided', log: false });
    // m = 2, 2, 1.5; weights 0.5, 0.75, 0.875
    assert.deepEqual([...shown], [4, 2 / 0.75, 1.5 / 0.875]);
  });
  it('of a constant is the constant, and without smoothing the values themselves', () => {
    for (const kind of ['centred', 'one-sided'] as const) {
      for (const log of [true, false]) {
        for (const value of smooth(new Array(50).fill(3), { beta: 0.95, kind, log }))
          assert.ok(Math.abs(value - 3) < 1e-12);
      }
    }
    assert.deepEqual([...smooth([3, 1, 2], { beta: 0, kind: 'centred', log: true })], [3, 1, 2]);
  });
  it('centred of logarithms follows a fall over decades where one-sided lags', () => {
    const truth = Float64Array.from(
      { length: 1500 },
      (_, i) => 2.77 * 10 ** (-3.5 / (1 + Math.exp(-(i - 300) / 30))),
    );
    const worst = (shown: Float64Array): number =>
      Math.max(...shown.map((value, i) => Math.max(value / truth[i]!, truth[i]! / value)));
    assert.ok(worst(smooth(truth, { beta: 0.95, kind: 'centred', log: true })) < 1.5);
    assert.ok(worst(smooth(truth, { beta: 0.95, kind: 'one-sided', log: false })) > 3);
  });
  it('of a short run begins and ends where the values do', () => {
    const off = (length: number, kind: 'centred' | 'one-sided'): number[] => {
      const truth = Float64Array.from({ length }, (_, t) => 1.5 + 4 * Math.exp(-t / 20));
      const shown = smooth(truth, { beta: 0.95, kind, log: true });
      return [0, length - 1].map((at) => Math.abs(Math.log(shown[at]! / truth[at]!)));
    };
    assert.ok(off(40, 'centred')[0]! < 0.07, `${off(40, 'centred')}`);
    assert.ok(off(40, 'centred')[1]! < 0.05);
    assert.ok(off(40, 'one-sided')[1]! > 0.2);
    assert.ok(off(100, 'centred')[0]! < 0.15, `${off(100, 'centred')}`);
    assert.ok(off(100, 'centred')[1]! < 0.06);
  });
  it('ends near the one-sided value instead of at the newest', () => {
    const values = [...new Array<number>(200).fill(1), 100];
    const shown = smooth(values, { beta: 0.95, kind: 'centred', log: true });
    assert.ok(shown.at(-1)! < 2, String(shown.at(-1)));
  });
  it('in pieces equals smoothing at once', () => {
    const random = uniform(3);
    const values = Float64Array.from({ length: 3000 }, (_, i) => Math.exp(-i / 400) * (0.5 + random()));
    const options = { beta: 0.98, kind: 'centred', log: true } as const;
    const whole = smooth(values, options);
    const smoother = new Smoother(options);
    const column = new Column();
    for (let at = 0; at < values.length; at += 137) {
      column.append(values.subarray(at, at + 137));
      smoother.update(column);
    }
    whole.forEach((value, i) => assert.ok(Math.abs(smoother.shown.at(i) / value - 1) < 1e-7, `${i}`));
  });
  it('leaves gaps at values without a logarithm and goes on after them', () => {
    const shown = smooth([1, Number.NaN, 0, 1], { beta: 0.9, kind: 'centred', log: true });
    assert.deepEqual([...shown].map(Number.isNaN), [false, true, true, false]);
    assert.equal(shown[3], 1);
  });
});

describe('extremes', () => {
  it('of any stretch equal a plain search, also after appends and changes', () => {
    const random = uniform(9);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.nat(3000),
        fc.nat(3000),
        fc.nat(2999),
        (n, a, b, c) => {
          const column = Column.from(Float64Array.from({ length: n }, random));
          const extremes = new Extremes(column);
          extremes.update();
          column.append([random() * 3, -random()]);
          if (c < n) column.data[c] = 7;
          extremes.update(Math.min(c, n));
          const from = Math.min(a, b);
          const to = Math.max(a, b);
          const out: [number, number] = [0, 0];
          extremes.query(from, to, out);
          const part = [...column.view().subarray(from, to)];
          assert.deepEqual(out, part.length ? [Math.min(...part), Math.max(...part)] : [Infinity, -Infinity]);
        },
      ),
      { numRuns: 60 },
    );
  });
  it('hold after every single value that comes', () => {
    const column = new Column();
    const extremes = new Extremes(column);
    const out: [number, number] = [0, 0];
    for (let n = 1; n <= 5000; n++) {
      // The largest comes first, the smallest second: a block that is left out shows.
      column.push(n === 1 ? 9 : n === 2 ? -9 : 1 / n);
      extremes.update();
      extremes.query(0, n, out);
      assert.deepEqual(out, [n === 1 ? 9 : -9, 9], `${n}`);
    }
  });
});
