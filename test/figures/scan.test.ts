import assert from 'node:assert/strict';
import { drawLeft } from '../../src/figures/scan/left';
import { layoutSequence, positionAt, pooled, rowAt, xOf, defaultRows } from '../../src/figures/scan/layout';
import { hasScan, Recurrence } from '../../src/figures/scan/recurrence';
import { cellsOf, drawSequence, sub } from '../../src/figures/scan/sequence';
import { channelCells, heatMap, stateCells } from '../../src/figures/scan/heat';
import { scanSummary, stepNumbers, stepSentence } from '../../src/figures/scan/step';
import { inspectionCsv, inspectionJson, probeTable } from '../../src/figures/scan/table';
import { mapIndex } from '../../src/figures/core/colormap';
import type { LineMark, Mark, Measure, TextMark } from '../../src/figures/core/scene';
import { makeTheme } from '../../src/figures/core/theme';
import { attentionLayer, inspection } from '../panels/scan-fixture';
import { cellAt } from '../../media/scan/sequence/tip';
import { parseTokens } from '../../media/scan/tokens';

const theme = makeTheme('dark', () => '');
/** About what a narrow sans needs. */
const tight: Measure = (text, size) => text.length * size * 0.48;
const near = (a: number, b: number, tolerance = 1e-5): void =>
  assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${a} against ${b}`);
const view = { width: 984, narrow: false, rows: defaultRows, scale: 1, position: 13 };

for (const [name, options] of [
  ['Mamba', {}],
  ['Mamba-2', { heads: 8 }],
] as const) {
  describe(`the recurrence of ${name}`, () => {
    const found = inspection(options);
    const scan = new Recurrence(found);
    it('reproduces state and output from its parts', () => {
      for (const t of [0, 5, 13, 31]) {
        for (const channel of [0, 17, 63]) {
          const { rows, sum, skip, y, output, gate, delta, x } = stepNumbers(scan, t, channel);
          for (const row of rows) near(row.carried + row.written, row.h);
          near(
            rows.reduce((total, row) => total + row.read, 0),
            sum,
          );
          near(skip, (found.probes['D']!.data[channel] as number) * x, 2e-4);
          near(sum + skip, y);
          near(output, y * gate);
          assert.equal(delta, scan.delta(t, channel));
        }
      }
    });
    it('tells what is left of a write', () => {
      const slow = scan.statesByDecay(3)[0]!;
      assert.equal(scan.left(4, 4, 3, slow), 1);
      near(scan.left(4, 6, 3, slow), scan.kept(5, 3, slow) * scan.kept(6, 3, slow), 1e-12);
    });
    it('orders channels by output and by memory, states by decay', () => {
      const power = (c: number): number =>
        Array.from({ length: 32 }, (_, t) => scan.output(t, c) ** 2).reduce((a, b) => a + b, 0);
      const order = scan.strongest;
      assert.equal(new Set(order).size, 64);
      for (let k = 1; k < 64; k++) assert.ok(power(order[k - 1]!) >= power(order[k]!));
      assert.ok(scan.halfLife(scan.byMemory[0]!) >= scan.halfLife(scan.byMemory[63]!));
      const states = scan.statesByDecay(2);
      assert.ok(scan.kept(13, 2, states[0]!) >= scan.kept(13, 2, states.at(-1)!));
    });
    it('finds the write at 13 and says so with its numbers', () => {
      const channel = scan.strongest[0]!;
      assert.ok(scan.writes(channel).includes(13));
      assert.match(
        stepSentence(scan, 13, channel)!,
        /^At t = 13 the step size is the largest of the sequence/,
      );
      assert.match(
        scanSummary(scan, 13, channel),
        /position 13 of 31, token m\. Step size \S+, largest of the sequence/,
      );
    });
  });
}

describe('Mamba-2', () => {
  const scan = new Recurrence(inspection({ heads: 8 }));
  it('shares one decay and step size per head', () => {
    assert.equal(scan.heads, 8);
    assert.ok(scan.scalarDecay);
    assert.deepEqual(
      [0, 7, 8, 63].map((c) => scan.headOf(c)),
      [0, 0, 1, 7],
    );
    assert.equal(scan.kept(5, 8, 0), scan.kept(5, 15, 9));
    assert.notEqual(scan.kept(5, 7, 0), scan.kept(5, 8, 0));
  });
});

describe('layers without a scan', () => {
  it('are told from those with one', () => {
    assert.equal(hasScan(attentionLayer()), false);
    assert.equal(hasScan(inspection()), true);
  });
});

describe('the sequence figure', () => {
  const scan = new Recurrence(inspection());
  const layout = layoutSequence(scan, view);
  it('puts all rows on one x scale without overlap', () => {
    assert.equal(layout.cell, 25);
    assert.equal(layout.left, 152);
    assert.deepEqual(
      layout.rows.map((row) => row.id),
      // The parts of y are those of a bidirectional layer.
      defaultRows.filter((id) => id !== 'parts'),
    );
    layout.rows.forEach((row, i) => {
      const before = layout.rows[i - 1];
      if (before) assert.ok(row.y >= before.y + before.height + 8);
    });
    for (const t of [0, 13, 31]) assert.equal(positionAt(layout, xOf(layout, t) + 12), t);
    assert.equal(positionAt(layout, 10), undefined);
    const state = layout.rows.at(-1)!;
    assert.equal(rowAt(layout, state.y + 1)?.id, 'state');
  });
  it('shows a window and an overview when the cells would be under 4 px', () => {
    const long = new Recurrence(inspection({ length: 700, channels: 8, states: 4 }));
    const windowed = layoutSequence(long, { ...view, position: 650 });
    assert.ok(windowed.windowed && windowed.overview);
    assert.ok(windowed.from <= 650 && windowed.to > 650 && windowed.cell >= 4);
    const zoomed = layoutSequence(long, { ...view, zoom: [100, 140] });
    assert.deepEqual([zoomed.from, zoomed.to], [100, 140]);
  });
  it('fits narrow panels', () => {
    const narrow = layoutSequence(scan, { ...view, width: 268, narrow: true });
    assert.ok(xOf(narrow, 32) <= 268 + 1e-9 && narrow.cell > 7.5);
  });
  it('names playhead, channel and the values under it', () => {
    const scene = drawSequence(scan, layout, { channel: 9, position: 13, quantity: 'output' }, theme, tight);
    const texts: TextMark[] = [];
    const visit = (marks: readonly Mark[]): void =>
      marks.forEach((mark) =>
        mark.kind === 'group' ? visit(mark.marks) : mark.kind === 'text' ? texts.push(mark) : 0,
      );
    visit(scene.marks);
    const words = texts.map((text) => text.text);
    for (const wanted of ['13', '9', 'Step size Δ', `left: read now, C${sub(13)}·Bₛ ·`])
      assert.ok(words.includes(wanted), wanted);
    assert.ok(texts.every((text) => text.size >= 7.5));
    const label = texts.find((text) => text.text === '13' && text.weight === 700)!;
    assert.equal(label.color, theme.background);
  });
  it('shows how Δ spreads over the channels at every width: whiskers, or a band', () => {
    for (const [width, word] of [
      [984, 'whisker'],
      [300, 'band'],
    ] as const) {
      const layout = layoutSequence(scan, { ...view, width });
      const { marks } = drawSequence(
        scan,
        layout,
        { channel: 9, position: 13, quantity: 'output' },
        theme,
        tight,
      );
      const flat = (some: readonly Mark[]): Mark[] =>
        some.flatMap((mark) => (mark.kind === 'group' ? flat(mark.marks) : [mark]));
      const all = flat(marks);
      assert.ok(
        all.some((mark) => mark.kind === 'text' && mark.text === `${word}: p10–p90 of`),
        word,
      );
      const washed = all.filter((mark) => mark.kind === 'rect' && mark.fill === theme.secondary);
      assert.equal(washed.length, word === 'band' ? layout.to - layout.from : 0);
    }
  });
  it('paints heat maps whose cells are the values', () => {
    const range = [0, 32] as const;
    const heat = heatMap(scan, theme, channelCells(scan, 'output', 176), range);
    const words = new Uint32Array(heat.pixels.data.buffer);
    const channel = heat.order[5]!;
    assert.equal(
      words[5 * 32 + 13],
      heat.map.table[mapIndex(Math.abs(scan.output(13, channel)), heat.max, false, 'sqrt')],
    );
    const state = heatMap(scan, theme, stateCells(scan, 'state', 9, 120), range);
    const n = state.order[2]!;
    assert.equal(
      new Uint32Array(state.pixels.data.buffer)[2 * 32 + 20],
      state.map.table[mapIndex(scan.h(20, 9, n), state.max, true, 'sqrt')],
    );
    assert.equal(heatMap(scan, theme, channelCells(scan, 'output', 176), range), heat, 'painted once');
  });
  it('pools by the largest value when there are more channels than pixels', () => {
    assert.deepEqual(pooled(1536, 176), { rows: 171, each: 9 });
    const many = new Recurrence(inspection({ channels: 400, states: 2 }));
    const heat = heatMap(many, theme, channelCells(many, 'output', 100), [0, 32]);
    assert.equal(heat.pixels.height, 100);
    const words = new Uint32Array(heat.pixels.data.buffer);
    const largest = Math.max(...heat.order.slice(0, 4).map((c) => Math.abs(many.output(31, c))));
    assert.equal(words[31], heat.map.table[mapIndex(largest, heat.max, false, 'sqrt')]);
  });
  it('reads every cell as it is painted, pooled ones too, without painting anything', () => {
    const rows = ['channels', 'B', 'C', 'state'] as const;
    for (const [shape, height] of [
      [{}, undefined],
      [{ channels: 400, states: 24 }, 20],
    ] as const) {
      const own = new Recurrence(inspection(shape));
      const whole = layoutSequence(own, { ...view, rows });
      const low = { ...whole, rows: whole.rows.map((row) => ({ ...row, height: height ?? row.height })) };
      const kept: string[] = [];
      const keep = own.keep.bind(own);
      own.keep = (key, make) => (kept.push(key), keep(key, make));
      const read = low.rows.map((row) => {
        const cells = cellsOf(own, low, row, { channel: 9, quantity: 'output' })!;
        const height = row.height / cells.rows;
        return Array.from({ length: cells.rows * 32 }, (_, at) => {
          const [place, t] = [Math.floor(at / 32), at % 32];
          return cellAt({ channel: 9, quantity: 'output' }, own, low, row, t, row.y + (place + 0.5) * height)!
            .value;
        });
      });
      assert.ok(
        kept.every((key) => key.startsWith('states ')),
        kept.join(),
      );
      low.rows.forEach((row, k) => {
        const cells = cellsOf(own, low, row, { channel: 9, quantity: 'output' })!;
        const { pixels, map, max } = heatMap(own, theme, cells, [0, 32]);
        assert.equal(pixels.height, cells.rows);
        assert.deepEqual(
          new Uint32Array(pixels.data.buffer),
          Uint32Array.from(read[k]!, (value) => map.table[mapIndex(value, max, cells.signed, 'sqrt')]!),
          row.id,
        );
      });
    }
  });
  it('draws what is left of a write from 1 down', () => {
    const scene = drawLeft(scan, 13, 9, 344, theme);
    const lines = scene.marks.filter(
      (mark): mark is LineMark => mark.kind === 'line' && mark.points.length > 4,
    );
    assert.equal(lines.length, 2);
    for (const line of lines) {
      const ys = Array.from(line.points).filter((_, i) => i % 2 === 1);
      assert.ok(ys.every((y, i) => i === 0 || y >= ys[i - 1]! - 1e-9));
    }
  });
});

describe('numbers of the scan', () => {
  const found = inspection();
  it('are told by position with the chosen channel of larger probes', () => {
    const state = probeTable(found, 'state', 9);
    assert.deepEqual([state.rows.length, state.columns.length, state.slice], [32, 16, 'channel 9']);
    assert.equal(state.rows[13]!.values[4], found.probes['state']!.data[(13 * 64 + 9) * 16 + 4]);
    const delta = probeTable(found, 'delta', 9);
    assert.deepEqual(
      [delta.columns[62], delta.rows[13]!.label, delta.rows[13]!.values[62]],
      ['channel 62', 'm', found.probes['delta']!.data[13 * 64 + 62]],
    );
    assert.equal(probeTable(found, 'D', 0).rows.length, 64);
    const two = inspection({ heads: 8 });
    assert.equal(probeTable(two, 'B', 63).slice, 'group 0');
  });
  it('are exported in long form without loss', () => {
    const lines = inspectionCsv(found).trim().split('\n');
    const values = Object.values(found.probes).reduce((sum, probe) => sum + probe.data.length, 0);
    assert.equal(lines.length, values + 1);
    const state = lines.find((line) => line.startsWith('state,13,m,9,,,4,'))!;
    assert.equal(Number(state.split(',').at(-1)), found.probes['state']!.data[(13 * 64 + 9) * 16 + 4]);
    assert.equal(
      (JSON.parse(inspectionJson(found)) as { probes: { y: { data: number[] } } }).probes.y.data.length,
      2048,
    );
  });
});

describe('typed examples', () => {
  it('are labels one after another, the longest first, or ids', () => {
    assert.deepEqual(parseTokens('ab ⇒', ['a', 'b', '⇒', 'ab']), { ids: [3, 2] });
    assert.deepEqual(parseTokens('0, 2 1', ['a', 'b', 'c']), { ids: [0, 2, 1] });
    assert.deepEqual(parseTokens('5 6', undefined), { ids: [5, 6] });
    assert.match((parseTokens('az', ['a']) as { problem: string }).problem, /“z” is not in the vocabulary/);
    assert.match((parseTokens('0 9', ['a']) as { problem: string }).problem, /“9” is no id/);
  });
});
