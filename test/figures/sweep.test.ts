import assert from 'node:assert/strict';
import fc from 'fast-check';
import { roughMeasure, type LineMark, type Measure, type TextMark } from '../../src/figures/core/scene';
import { makeTheme } from '../../src/figures/core/theme';
import { matches, type RunGroup } from '../../src/figures/curves/groups';
import { styleBy } from '../../src/figures/curves/colour-by';
import {
  distinct,
  passes,
  ranked,
  resultScale,
  sweepAxes,
  type SweepRow,
} from '../../src/figures/sweep/axes';
import { drawEffects, effectsSummary } from '../../src/figures/sweep/effects';
import { inkOf } from '../../src/figures/sweep/ink';
import { drawParallel } from '../../src/figures/sweep/parallel';

const theme = makeTheme('light', () => '');
const row = (key: string, values: SweepRow['values'], loss?: number, failed = false): SweepRow => ({
  key,
  name: key,
  values,
  results: loss === undefined ? {} : { loss, accuracy: 1 / (1 + loss), time: 10 * loss + 1 },
  failed,
});
const rows = [
  row('a', { mixer: 'mamba', lr: 1e-3, d_state: 16 }, 0.01),
  row('b', { mixer: 'mamba', lr: 1e-2, d_state: 4 }, 0.1),
  row('c', { mixer: 's4d', lr: 1e-3, d_state: 16 }, 1),
  row('d', { mixer: 'attention', lr: 1e-2 }, 2),
  row('e', { mixer: 'attention', lr: 1e-1 }, undefined, true),
];
const keys = ['mixer', 'lr', 'd_state'];

describe('the axes of a sweep', () => {
  it('stand in the order of the keys, the target last, unless moved', () => {
    const ids = sweepAxes(rows, keys, 'loss').map(({ id }) => id);
    assert.deepEqual(ids, ['mixer', 'lr', 'd_state', 'result:time', 'result:accuracy', 'result:loss']);
    const moved = sweepAxes(rows, keys, 'accuracy', ['d_state', 'gone', 'lr']).map(({ id }) => id);
    assert.deepEqual(moved.slice(0, 2), ['d_state', 'lr']);
    assert.equal(moved.at(-1), 'result:accuracy');
  });

  it('place numbers by their logarithm, words evenly, and what has no value at the bottom', () => {
    const [mixer, lr, state] = sweepAxes(rows, keys, 'loss');
    assert.deepEqual(
      rows.map((entry) => lr!.place(entry)).map((place) => Number(place!.toFixed(6))),
      [0, 0.5, 0, 0.5, 1],
    );
    assert.deepEqual(distinct(rows, 'mixer'), ['attention', 'mamba', 's4d']);
    assert.equal(mixer!.place(rows[0]!), 0.5);
    assert.equal(state!.place(rows[3]!), 0);
    assert.ok(state!.place(rows[1]!)! > 0.1);
    assert.deepEqual(
      state!.ticks.map(({ label }) => label),
      ['none', '4', '16'],
    );
  });

  it('put the better result higher, and leave out what has none', () => {
    const axes = sweepAxes(rows, keys, 'loss');
    for (const id of ['result:loss', 'result:accuracy', 'result:time']) {
      const axis = axes.find((entry) => entry.id === id)!;
      const places = rows.slice(0, 4).map((entry) => axis.place(entry)!);
      assert.deepEqual(
        places,
        places.toSorted((a, b) => b - a),
        id,
      );
      assert.equal(axis.place(rows[4]!), undefined);
    }
    assert.equal(resultScale(rows, 'loss').log, true);
    assert.deepEqual(resultScale(rows, 'accuracy').domain, [0, 1]);
  });

  it('keep every value within the axis, whatever the numbers', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom('x', true, null),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.double({ min: 1e-9, max: 1e9, noNaN: true })), { minLength: 2 }),
        (list) => {
          const many = list.map(([k, loss], index) => row(`${index}`, { k }, loss));
          for (const axis of sweepAxes(many, ['k'], 'loss')) {
            for (const entry of many) {
              const place = axis.place(entry);
              if (place !== undefined) assert.ok(place >= -1e-9 && place <= 1 + 1e-9, `${axis.id} ${place}`);
            }
          }
        },
      ),
      {
        numRuns: 200,
        examples: [
          [
            [
              [-Number.MAX_VALUE, 1],
              [0, 1],
              [9e292, 1],
            ],
          ],
        ],
      },
    );
  });
});

describe('brushes and ranks', () => {
  it('combine with and', () => {
    const axes = sweepAxes(rows, keys, 'loss');
    const kept = (brushes: Record<string, [number, number]>): string =>
      rows
        .filter((entry) => passes(entry, axes, brushes))
        .map(({ key }) => key)
        .join('');
    assert.equal(kept({}), 'abcde');
    assert.equal(kept({ lr: [0, 0.1] }), 'ac');
    assert.equal(kept({ lr: [0, 0.1], mixer: [0.4, 0.6] }), 'a');
    assert.equal(kept({ 'result:loss': [0, 1] }), 'abcd');
  });

  it('give the best most ink and no ink to what has no result', () => {
    assert.deepEqual(
      ranked(rows, 'loss').map(({ key }) => key),
      ['a', 'b', 'c', 'd', 'e'],
    );
    const ink = inkOf(rows, 'loss');
    assert.deepEqual([ink(rows[0]!), ink(rows[3]!), ink(rows[4]!)], [1, 0, undefined]);
  });
});

