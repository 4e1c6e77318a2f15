import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RunData } from '../../src/figures/curves/data';
import {
  commonKeys,
  differingKeys,
  flattenConfig,
  groupRuns,
  membersOf,
  matches,
} from '../../src/figures/curves/groups';
import { metricOf } from '../../src/figures/curves/metrics';
import { Series } from '../../src/figures/curves/series';
import { chartScales } from '../../src/figures/curves/scales';
import { bestEval, firstReached, meanThroughput } from '../../src/figures/curves/summary';
import {
  commonRange,
  pointOf,
  traceBand,
  tracePath,
  traceSeeds,
  valueBetween,
} from '../../src/figures/curves/trace';
import { drawChart, type ChartGroup } from '../../src/figures/curves/chart';
import { drawOverlay, nearestGroup } from '../../src/figures/curves/overlay';
import { chartSummary, cursorSentence } from '../../src/figures/curves/summary';
import { roughMeasure, type TextMark } from '../../src/figures/core/scene';
import { paintBands } from '../../src/figures/core/bands';
import { runStyle } from '../../src/figures/core/palette';
import { linearScale, logScale } from '../../src/figures/core/scale';
import { makeTheme } from '../../src/figures/core/theme';
import { metaOf, nineRuns, rowsOf, uniform } from '../panels/curves-fixture';

const theme = makeTheme('dark', () => '');

const dataOf = (losses: ArrayLike<number>, extra: Record<string, Float64Array> = {}): RunData => {
  const data = new RunData();
  const step = Float64Array.from({ length: losses.length }, (_, i) => i + 1);
  data.ensure('train').append({ step, loss: Float64Array.from(losses), ...extra }, losses.length);
  return data;
};
const series = (data: RunData, beta = 0, log = true): Series => {
  const result = new Series(data, metricOf('loss'), 'step', { beta, kind: 'centred', log });
  result.update();
  return result;
};

describe('tracing', () => {
  it('loses no visible point of a long series', () => {
    const values = new Float64Array(200_000).fill(1);
    values[77_777] = 9;
    values[123_456] = 0.1;
    const data = series(dataOf(values));
    const x = linearScale([0, 200_000], [44, 644]);
    const y = logScale([0.1, 10], [300, 0]);
    const rows: [number, number] = [0, 200_000];
    const points = tracePath(data, { values: data.shown, extremes: data.shownRange }, x, y, rows);
    const ys = points.filter((_, i) => i % 2 === 1);
    assert.ok(Math.abs(Math.min(...ys) - y.map(9)) < 1e-9 && Math.abs(Math.max(...ys) - y.map(0.1)) < 1e-9);
    assert.ok(points.length < 600 * 10, `${points.length}`);
    const at = points[points.indexOf(Math.min(...ys)) - 1]!;
    assert.ok(Math.abs(at - x.map(77_778)) <= 1.5, `${at}`);
    const band = traceBand(data, data.rawRange, x, y, rows, 1);
    assert.equal(Math.min(...band.upper), y.map(9));
    assert.equal(Math.max(...band.lower), y.map(0.1));
    assert.ok(band.xs.length >= 599 && band.upper.every((top, i) => band.lower[i]! - top >= 1 - 1e-9));
  });
  it('draws few points as they are', () => {
    const data = series(dataOf([3, 2, 1]));
    const x = linearScale([0, 3], [0, 300]);
    const y = linearScale([0, 3], [30, 0]);
    const points = tracePath(data, { values: data.shown, extremes: data.shownRange }, x, y, [0, 3]);
    assert.deepEqual(points, [100, 0, 200, 10, 300, 20]);
  });
  it('reads between rows and nowhere else', () => {
    const data = series(dataOf([4, 2]));
    assert.equal(valueBetween(data, 1.5), 3);
    assert.equal(valueBetween(data, 0.5), undefined);
    assert.equal(valueBetween(data, 2.1), undefined);
  });
  it('bands seeds between their extremes around the geometric mean', () => {
    const seeds = [series(dataOf([1, 1])), series(dataOf([4, 4]))];
    const y = logScale([0.1, 10], [100, 0]);
    const { line, band } = traceSeeds(seeds, linearScale([1, 2], [0, 10]), y);
    assert.ok(Math.abs(line[1]! - y.map(2)) < 1e-9);
    assert.deepEqual([band.upper[0], band.lower.at(-1)], [y.map(4), y.map(1)]);
  });
});

