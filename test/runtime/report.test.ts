/** @file The charts of a run's HTML page: every mark and number inside of the picture, decades where a loss falls. */
import * as assert from 'node:assert/strict';
import { chart, shown } from '../../src/runtime/export/report-chart';

const steps = Array.from({ length: 300 }, (_, i) => i + 1);
const falling = { name: 'train loss', x: steps, y: steps.map((step) => 2.7 / step ** 1.4) };

const texts = (svg: string): { x: number; y: number; anchor: string; text: string }[] =>
  [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"(?: text-anchor="(\w+)")?>([^<]*)</g)].map(
    ([, x, y, anchor, text]) => ({ x: Number(x), y: Number(y), anchor: anchor ?? 'start', text: text! }),
  );

describe('the charts of a report', () => {
  for (const [name, curves, falls] of [
    ['a loss over decades', [falling], true],
    ['a constant', [{ name: 'a', x: steps, y: steps.map(() => 0.25) }], false],
    ['zero', [{ name: 'a', x: steps, y: steps.map(() => 0) }], true],
    ['negative and tiny', [{ name: 'a', x: steps, y: steps.map((s) => -1e-5 * s) }], false],
    ['one point', [{ name: 'a', x: [7], y: [3] }], true],
    ['large numbers', [{ name: 'a', x: steps, y: steps.map((s) => 4e11 * s) }], false],
  ] as const)
    it(`keep everything inside: ${name}`, () => {
      const svg = chart('Loss, nats', curves, falls);
      const [, points] = /points="([^"]+)"/.exec(svg)!;
      for (const point of points!.split(' ')) {
        const [x, y] = point.split(',').map(Number);
        assert.ok(x! >= 64 && x! <= 860 - 28 && y! >= 31.9 && y! <= 260 - 31.9, point);
      }
      const found = texts(svg);
      assert.ok(found.length >= 5);
      for (const { x, anchor, text } of found) {
        // A digit is about 7 px wide.
        const width = 7 * text.length;
        const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
        assert.ok(left >= 0 && left + width <= 860, `${text} at ${left}`);
      }
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    });

  it('have decades where a loss falls over them, and round numbers elsewhere', () => {
    const labels = (svg: string): string[] => texts(svg).map(({ text }) => text);
    const log = chart('Loss, nats', [falling], true);
    assert.match(log, /Loss, nats · log/);
    for (const decade of ['0.0001', '0.001', '0.01', '0.1', '1', '10'])
      assert.ok(labels(log).includes(decade));
    const plain = chart('Accuracy', [{ name: 'a', x: steps, y: steps.map((s) => s / 300) }]);
    assert.doesNotMatch(plain, /· log/);
    for (const label of ['0', '0.5', '1', '100', '200', '300'])
      assert.ok(labels(plain).includes(label), label);
    assert.equal(chart('Nothing', [{ name: 'a', x: [1], y: [NaN] }]), '');
  });

  it('name each of several curves', () => {
    const svg = chart('Loss', [falling, { ...falling, name: '<eval>' }]);
    assert.match(svg, /class="c0" dx="12">train loss<.*class="c1" dx="12">&lt;eval&gt;</);
  });

  it('write numbers short', () => {
    assert.deepEqual([1500, 0.012345678, 2.4e11, 1e-7, -3].map(shown), [
      '1,500',
      '0.012346',
      '2.4e11',
      '1e-7',
      '-3',
    ]);
  });
});
