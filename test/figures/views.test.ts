/** @file Figures of the views without a browser: what lies where, what is said, numbers that match the analyses. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hiddenAttentionRow } from '../../src/analysis/hidden-attention';
import { kernel } from '../../src/analysis/lti';
import { roughMeasure } from '../../src/figures/core/scene';
import { sceneToSvg } from '../../src/figures/core/svg';
import { makeTheme } from '../../src/figures/core/theme';
import { chosenMatrix, matricesOf } from '../../src/figures/scan/attention/data';
import { withExact } from '../../src/figures/scan/attention/exact';
import { around, detailOf } from '../../src/figures/scan/attention/detail';
import { drawAttention, pageOf } from '../../src/figures/scan/attention/view';
import { columnOf, cutOf, rowOf } from '../../src/figures/scan/attention/cut';
import { pinnedSide, sharedMax } from '../../src/figures/scan/attention/pinned';
import { showing, within as inWindow, zoomed } from '../../src/figures/scan/attention/window';
import type { AttentionView } from '../../src/figures/scan/attention/options';
import { number3 } from '../../src/figures/core/format';
import { pickAt, type Viewport } from '../../src/figures/scan/figure';
import { filterOf, gainOf, modesOf, peakOf } from '../../src/figures/scan/kernel/data';
import { drawKernel } from '../../src/figures/scan/kernel/view';
import { cellOf, largest, strongestKeys } from '../../src/figures/scan/matrix';
import { contributions, keeping, scanOf, within, writes } from '../../src/figures/scan/memory/reach';
import { reachWords } from '../../src/figures/scan/memory/words';
import { fromScan, fromSurvey } from '../../src/figures/scan/memory/source';
import { drawMemory } from '../../src/figures/scan/memory/view';
import { stepsOf } from '../../src/figures/scan/order/options';
import { drawOrder } from '../../src/figures/scan/order/view';
import { Recurrence } from '../../src/figures/scan/recurrence';
import { film } from '../../src/figures/scan/training/film';
import { drawTraining } from '../../src/figures/scan/training/view';
import { routeSystems } from '../../src/analysis/routes/systems';
import { inspection, ring } from '../panels/scan-fixture';
import { filters, frames, survey } from '../panels/views-fixture';

const theme = makeTheme('dark', () => '');
const options = { width: 1200, theme, measureText: roughMeasure };
const found = inspection();
const scan = new Recurrence(found);
const all = survey();
const layers = matricesOf(all);

describe('reach of a scan', () => {
  it('adds up to the output: contributions of a channel are those of its matrix', () => {
    const one = new Recurrence(inspection({ channels: 1 }));
    const parts = contributions(one, 20);
    const row = hiddenAttentionRow(scanOf(one)!, 0, 20);
    const D = one.inspection.probes['D']!.data[0]!;
    for (let j = 0; j <= 20; j++) {
      const entry = (row[j]! + (j === 20 ? D : 0)) * one.x(j, 0) * one.gate(20, 0);
      assert.ok(Math.abs(parts[j]! - Math.abs(entry)) < 1e-9);
    }
  });
  it('is the same without the states, which follow from the rest', () => {
    const { state: _state, A_bar: _A_bar, ...probes } = found.probes;
    const lean = new Recurrence({ ...found, probes });
    for (const t of [0, 13, 31])
      for (const n of [0, 7, 15]) {
        assert.ok(Math.abs(lean.h(t, 5, n) - scan.h(t, 5, n)) < 1e-4 * (1 + Math.abs(scan.h(t, 5, n))));
        assert.ok(Math.abs(lean.kept(t, 5, n) - scan.kept(t, 5, n)) < 1e-6);
      }
  });
  it('writes what enters the state', () => {
    const strength = writes(scan);
    let sum = 0;
    for (let c = 0; c < scan.channels; c++)
      for (let n = 0; n < scan.states; n++)
        sum += (scan.h(13, c, n) - scan.kept(13, c, n) * scan.h(12, c, n)) ** 2;
    assert.ok(Math.abs(Math.sqrt(sum) - strength[13]!) < 1e-4 * strength[13]!);
    const { kept, forget } = keeping(scan);
    assert.ok(kept.every((value) => value > 0 && value <= 1));
    assert.ok(forget[13]! > 0.5);
  });
  it('counts back from the end', () => {
    assert.equal(within([0, 0, 1, 1], 0.5), 0);
    assert.equal(within([0, 0, 1, 1], 0.9), 1);
    assert.equal(within([5], 0.9), 0);
  });
  it('says in words from how far back it comes, and names the token that outweighs all others', () => {
    const label = (at: number): string => 'abcdefgh '[at]!;
    const words = (values: readonly number[]): string => reachWords(values, label).replaceAll(/\s/g, ' ');
    assert.equal(words([1, 1, 1, 1]), '50 % from the last 2 tokens · 90 % from the last 4 tokens');
    assert.equal(
      words([0, 0.1, 6, 0.4, 3.5]),
      '60 % from one token, “c”, 2 back · 90 % from the last 3 tokens',
    );
    assert.equal(words([0, 0, 2, 0, 6]), '75 % from this token itself · 90 % from the last 3 tokens');
    assert.equal(words([0.01, 0, 9.99]), '99 % from this token itself');
    assert.equal(words([7]), '100 % from this token itself');
    assert.equal(words([0, 0]), 'nothing is held');
    assert.match(
      reachWords([9, 1], () => ' '),
      /^90\s% from one token, “␣”, 1 back$/,
    );
  });
});

describe('the memory view', () => {
  it('says how far the layer reaches, and finds the token under the pointer', () => {
    const figure = drawMemory(
      fromScan(scan),
      { position: 20, source: undefined, overlay: 'contribution' },
      { ...options, surveys: all.surveys },
    );
    assert.match(figure.summary, /Contribution at position 20 of 31, token g: \d+\s% from [^.]+/);
    const pick = pickAt(figure, 8 + 3, 8 + 30);
    assert.equal(pick?.position, 0);
    assert.match(sceneToSvg(figure.scene), /Memory horizon/);
    // The words of every layer stand above its bars, and its dots lie on the line of the running share.
    const marks = figure.scene.marks.flatMap((mark) => (mark.kind === 'group' ? mark.marks : [mark]));
    const own = contributions(scan, 20).slice(0, 21);
    const words = reachWords(own, (at) => found.tokens[at]!.label);
    assert.ok(marks.some((mark) => mark.kind === 'text' && mark.text === words));
    const dots = marks.filter((mark) => mark.kind === 'marker' && mark.shape === 'circle');
    assert.ok(dots.length >= all.surveys.length);
    for (const dot of dots) {
      assert.ok(dot.kind === 'marker');
      assert.ok(
        marks.some(
          (mark) =>
            mark.kind === 'line' &&
            Array.from(mark.points).some(
              (x, i, points) => i % 2 === 0 && x === dot.x && points[i + 1] === dot.y,
            ),
        ),
      );
    }
  });
  it('reads the survey where a layer has no recurrence', () => {
    const source = fromSurvey({ ...found, layer: 2 }, all.surveys)!;
    const matrix = all.surveys[2]!.probes['contribution']!.data;
    assert.deepEqual(source.contribution(5), matrix.slice(5 * 32, 5 * 32 + 6));
    const view = { position: 20, source: undefined, overlay: 'contribution' } as const;
    const figure = drawMemory(source, view, { ...options, surveys: all.surveys });
    assert.match(figure.summary, /^Layer 2\. Contribution at position 20/);
    assert.doesNotMatch(sceneToSvg(figure.scene), /Written and forgotten/);
  });
  it('tells half-lives of all layers once they are there', () => {
    const waiting = drawMemory(
      fromScan(scan),
      { position: 20, source: undefined, overlay: 'write' },
      { ...options, surveys: [] },
    );
    assert.match(sceneToSvg(waiting.scene), /being computed/);
  });
});

describe('the attention view', () => {
  const view = {
    layer: 0,
    matrix: null,
    position: 31,
    source: 13,
    measure: 'entries',
    scale: 'matrix',
  } as const;
  it('takes a matrix that was asked for alone: exact when large, with its single reads when small', () => {
    const [layer] = matricesOf(survey());
    const size = 300;
    const data = new Float32Array(size * size);
    data[250 * size + 17] = -3;
    const exact = {
      size,
      data,
      signed: true,
      causal: true,
      index: 40,
      name: 'channel 40',
      max: 3,
    };
    const taken = withExact(layer!, exact);
    assert.equal(chosenMatrix(taken, 40, 'entries'), exact);
    assert.equal(taken.strongest.length, layer!.strongest.length);
    const small = taken.strongest.at(-1)!;
    assert.deepEqual([small.index, small.size], [40, 128]);
    const at = cellOf(small, 250) * 128 + cellOf(small, 17);
    assert.deepEqual([small.data[at], Array.from(small.data).filter((entry) => entry !== 0).length], [-3, 1]);
    // One that the survey has already is only exact.
    const known = layer!.strongest[1]!;
    assert.deepEqual(withExact(layer!, known).strongest, layer!.strongest);
  });

  it('gives both sides of a pair the same room, whatever the width', () => {
    const layers = matricesOf(survey());
    for (const width of [760, 1328, 1900]) {
      const { viewports, scene } = drawAttention(
        layers,
        { ...view, source: undefined },
        {
          width,
          theme,
          measureText: roughMeasure,
          tokens: inspection().tokens,
          pin: {
            pin: { target: '/runs/b', name: 'b', layer: 0, matrix: null, follows: true },
            layers: matricesOf(survey({ example: 3 })),
          },
        },
      );
      const [left, right] = viewports;
      assert.deepEqual([left!.width, left!.y], [right!.width, right!.y]);
      assert.ok(Math.abs(right!.x - left!.x - (width + 40) / 2) <= 1);
      assert.equal(scene.width, width + 16);
    }
  });

  it('names what the playhead reads most', () => {
    const figure = drawAttention(layers, view, { ...options, tokens: found.tokens });
    const [first] = strongestKeys(layers[0]!.mean, 31, 1);
    assert.equal(first!.key, 13);
    assert.match(figure.summary, /Position 31, token ⇒, reads most from position 13, token m/);
  });
  it('takes the chosen matrix, or the mean where the layer has no such one', () => {
    const index = layers[0]!.strongest[1]!.index;
    assert.equal(chosenMatrix(layers[0]!, index, 'entries').index, index);
    assert.equal(chosenMatrix(layers[0]!, 4711, 'entries').index, null);
    assert.equal(chosenMatrix(layers[0]!, index, 'contribution'), layers[0]!.contribution);
  });
  it('finds cells in tiles, and pages many layers around the chosen one', () => {
    assert.equal(cellOf({ edges: [0, 3, 6, 9] }, 5), 1);
    assert.equal(cellOf({ edges: [0, 3, 6, 9] }, 8), 2);
    const many = Array.from({ length: 40 }, (_, layer) => ({ ...layers[0]!, layer }));
    const page = pageOf(many, 20);
    assert.equal(page.length, 12);
    assert.ok(page.some(({ layer }) => layer === 20));
    assert.equal(pageOf(many, 39).at(-1)!.layer, 39);
  });
  it('never has a cell above the diagonal of a causal layer', () => {
    const figure = drawAttention(layers, view, { ...options, tokens: found.tokens });
    for (let x = 0; x < 800; x += 7)
      for (let y = 0; y < 700; y += 7) {
        const pick = pickAt(figure, x, y);
        if (pick?.position !== undefined && pick.source !== undefined)
          assert.ok(pick.source <= pick.position);
      }
  });
});

describe('a part of the matrices', () => {
  it('keeps what lies at the pointer where it is, and never leaves the matrix', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 500 }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (length, factor, a, b) => {
          const start = zoomed(null, length, 0.5, { query: length * a, key: length * b })!;
          const at = { query: start.query + start.size * a, key: start.key + start.size * b };
          const next = zoomed(start, length, factor, at) ?? { query: 0, key: 0, size: length };
          assert.ok(next.query >= 0 && next.query + next.size <= length + 1e-9);
          assert.ok(next.key >= 0 && next.key + next.size <= length + 1e-9);
          assert.ok(next.size >= 4);
          if (next.size <= start.size)
            assert.ok(Math.abs((at.query - next.query) / next.size - a) < 1e-6, 'the query has moved');
        },
      ),
    );
  });
  it('has the entries of the whole matrix at their positions, also in tiles', () => {
    const size = 10;
    const data = Float64Array.from({ length: size * size }, (_, i) => i);
    const plain = cutOf({ size, data, signed: false, causal: true }, { query: 6, key: 3, size: 4 }, size);
    assert.deepEqual([plain.count, plain.query(0), plain.key(4)], [4, 6, 7]);
    assert.equal(plain.value(1, 2), 75);
    // Position 7 cannot be read at 6.
    assert.equal(
      cutOf({ size, data, signed: false, causal: true }, { query: 6, key: 6, size: 4 }, size).value(0, 1),
      undefined,
    );
    const edges = Array.from({ length: size + 1 }, (_, k) => 3 * k);
    const tiles = cutOf(
      { size, data, signed: false, causal: true, edges },
      { query: 18, key: 9, size: 12 },
      30,
    );
    assert.deepEqual([tiles.count, tiles.query(0), tiles.key(0), tiles.key(4)], [4, 18, 9, 21]);
    assert.equal(tiles.value(1, 2), 75);
    assert.deepEqual([rowOf(tiles, 22), rowOf(tiles, 30), columnOf(tiles, 8)], [1, undefined, undefined]);
  });
  it('follows a cell as little as needed', () => {
    assert.deepEqual(showing({ query: 4, key: 4, size: 8 }, 32, 14, 5), { query: 7, key: 4, size: 8 });
    assert.equal(inWindow({ query: 0, key: 0, size: 40 }, 32), undefined);
  });
});

describe('a pinned matrix', () => {
  const other = matricesOf(survey({ example: 3 }));
  const pin = { target: '/runs/b', name: 'seed 2', layer: 0, matrix: null, follows: true };
  const base: AttentionView = {
    layer: 0,
    matrix: null,
    position: 31,
    source: 13,
    measure: 'entries',
    scale: 'matrix',
  };
  const drawn = (patch: Partial<AttentionView>) =>
    drawAttention(
      layers,
      { ...base, ...patch },
      {
        ...options,
        width: 1300,
        tokens: found.tokens,
        name: 'seed 1',
        pin: { pin, layers: other },
      },
    );
  it('stands beside the chosen one under one cursor and window', () => {
    const figure = drawn({ window: { query: 20, key: 6, size: 12 } });
    const ranges = figure.viewports.map(({ query, key, size }) => [query, key, size]);
    assert.deepEqual(ranges, [
      [20, 6, 12],
      [20, 6, 12],
    ]);
    const [own, beside] = figure.viewports as [Viewport, Viewport];
    assert.equal(own.y, beside.y);
    const at = (box: Viewport) => pickAt(figure, box.x + box.width * 0.3, box.y + box.height * 0.6)!;
    assert.deepEqual(
      [
        at(own).position,
        at(own).source,
        at(own).pinned,
        at(beside).position,
        at(beside).source,
        at(beside).pinned,
      ],
      [27, 9, undefined, 27, 9, true],
    );
  });
  it('is the same channel, or the one of the same rank where the other run has others in front', () => {
    const index = layers[0]!.strongest[1]!.index!;
    const own = { layer: layers[0]!, matrix: layers[0]!.strongest[1]! };
    const same = other[0]!.strongest.find((one) => one.index === index) ?? other[0]!.strongest[1]!;
    assert.equal(pinnedSide(pin, other, own, 'entries')!.matrix, same);
    const fixed = { ...pin, follows: false, layer: 1, matrix: null };
    assert.equal(pinnedSide(fixed, other, own, 'entries')!.matrix, other[1]!.mean);
    assert.equal(pinnedSide(pin, undefined, own, 'entries'), undefined);
  });
  it('tells both numbers, and shares the scale only with its own kind', () => {
    const key = 3;
    const [a, b] = [layers[0]!, other[0]!].map(({ mean }) => number3(mean.data[20 * mean.size + key]!));
    assert.match(
      drawn({ position: 20, source: key, matrix: null, layer: 0 }).summary,
      new RegExp(`Pinned: seed 2, layer 0, mamba, mean of 64: ${b} from position 3, against ${a}\\.$`),
    );
    const side = (at: number) => ({ layers, layer: layers[at]!, matrix: layers[at]!.mean, name: '' });
    assert.equal(sharedMax(side(0), side(1), 'entries'), Math.max(layers[0]!.mean.max, layers[1]!.mean.max));
    assert.equal(sharedMax(side(0), side(2), 'entries'), undefined);
  });
});

describe('exact entries of a long scan', () => {
  it('are those of the whole matrix', () => {
    const long = new Recurrence(inspection({ length: 200, channels: 6, states: 4 }));
    const one = detailOf(long, 2, around(150, 60))!;
    assert.deepEqual([one.query, one.key, one.size], [126, 36, 48]);
    const row = hiddenAttentionRow(scanOf(long)!, 2, 150);
    for (let j = 0; j < 48; j++) assert.ok(Math.abs(one.data[24 * 48 + j]! - row[36 + j]!) < 1e-12);
    const mean = detailOf(long, null, around(199, 199))!;
    assert.equal(mean.channels, 6);
    const last = Array.from({ length: 6 }, (_, c) =>
      Math.abs(hiddenAttentionRow(scanOf(long)!, c, 199)[199]!),
    );
    assert.ok(Math.abs(mean.data.at(-1)! - last.reduce((a, b) => a + b, 0) / 6) < 1e-9);
    // Nothing above the diagonal.
    assert.equal(mean.data[47], 0);
  });
});

describe('the kernel view', () => {
  const arrays = filters();
  it('shows what the modes add up to', () => {
    const filter = filterOf(arrays, 1)!;
    const gain = gainOf(filter, 65);
    // At frequency zero the response is the sum of the whole kernel.
    const sum = kernel(filter.poles!, 20_000).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(gain[0]! - Math.abs(sum)) < 1e-6 * gain[0]!);
    assert.equal(modesOf(filter).length, 16);
    const { lag, value } = peakOf(filter.kernel);
    assert.equal(Math.abs(value), Math.fround(largest(filter.kernel)));
    const figure = drawKernel({ channel: 1, mode: 3, compare: 'initial' }, { ...options, arrays, layer: 0 });
    assert.match(figure.summary, new RegExp(`^Channel 1 of 4: largest value .* at delay ${lag}\\.`));
  });
  it('draws kernels without modes, and kernels that look ahead', () => {
    const both = {
      kernel: {
        ...filters(2, 4, 32)['kernel']!,
        shape: [2, 1, 32],
        labels: { kernel: ['causal', 'ahead'] },
      },
    };
    const figure = drawKernel(
      { channel: 0, mode: null, compare: 'none' },
      { ...options, arrays: both, layer: 0 },
    );
    assert.match(sceneToSvg(figure.scene), /left of 0 looks ahead/);
    assert.equal(filterOf(both, 0)!.ahead!.length, 32);
  });
});

describe('the scan order', () => {
  it('has the picture under every grid of its shape, and none where it would be stretched', () => {
    const view = { system: 'ss2d', rows: 7, columns: 7, step: 3, token: 0, index: false };
    const images = (patch: Partial<typeof view & { image: boolean }>): number =>
      JSON.stringify(
        drawOrder({ ...view, ...patch }, { ...options, picture: ring }).scene.marks,
        (key, value: unknown) => (key === 'pixels' ? undefined : value),
      ).split('"kind":"image"').length - 1;
    const below = images({}) - images({ image: false });
    assert.equal(below, 5, 'the image and four routes');
    assert.equal(images({ rows: 14, columns: 14 }) - images({ rows: 14, columns: 14, image: false }), 5);
    assert.equal(images({ rows: 7, columns: 8 }), images({ rows: 7, columns: 8, image: false }));
  });
  it('is drawn for every system on odd, even and thin grids', () => {
    for (const system of Object.keys(routeSystems)) {
      for (const [rows, columns] of [
        [5, 7],
        [6, 4],
        [1, 3],
        [1, 1],
      ] as const) {
        const view = { system, rows, columns, step: 1, token: 0, index: true };
        const figure = drawOrder(view, options);
        assert.match(figure.summary, new RegExp(`^Step 1 of ${stepsOf(view) - 1}\\.`));
        for (const { order } of routeSystems[system]!.routes(rows, columns)) {
          const tokens = [...order].filter((p) => p >= 0 && p < rows * columns);
          assert.equal(new Set(tokens).size, tokens.length, `${system} ${rows} × ${columns}`);
        }
      }
    }
  });
});

describe('the replay of training', () => {
  const { frames: list, tokens, losses } = frames();
  it('chooses frames where most changes', () => {
    const chosen = film(list, 0, 7, 'change');
    assert.equal(chosen.length, 7);
    assert.deepEqual([chosen[0], chosen.at(-1)], [0, 18]);
    const steps = chosen.map((k) => list[k]!.step);
    assert.ok(steps.filter((step) => step >= 250 && step <= 500).length >= 3, steps.join());
    assert.deepEqual(
      film(list, 0, 7, 'steps').map((k) => list[k]!.step),
      [0, 150, 300, 450, 600, 750, 900],
    );
  });
  it('keeps one range and says where it is', () => {
    const figure = drawTraining(
      { layer: 0, at: 7, choose: 'change', position: 13, source: undefined },
      { ...options, frames: list, tokens, losses },
    );
    assert.match(figure.summary, /^Probe 8 of 19, step 350, layer 0\. Loss /);
    assert.match(sceneToSvg(figure.scene), /step 350/);
  });
});
