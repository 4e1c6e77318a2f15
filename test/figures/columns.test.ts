import assert from 'node:assert/strict';
import { Column } from '../../src/figures/curves/column';
import { RunData } from '../../src/figures/curves/data';
import { metricOf } from '../../src/figures/curves/metrics';
import { Series } from '../../src/figures/curves/series';
import { Smoother, smooth } from '../../src/figures/curves/smooth';
import { buffersOf, packColumn, unpackColumn } from '../../src/protocol/columns';
import { uniform } from '../panels/curves-fixture';

const spaced = (count: number, start: number, stride: number): Float64Array<ArrayBuffer> =>
  Float64Array.from({ length: count }, (_, i) => start + i * stride);

describe('columns on their way', () => {
  it('that are evenly spaced travel as two numbers and come back to the last digit', () => {
    for (const [start, stride] of [
      [1, 1],
      [10, 10],
      [512, 16 * 32],
      [0, 0],
    ] as const) {
      const values = spaced(300, start, stride);
      assert.deepEqual(packColumn(values, 0, 300), { start, stride });
      assert.deepEqual(packColumn(values, 100, 300), { start: values[100], stride });
      assert.deepEqual(unpackColumn({ start, stride }, 300), values);
    }
    const odd = spaced(300, 1, 1);
    odd[250] = 250;
    for (const values of [odd, spaced(300, 0.1, 0.1).map((x) => x * 1.1), spaced(300, 1, 1).fill(Number.NaN)])
      assert.deepEqual(packColumn(values, 0, 300), values);
  });
  it('that are copied leave the sender its own, and are handed over', () => {
    const values = Float64Array.from({ length: 100 }, uniform(1));
    const packed = packColumn(values, 20, 90);
    assert.deepEqual(packed, values.slice(20, 90));
    assert.notEqual((packed as Float64Array).buffer, values.buffer);
    assert.deepEqual(buffersOf({ packed, steps: { start: 1, stride: 1 } }), [
      (packed as Float64Array).buffer,
    ]);
  });
  it('of runs that log alike are one array, and rows of one run do not reach the other', () => {
    const [a, b] = [new RunData(), new RunData()];
    for (const data of [a, b])
      data.ensure('train').append({ step: { start: 1, stride: 1 }, loss: spaced(100, 1, 2) }, 100);
    const steps = (data: RunData): Column => data.table('train')!.column('step')!;
    assert.equal(steps(a).data, steps(b).data);
    a.ensure('train').append({ step: [500], loss: [3] }, 1);
    assert.equal(steps(a).last(), 500);
    assert.equal(steps(b).length, 100);
    assert.equal(steps(b).last(), 100);
  });
});

describe('positions of a series', () => {
  const xs = (step: number[][]): number[] => {
    const data = new RunData();
    const series = new Series(data, metricOf('loss'), 'step', { beta: 0, kind: 'centred', log: false });
    for (const part of step) {
      data.ensure('train').append({ step: part, loss: part.map(() => 1) }, part.length);
      series.update();
    }
    return [...series.xs.data.subarray(0, series.length)];
  };
  it('are the steps, also where rows come in parts', () => {
    assert.deepEqual(xs([[1, 2, 5], [7, 7], [9]]), [1, 2, 5, 7, 7, 9]);
  });
  it('never go back, wherever the steps do', () => {
    assert.deepEqual(xs([[1, 5, 3, 6]]), [1, 5, 5, 6]);
    assert.deepEqual(xs([[1, 5], [3, 6], [7]]), [1, 5, 5, 6, 7]);
  });
  it('do not run ahead of what is taken in', () => {
    const data = new RunData();
    const series = new Series(data, metricOf('loss'), 'step', { beta: 0, kind: 'centred', log: false });
    data.ensure('train').append({ step: [1, 2], loss: [1, 1] }, 2);
    series.update();
    data.ensure('train').append({ step: [3], loss: [1] }, 1);
    assert.deepEqual([series.length, series.behind], [2, 1]);
  });
});

describe('smoothing of many rows', () => {
  /** The definition, in words of its own: a weighted straight line through all known values, gaps left out. */
  const direct = (values: readonly number[], beta: number): number[] => {
    const known = values.flatMap((value, at) => (Number.isNaN(value) ? [] : [{ at, y: Math.log(value) }]));
    const fitted = new Map(
      known.map(({ at }, place) => {
        const weights = known.map((_, other) => beta ** Math.abs(other - place));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const mean = (of: (index: number) => number): number =>
          weights.reduce((sum, weight, index) => sum + weight * of(index), 0) / total;
        const middle = mean((index) => index - place);
        const height = mean((index) => known[index]!.y);
        const spread = mean((index) => (index - place - middle) ** 2);
        const slope = mean((index) => (index - place - middle) * (known[index]!.y - height)) / spread;
        return [at, Math.exp(height - slope * middle)];
      }),
    );
    return values.map((_, at) => fitted.get(at) ?? Number.NaN);
  };
  it('is what the formula says, with gaps, at once and in parts', () => {
    const random = uniform(8);
    const values = Array.from({ length: 900 }, (_, i) =>
      random() < 0.02 ? Number.NaN : Math.exp(-i / 300) * (0.5 + random()),
    );
    const beta = 0.9;
    const options = { beta, kind: 'centred', log: true } as const;
    const expected = direct(values, beta);
    const smoother = new Smoother(options);
    const column = new Column();
    for (let at = 0; at < values.length; at += 61) {
      column.append(values.slice(at, at + 61));
      smoother.update(column);
    }
    for (const [found, within] of [
      [smooth(values, options), 1e-12],
      [smoother.shown.view(), 1e-8],
    ] as const)
      expected.forEach((value, i) =>
        assert.ok(
          Number.isNaN(value) ? Number.isNaN(found[i]) : Math.abs(found[i]! / value - 1) < within,
          `${i}`,
        ),
      );
  });
  it('knows where the line ends', () => {
    const values = [4, 2, 1, Number.NaN];
    // A straight line through 4, 2, 1 with weights 1/4, 1/2, 1 ends at 12/13.
    for (const [kind, end] of [
      ['centred', 12 / 13],
      ['one-sided', 1.5 / 0.875],
    ] as const) {
      const smoother = new Smoother({ beta: 0.5, kind, log: false });
      assert.equal(smoother.last(), undefined);
      smoother.update(Column.from(values));
      assert.ok(Math.abs(smoother.last()! - end) < 1e-12, `${kind} ${smoother.last()}`);
    }
    const plain = new Smoother({ beta: 0, kind: 'centred', log: false });
    plain.update(Column.from(values));
    assert.equal(plain.last(), 1);
  });
});