describe('parallel coordinates', () => {
  const size = { width: 800, height: 300 };
  const draw = (brushes = {}) => {
    const axes = sweepAxes(rows, keys, 'loss');
    return drawParallel(rows, axes, { target: 'loss', brushes }, size, theme, roughMeasure);
  };

  it('draw one line per config, the best last, failed ones up to where they stopped', () => {
    const { scene, axes, top, bottom } = draw();
    const curves = scene.marks.filter(
      (mark): mark is LineMark => mark.kind === 'line' && mark.points.length > 8,
    );
    assert.equal(curves.length, rows.length);
    const last = (line: LineMark): number => line.points[line.points.length - 2]!;
    assert.equal(last(curves.at(-1)!), axes.at(-1)!.x);
    const end = curves.find((line) => last(line) < axes.at(-1)!.x)!;
    assert.equal(last(end), axes[2]!.x);
    assert.ok(scene.marks.some((mark) => mark.kind === 'text' && mark.text === '×'));
    for (const line of curves)
      for (let k = 1; k < line.points.length; k += 2)
        assert.ok(line.points[k]! >= top - 9 && line.points[k]! <= bottom + 9);
  });

  it('find the line under the pointer, and none that is brushed out', () => {
    const plain = draw();
    const { axes, top, bottom } = plain;
    const place = axes[0]!.axis.place(rows[2]!)!;
    const y = bottom + (top - bottom) * place;
    assert.equal(plain.nearest(axes[0]!.x + 1, y), 'c');
    assert.equal(draw({ mixer: [0.4, 0.6] }).nearest(axes[0]!.x + 1, y), undefined);
  });

  it('cut no title and no number on a narrow panel', () => {
    const measure: Measure = (words, px) => words.length * px * 0.55;
    const axes = sweepAxes(rows, keys, 'loss');
    const { scene, top } = drawParallel(
      rows,
      axes,
      { target: 'loss', brushes: {} },
      { width: 388, height: 300 },
      theme,
      measure,
    );
    const texts = scene.marks.filter((mark): mark is TextMark => mark.kind === 'text');
    const boxes = texts.map(({ text, x, y, size, anchor, maxWidth }) => {
      const width = measure(text, size);
      if (/[\d%]/.test(text) || y < top)
        assert.ok(
          maxWidth === undefined || width <= maxWidth + 1e-9,
          `${text} needs ${width} of ${maxWidth}`,
        );
      const left = anchor === 'middle' ? x - width / 2 : x;
      return { text, y, left, right: left + width };
    });
    for (const a of boxes)
      for (const b of boxes)
        if (a !== b && a.y === b.y && a.y < 32 && a.left < b.left)
          assert.ok(a.right <= b.left, `${a.text} runs into ${b.text}`);
    assert.ok(boxes.every(({ right }) => right <= 388));
  });

  it('name every axis', () => {
    const texts = draw()
      .scene.marks.filter((mark): mark is TextMark => mark.kind === 'text')
      .map(({ text }) => text);
    for (const title of ['mixer', 'lr', 'd_state', 'time', 'accuracy', 'val loss'])
      assert.ok(texts.includes(title));
  });
});

describe('the effect of each key', () => {
  it('is told by medians', () => {
    assert.match(
      effectsSummary(rows, keys, 'loss'),
      /^mixer changes the median val loss most: mamba 0\.055, attention 2\.$/,
    );
    assert.equal(effectsSummary(rows.slice(0, 1), keys, 'loss'), 'No key changes the median.');
  });

  it('is drawn with a dot per config and key', () => {
    const view = { target: 'loss', isKept: () => true } as const;
    const scene = drawEffects(rows, keys, view, 400, theme);
    assert.equal(scene.marks.filter((mark) => mark.kind === 'group').length, 4 * keys.length);
  });
});

describe('colours and filters by key', () => {
  const group = (key: string, palette: number, lr: number, mixer: string): RunGroup => ({
    key,
    palette,
    name: key,
    runs: [],
    keys: { lr, mixer },
    live: false,
  });
  const groups = [group('a', 0, 1e-3, 'mamba'), group('b', 1, 1e-2, 'mamba'), group('c', 20, 1e-1, 's4d')];

  it('colour words by place and numbers by ink', () => {
    const style = (key: string, at: number) => styleBy(key, groups[at]!, groups, theme);
    assert.equal(style('mixer', 0).color, style('mixer', 1).color);
    assert.notEqual(style('mixer', 0).color, style('mixer', 2).color);
    assert.equal(new Set([0, 1, 2].map((at) => style('lr', at).color)).size, 3);
    assert.equal(style('lr', 2).opacity, 1);
    assert.equal(style('config', 2).opacity, 0.25);
    assert.equal(style('absent', 0).color, theme.secondary);
  });

  it('compare numbers', () => {
    const found = (filter: string): string =>
      groups
        .filter((entry) => matches(entry, filter))
        .map(({ key }) => key)
        .join('');
    assert.equal(found('lr>=1e-2'), 'bc');
    assert.equal(found('lr<0.05 mixer:mamba'), 'ab');
    assert.equal(found('lr=1e-3'), 'a');
    assert.equal(found('mixer=s4d'), 'c');
    assert.equal(found('mixer>1'), '');
  });
});