describe('seeds that end at different steps', () => {
  it('have a mean where all have values, and lines of their own after that', () => {
    const short = series(dataOf([1, 1, 1]));
    const long = series(dataOf([4, 4, 4, 9, 9]));
    const y = logScale([0.1, 10], [100, 0]);
    const { line, rest } = traceSeeds([short, long], linearScale([0, 5], [0, 50]), y);
    assert.deepEqual([line[0], line.at(-2)], [10, 30]);
    assert.ok(line.filter((_, i) => i % 2 === 1).every((py) => Math.abs(py - y.map(2)) < 1e-9));
    assert.equal(rest.length, 1);
    assert.deepEqual([rest[0]![0], rest[0]!.at(-2)], [30, 50]);
    assert.deepEqual(commonRange([short, long]), [1, 3]);
    assert.equal(commonRange([short, series(dataOf([]))]), undefined);
  });
});

describe('bands in pixels', () => {
  const band = {
    kind: 'band',
    xs: [10, 11],
    upper: [5, 5.5],
    lower: [8, 7],
    fill: '#ff0000',
    opacity: 0.5,
  } as const;
  const alpha = (painted: ReturnType<typeof paintBands>, x: number, y: number): number => {
    const { pixels, box } = painted!;
    return pixels.data[((y - box.y) * pixels.width + (x - box.x)) * 4 + 3]!;
  };
  it('cover whole and part pixels, and blend where they lie over each other', () => {
    const once = paintBands([band], 1);
    assert.deepEqual(once!.box, { x: 10, y: 5, width: 2, height: 3 });
    // Alpha is rounded down, so that layers never add up to more than is there.
    assert.deepEqual([alpha(once, 10, 5), alpha(once, 11, 5), alpha(once, 11, 7)], [127, 63, 0]);
    const twice = paintBands([band, band], 1);
    assert.ok(Math.abs(alpha(twice, 10, 6) - 191) <= 1);
    assert.equal(paintBands([band], 2)!.pixels.width, 4);
  });
  it('stay inside the clip', () => {
    const cut = paintBands([band], 1, { x: 11, y: 0, width: 50, height: 6 });
    assert.deepEqual(cut!.box, { x: 11, y: 5, width: 1, height: 1 });
    assert.equal(paintBands([band], 1, { x: 50, y: 0, width: 5, height: 6 }), undefined);
  });
});

describe('groups of runs', () => {
  const runs = nineRuns.map((run) => metaOf(run, 0));
  const groups = groupRuns(runs);
  it('gather seeds and are named by what differs', () => {
    assert.equal(groups.length, 7);
    assert.equal(groups[0]!.runs.length, 3);
    assert.deepEqual(
      groups.map((group) => group.name),
      [
        'induction',
        'd_state 4',
        'lr 5e−4',
        'mamba · attention · mamba',
        'attention',
        's4d',
        's4d · d_state 64',
      ],
    );
  });
  it('list seeds by number, whatever the order of training, and are named as before', () => {
    const shuffled = [10, 2, 'b10', 1, 'b9'].map((seed, index) => ({
      ...metaOf(nineRuns[0]!, 0),
      id: `r${index}`,
      seed,
    }));
    const [group] = groupRuns(shuffled);
    assert.deepEqual(
      group!.runs.map((run) => run.seed),
      [1, 2, 10, 'b9', 'b10'],
    );
    assert.equal(membersOf(group!.runs), 'seeds 1, 2, 10, b9, b10');
    assert.equal(group!.name, groups[0]!.name);
  });
  it('say once what is equal', () => {
    assert.deepEqual(differingKeys(runs), ['mixer', 'layers', 'd_state', 'lr']);
    assert.match(
      commonKeys(runs),
      /^data induction-heads, context 32, d_model 32, batch 16, 1,500 steps, device cpu$/,
    );
  });
  it('are found by words and by key', () => {
    const names = (filter: string): string[] =>
      groups.filter((group) => matches(group, filter)).map((group) => group.key);
    assert.deepEqual(names('mixer:s4d d_state:64'), ['g6']);
    assert.deepEqual(names('running'), ['g4', 'g6']);
    assert.equal(names('').length, 7);
  });
  it('flatten a config to short keys', () => {
    const flat = flattenConfig({
      data: { type: 'induction-heads', length: 64 },
      model: {
        d_model: 32,
        layers: [
          { repeat: 2, mixer: 'mamba', d_state: 16 },
          { mixer: 'attention', heads: 4 },
        ],
      },
      train: { steps: 100, optimizer: { lr: 1e-3, betas: [0.9, 0.95] }, schedule: { name: 'cosine' } },
      seed: 3,
      device: 'cpu',
    });
    assert.deepEqual(flat, {
      mixer: 'mamba · mamba · attention',
      layers: 3,
      d_state: 16,
      heads: 4,
      data: 'induction-heads',
      length: 64,
      steps: 100,
      lr: 0.001,
      betas: '[0.9,0.95]',
      name: 'cosine',
      d_model: 32,
    });
  });
});

