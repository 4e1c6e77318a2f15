import assert from 'node:assert/strict';
import { runStyle } from '../../src/figures/core/palette';
import { roughMeasure, type BandMark, type GroupMark, type Mark } from '../../src/figures/core/scene';
import { makeTheme } from '../../src/figures/core/theme';
import { drawChart, type ChartGroup } from '../../src/figures/curves/chart';
import { RunData } from '../../src/figures/curves/data';
import { LayerData, type LayerRequest } from '../../src/figures/curves/layer';
import { drawOverlay } from '../../src/figures/curves/overlay';
import { metricOf } from '../../src/figures/curves/metrics';
import { Series } from '../../src/figures/curves/series';
import { uniform } from '../panels/curves-fixture';

const theme = makeTheme('dark', () => '');
const smoothing = { beta: 0.9, kind: 'centred', log: true } as const;
const rows = 40_000;
const frame = {
  width: 800,
  height: 300,
  left: 44,
  right: 16,
  top: 8,
  bottom: 40,
  xLabels: true,
  yTicks: 5,
};
const step = Float64Array.from({ length: rows }, (_, i) => i + 1);
const noise = uniform(3);
const loss = step.map((at) => (0.05 + Math.exp(-at / 5000)) * Math.exp(0.4 * (noise() - 0.5)));
/** One row that a sample would miss. */
loss[31_234] = 9;

const view = {
  axis: 'step',
  xDomain: [0, rows],
  log: true,
  envelope: true,
  clipOutliers: false,
} as const;
const style = runStyle(0, theme);
const request: LayerRequest = {
  type: 'draw',
  chart: 1,
  metric: 'loss',
  smoothing,
  groups: [{ key: 'g', runs: ['r'], style, live: false, stale: false }],
  view,
  frame,
  theme,
  ratio: 1,
};

function send(layer: LayerData, from: number, to: number, reset = false): void {
  const columns = { step: step.slice(from, to), loss: loss.slice(from, to) };
  layer.take({ type: 'rows', run: 'r', reset, table: 'train', columns, count: to - from });
}

/** The lines and bands of a scene, without the groups around them. */
function drawn(marks: readonly Mark[]): Mark[] {
  return marks.flatMap((mark) => (mark.kind === 'group' ? drawn(mark.marks) : [mark]));
}

const rounded = (marks: readonly Mark[]): string =>
  JSON.stringify(marks, (_key, value: unknown) => (typeof value === 'number' ? value.toFixed(3) : value));

describe('the lines of a large chart', () => {
  it('are those that the page would draw, also when rows come in parts', () => {
    const layer = new LayerData();
    send(layer, 0, 15_000);
    layer.draw(request);
    send(layer, 15_000, rows);
    const found = layer.draw(request);

    const data = new RunData();
    data.ensure('train').append({ step, loss }, rows);
    const series = new Series(data, metricOf('loss'), 'step', smoothing);
    series.update();
    const group: ChartGroup = { key: 'g', name: 'r', style, series: [series], live: false, stale: false };
    const chart = drawChart([group], metricOf('loss'), view, frame, theme, roughMeasure);
    const [lines] = chart.scene.marks.filter((mark): mark is GroupMark => mark.kind === 'group');
    // An append leaves what moves by less than 1e−9 as it is.
    assert.equal(rounded(found.marks), rounded(drawn(lines!.marks)));
    assert.ok(found.marks.length >= 2);

    const other = drawChart([group], metricOf('loss'), view, frame, theme, roughMeasure, { layer: found });
    assert.deepEqual(other.y.domain, chart.y.domain);
    assert.deepEqual(other.lines[0]!.end, chart.lines[0]!.end);
    assert.equal(drawn(other.scene.marks).filter((mark) => mark.kind === 'band').length, 0);
  });

  it('lie below notes, ends and checkpoints, which the canvas above them has', () => {
    const group: ChartGroup = { key: 'g', name: 'r', style, series: [], live: false, stale: false };
    const layer = {
      extent: [0.05, 9] as const,
      ends: new Map([['g', { at: rows, shown: 0.05, value: 0.05 }]]),
    };
    const notes = [{ x: 20_000, text: 'resumed' }];
    const extra = { notes, checkpoints: [10_000] };
    const words = (marks: readonly Mark[]): string[] =>
      drawn(marks).flatMap((mark) =>
        mark.kind === 'text' ? mark.text : mark.kind === 'marker' ? mark.shape : [],
      );
    const wide = { ...frame, right: 168 };
    const large = drawChart([group], metricOf('loss'), view, wide, theme, roughMeasure, { ...extra, layer });
    const above = words(large.above);
    assert.ok(
      above.includes('resumed') && above.includes('triangle-up') && above.includes(style.marker),
      above.join(),
    );
    assert.ok(!words(large.scene.marks).includes('resumed'));
    const cursor = { cursor: undefined, pinned: false, hovered: undefined, drag: undefined };
    const top = drawOverlay(large, cursor, theme, roughMeasure, false);
    assert.ok(words(top.marks).includes('resumed'));
    const small = drawChart([group], metricOf('loss'), view, wide, theme, roughMeasure, extra);
    assert.equal(small.above.length, 0);
    assert.ok(words(small.scene.marks).includes('resumed'));
  });

  it('lose no visible point: every pixel column reaches its smallest and largest row', () => {
    const layer = new LayerData();
    send(layer, 0, rows);
    for (const xDomain of [
      [0, rows],
      [30_000, 34_000],
    ] as const) {
      const { marks, extent } = layer.draw({ ...request, view: { ...view, xDomain } });
      assert.equal(extent[1], 9);
      const band = marks.find((mark): mark is BandMark => mark.kind === 'band')!;
      const width = frame.width - frame.left - frame.right;
      const data = new RunData();
      data.ensure('train').append({ step, loss }, rows);
      const series = new Series(data, metricOf('loss'), 'step', smoothing);
      series.update();
      const group: ChartGroup = { key: 'g', name: 'r', style, series: [series], live: false, stale: false };
      const { y } = drawChart([group], metricOf('loss'), { ...view, xDomain }, frame, theme, roughMeasure);
      const at = new Map(band.xs.map((x, i) => [x, i]));
      let seen = 0;
      for (let i = xDomain[0]; i < xDomain[1] - 1; i++) {
        const x = frame.left + ((step[i]! - xDomain[0]) / (xDomain[1] - xDomain[0])) * width;
        const column = at.get(Math.floor(x));
        assert.ok(column !== undefined, `no column at ${x}`);
        const py = y.map(loss[i]!);
        assert.ok(py >= band.upper[column]! - 1e-9 && py <= band.lower[column]! + 1e-9, `row ${i}`);
        seen++;
      }
      assert.ok(seen > 3000);
    }
  });

  it('forget a run whose rows were taken back, and runs that are gone', () => {
    const layer = new LayerData();
    send(layer, 0, rows);
    assert.equal(layer.draw(request).ends.get('g')!.at, rows);
    layer.take({ type: 'rows', run: 'r', reset: true, table: 'train', columns: {}, count: 0 });
    send(layer, 0, 100);
    assert.equal(layer.draw(request).ends.get('g')!.at, 100);
    layer.keep([]);
    assert.equal(layer.draw(request).ends.size, 0);
  });
});
