import assert from 'node:assert/strict';
import { Raster } from '../../src/figures/core/raster';
import type { LineMark } from '../../src/figures/core/scene';
import { runStyle } from '../../src/figures/core/palette';
import { makeTheme } from '../../src/figures/core/theme';
import { LayerData, paintLayer, type LayerRequest } from '../../src/figures/curves/layer';
import { uniform } from '../panels/curves-fixture';

const box = { x: 3, y: 2, width: 40, height: 30 };

function painted(line: Omit<LineMark, 'kind'>, ratio = 1): (x: number, y: number) => number {
  const raster = new Raster();
  raster.begin(box, ratio);
  raster.line({ kind: 'line', ...line });
  const { data, width } = raster.pixels();
  return (x, y) => data[4 * (y * width + x) + 3]! / 255;
}

/** Part of a pixel within `r` of any of the pieces, from 16 × 16 points. */
function covered(points: readonly number[], r: number, ratio: number, x: number, y: number): number {
  let inside = 0;
  for (let i = 0; i < 256; i++) {
    const px = box.x + (x + ((i % 16) + 0.5) / 16) / ratio;
    const py = box.y + (y + (Math.floor(i / 16) + 0.5) / 16) / ratio;
    for (let at = 2; at + 1 < points.length; at += 2) {
      const [x0, y0, x1, y1] = points.slice(at - 2, at + 2) as [number, number, number, number];
      const [dx, dy] = [x1 - x0, y1 - y0];
      const along = ((px - x0) * dx + (py - y0) * dy) / (dx * dx + dy * dy || 1);
      const t = Math.max(0, Math.min(1, along));
      if (Math.hypot(x0 + t * dx - px, y0 + t * dy - py) <= r) {
        inside++;
        break;
      }
    }
  }
  return inside / 256;
}

describe('lines in pixels', () => {
  it('cover what lies within half their width, on any slope and ratio', () => {
    const random = uniform(5);
    for (let turn = 0; turn < 12; turn++) {
      const points: number[] = [];
      for (let i = 0; i < 7; i++) points.push(box.x + (i * 40) / 6, box.y + 30 * random());
      // Straight up, as where a pixel column holds many rows.
      points.push(points.at(-2)!, box.y + 4);
      const ratio = [1, 1.5, 2][turn % 3]!;
      const width = 1 + 2 * random();
      const found = painted({ points, stroke: { color: '#fff', width } }, ratio);
      let worst = 0;
      for (let x = 0; x < 40 * ratio; x++) {
        for (let y = 0; y < 30 * ratio; y++) {
          worst = Math.max(worst, Math.abs(found(x, y) - covered(points, width / 2, ratio, x, y)));
        }
      }
      assert.ok(worst < 0.13, `off by ${worst} with width ${width}, ratio ${ratio}`);
    }
  });

  it('have dashes and gaps of the lengths that are asked for, level and upright', () => {
    const row = painted({ points: [3, 10.5, 43, 10.5], stroke: { color: '#fff', width: 1, dash: [6, 4] } });
    const level = Array.from({ length: 40 }, (_, x) => row(x, 8) > 0.5);
    assert.deepEqual(
      level,
      Array.from({ length: 40 }, (_, x) => x % 10 < 6),
    );
    const down = painted({ points: [20.5, 2, 20.5, 32], stroke: { color: '#fff', width: 1, dash: [6, 4] } });
    const upright = Array.from({ length: 30 }, (_, y) => down(17, y) > 0.5);
    assert.deepEqual(
      upright,
      Array.from({ length: 30 }, (_, y) => y % 10 < 6),
    );
  });

  it('begin their dashes anew where the pen was lifted', () => {
    const points = [3, 10.5, 7, 10.5, 8, Number.NaN, 23, 10.5, 43, 10.5];
    const found = painted({ points, stroke: { color: '#fff', width: 1, dash: [6, 4] } });
    const row = Array.from({ length: 40 }, (_, x) => found(x, 8) > 0.5);
    assert.deepEqual(
      row,
      row.map((_, x) => x < 4 || (x >= 20 && (x - 20) % 10 < 6)),
    );
  });

  it('may leave the picture as far as numbers go', () => {
    const points = [3, 10, 13, 1e300, 23, -1e9, 33, Infinity, 43, 10];
    const found = painted({ points, stroke: { color: '#fff', width: 2, dash: [2, 2.5] } });
    assert.ok(found(39, 8) >= 0);
  });

  it('are laid over each other as colours are', () => {
    const raster = new Raster();
    raster.begin(box, 1);
    const colours = ['#e06c30', '#3070e0', '#20c080', '#ffffff', '#000000'];
    const expected = [0, 0, 0, 0];
    for (let i = 0; i < 20; i++) {
      const color = colours[i % 5]!;
      const opacity = [0.16, 0.5, 0.9][i % 3]!;
      raster.line({ kind: 'line', points: [3, 12, 43, 12], stroke: { color, width: 6, opacity } });
      for (let c = 0; c < 3; c++) {
        const own = Number.parseInt(color.length === 7 ? color.slice(1 + 2 * c, 3 + 2 * c) : 'ff', 16);
        expected[c] = own * opacity + expected[c]! * (1 - opacity);
      }
      expected[3] = 255 * opacity + expected[3]! * (1 - opacity);
    }
    const { data } = raster.pixels();
    const at = 4 * (10 * 40 + 20);
    const alpha = expected[3]! / 255;
    for (let c = 0; c < 3; c++)
      assert.ok(Math.abs(data[at + c]! - expected[c]! / alpha) <= 3, `channel ${c}`);
    assert.ok(Math.abs(data[at + 3]! - expected[3]!) <= 2);
  });

  it('are painted by the worker for every group, in memory that the next picture may use again', () => {
    const theme = makeTheme('light', () => '');
    const layer = new LayerData();
    const step = Float64Array.from({ length: 20_000 }, (_, i) => i + 1);
    const groups = [0, 1].map((run) => {
      const loss = step.map((at) => 2 ** run * Math.exp(-at / 1e4));
      layer.take({
        type: 'rows',
        run: `${run}`,
        reset: false,
        table: 'train',
        columns: { step, loss },
        count: 20_000,
      });
      return { key: `${run}`, runs: [`${run}`], style: runStyle(run, theme), live: false, stale: false };
    });
    const request: LayerRequest = {
      type: 'draw',
      chart: 1,
      metric: 'loss',
      smoothing: { beta: 0.9, kind: 'centred', log: true },
      groups,
      view: { axis: 'step', xDomain: [0, 20_000], log: true, envelope: true, clipOutliers: false },
      frame: { width: 400, height: 200, left: 40, right: 20, top: 8, bottom: 24, xLabels: true, yTicks: 5 },
      theme,
      ratio: 1,
    };
    const raster = new Raster();
    paintLayer(layer.draw(request), 1, raster);
    const first = raster.pixels().data.slice();
    paintLayer(layer.draw({ ...request, groups: groups.slice(0, 1) }), 1, raster);
    paintLayer(layer.draw(request), 1, raster);
    assert.deepEqual(raster.pixels().data, first);
    // Two lines in every pixel column: nothing, something, nothing, something.
    const { width, height } = raster;
    const column = Array.from({ length: height }, (_, y) => first[4 * (y * width + 150) + 3]! > 60);
    const changes = column.filter((on, y) => on !== (column[y - 1] ?? false)).length;
    assert.equal(changes, 4);
  });
});