describe('a chart', () => {
  const shapes = nineRuns.filter((run) => run.group !== 'g0');
  const data = new Map(
    shapes.map((shape) => {
      const run = new RunData();
      for (const [name, table] of Object.entries(rowsOf(shape).tables))
        run.ensure(name).append(table.columns, table.count);
      return [shape.group, run];
    }),
  );
  const groups = shapes.map((shape): ChartGroup => ({
    key: shape.group,
    name: shape.name,
    style: runStyle(shape.palette, theme),
    series: [series(data.get(shape.group)!, 0.95)],
    live: shape.status === 'running',
    stale: false,
  }));
  const view = { axis: 'step', xDomain: [0, 1500], log: true, envelope: true, clipOutliers: false } as const;
  const frame = {
    width: 833,
    height: 352,
    left: 44,
    right: 168,
    top: 8,
    bottom: 40,
    xLabels: true,
    yTicks: 5,
  };
  const chart = drawChart(groups, metricOf('loss'), view, frame, theme, roughMeasure);

  it('covers the data with an axis of whole steps', () => {
    assert.deepEqual(
      chart.y.domain.map((value) => Number(value.toPrecision(1))),
      chart.y.domain,
    );
    assert.ok(chart.y.domain[0] < 5e-4 && chart.y.domain[1] > 2.8);
  });
  it('has room for the labels of large values, also of a range within a decade on a log axis', () => {
    const rows = dataOf([1, 1, 1], { tokens_per_second: Float64Array.of(4e3, 18e3, 38e3) });
    const metric = metricOf('throughput');
    const line = new Series(rows, metric, 'step', { beta: 0, kind: 'centred', log: true });
    line.update();
    const side = { ...frame, width: 420, height: 97, right: 16, bottom: 9, xLabels: false, yTicks: 3 };
    const narrow = { ...view, xDomain: [1, 3] as const };
    const { scene, plot } = drawChart(
      [{ ...groups[0]!, series: [line] }],
      metric,
      narrow,
      side,
      theme,
      roughMeasure,
    );
    const labels = scene.marks.filter((mark): mark is TextMark => mark.kind === 'text');
    assert.deepEqual(
      labels.map(({ text }) => text),
      ['20k', '40k'],
    );
    for (const { text, size } of labels) assert.ok(roughMeasure(text, size) <= plot.x - 8, text);
  });
  it('names the lines at their ends with the values at the cursor', () => {
    const scene = drawOverlay(
      chart,
      { cursor: 620, pinned: false, hovered: 'g1' },
      theme,
      roughMeasure,
      true,
    );
    const texts = scene.marks.filter((mark): mark is TextMark => mark.kind === 'text');
    assert.ok(texts.some((text) => text.text === 'at step 620'));
    const bold = texts.filter((text) => text.weight === 600).map((text) => text.text);
    assert.equal(bold[0], 'mamba-n4');
    const lines = texts
      .filter((text) => text.x === chart.plot.x + chart.plot.width + 14)
      .map((text) => text.y);
    const gaps = [...lines].sort((a, b) => a - b).map((y, i, all) => (i === 0 ? 99 : y - all[i - 1]!));
    assert.equal(lines.length, groups.length);
    assert.ok(Math.min(...gaps) >= 14.99, `${Math.min(...gaps)}`);
  });
  it('says below the names how many more there are, where they have no room', () => {
    const many = Array.from({ length: 48 }, (_, k) => ({ ...groups[k % groups.length]!, key: `m${k}` }));
    const crowded = drawChart(many, metricOf('loss'), view, frame, theme, roughMeasure);
    const { marks } = drawOverlay(
      crowded,
      { cursor: undefined, pinned: false, hovered: undefined },
      theme,
      roughMeasure,
      true,
    );
    const texts = marks
      .filter((mark): mark is TextMark => mark.kind === 'text')
      .filter(({ x }) => x === crowded.plot.x + crowded.plot.width + 14)
      .sort((a, b) => a.y - b.y);
    assert.match(texts.at(-1)!.text, new RegExp(`^and ${48 - (texts.length - 1)} more in the table$`));
    for (const [i, { y }] of texts.entries()) if (i > 0) assert.ok(y - texts[i - 1]!.y >= 14.99);
  });
  it('finds the line under the pointer and says its value', () => {
    const line = chart.lines.find((entry) => entry.group.key === 'g1')!;
    assert.equal(nearestGroup(chart, 900, chart.y.map(line.pointAt(900)!.value) + 3), 'g1');
    assert.equal(nearestGroup(chart, 900, -500), undefined);
    assert.match(cursorSentence(chart, 900, 'g3'), /^step 900, hybrid \S+, lowest of 5$/);
    assert.match(
      chartSummary(chart),
      /^Training loss of 6 groups, log scale, step 0 to 1,500\. Lowest: hybrid 5\.\d\de−4\. Live: attention, s4d-n64\.$/,
    );
  });
});

describe('a chart of rows that come bit by bit', () => {
  it('is that of the same rows at once, after every bit', () => {
    const sizes = fc.array(fc.constantFrom(1, 1, 2, 15, 16, 17, 240, 256), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.nat(1000), fc.constantFrom(0, 0.95), (parts, seed, beta) => {
        const random = uniform(seed);
        const data = new RunData();
        const grown = series(data, beta);
        const losses: number[] = [];
        for (const size of parts) {
          const fresh = Array.from({ length: size }, () => Math.exp(-losses.length / 200) * (0.5 + random()));
          const step = Float64Array.from(fresh, (_, i) => losses.length + i + 1);
          losses.push(...fresh);
          data.ensure('train').append({ step, loss: Float64Array.from(fresh) }, size);
          grown.update();
          const whole = series(dataOf(losses), beta);
          const view = {
            axis: 'step',
            xDomain: [0, losses.length + 1],
            log: true,
            envelope: true,
            clipOutliers: false,
          } as const;
          const frame = { width: 300, height: 200, left: 40, right: 10, top: 10, bottom: 20 };
          const [found, expected] = [grown, whole].map(
            (one) =>
              chartScales([{ series: [one] }], metricOf('loss'), view, { ...frame, xLabels: true, yTicks: 4 })
                .extent,
          );
          for (const end of [0, 1] as const)
            assert.ok(Math.abs(found![end] / expected![end] - 1) < 1e-6, `${found} not ${expected}`);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the value at the cursor', () => {
  const data = new RunData();
  data
    .ensure('train')
    .append({ step: Float64Array.of(100, 150, 200), loss: Float64Array.of(4, 3, Number.NaN) }, 3);
  const point = (at: number) => pointOf([series(data)], at, true);
  it('is that of the nearest row, where that stands', () => {
    assert.deepEqual(point(120), { at: 100, value: 4 });
    assert.deepEqual(point(130), { at: 150, value: 3 });
  });
  it('is none further from the ends than half of what lies between rows, and none in a gap', () => {
    assert.deepEqual(point(80), { at: 100, value: 4 });
    for (const far of [70, 190, 230]) assert.equal(point(far), undefined);
  });
});

describe('facts of a run', () => {
  it('come from its evaluations and totals', () => {
    const data = new RunData();
    data
      .ensure('eval/validation')
      .append({ step: [1, 2, 3], loss: [3, 1, 2], accuracy: [0.2, 0.995, 0.99] }, 3);
    data.ensure('train').append({ step: [1, 2], tokens: [100, 200], seconds: [1, 4] }, 2);
    assert.deepEqual(bestEval(data, 'loss', true), { value: 1, step: 2 });
    assert.equal(firstReached(data, 'accuracy', 0.99), 2);
    assert.equal(meanThroughput(data), 50);
    assert.equal(data.positionOf(2, 'time'), 4);
  });
  it('fill columns that come later with gaps', () => {
    const data = dataOf([1, 2]);
    data.ensure('train').append({ step: [3], loss: [3], grad_norm: [0.5] }, 1);
    assert.deepEqual([...data.table('train')!.column('grad_norm')!.view()], [Number.NaN, Number.NaN, 0.5]);
    data.reset();
    assert.equal(data.lastStep, undefined);
  });
});

describe('the runs of a group', () => {
  const run = metaOf(nineRuns[0]!, 0);
  it('are told apart by their seeds where these differ', () => {
    assert.equal(membersOf([run]), 'seed 0');
    assert.equal(membersOf([run, { ...run, seed: 1 }]), 'seeds 0, 1');
  });
  it('with equal seeds are counted, and what differs is said', () => {
    assert.equal(membersOf([run, run]), '2 runs, seed 0');
    assert.equal(membersOf([run, run, { ...run, seed: 1 }]), '3 runs, seeds 0, 1');
    const longer = { ...run, keys: { ...run.keys, steps: 3000 } };
    assert.equal(membersOf([run, longer]), '2 runs, seed 0, steps 1500, 3000');
  });
});
