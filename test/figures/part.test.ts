import assert from 'node:assert/strict';
import { layoutSequence, overviewAt, type ScanShape } from '../../src/figures/scan/layout';
import { movedPart, partAround, partShowing, shownPart, zoomedPart } from '../../src/figures/scan/part';

const shape = (length: number): ScanShape => ({ length, channels: 8, states: 4, hasGate: false });
const view = { width: 1000, narrow: false, rows: ['delta'], scale: 1, position: 0 } as const;

describe('the part of a sequence that is looked at', () => {
  it('leaves in its place what is zoomed about, and is never smaller than four positions', () => {
    for (const at of [0, 17.25, 40, 99]) {
      const [from, to] = zoomedPart([0, 100], 0.5, at, 100, 400)!;
      assert.equal(to - from, 50);
      assert.ok(Math.abs((at - from) / 50 - at / 100) < 1e-12);
    }
    const [from, to] = zoomedPart([10, 15], 0.01, 12, 100, 400)!;
    assert.deepEqual([from, to], [10.4, 14.4]);
  });

  it('is everything again when it is zoomed out of, and no more than has room', () => {
    assert.equal(zoomedPart([10, 90], 2, 50, 100, 400), null);
    assert.deepEqual(zoomedPart([300, 500], 4, 400, 1000, 250), [275, 525]);
    assert.equal(zoomedPart([0, 3], 0.5, 1, 3, 400), null);
  });

  it('moves as far as there are positions', () => {
    assert.deepEqual(movedPart([10, 20], 0.25, 100), [10.25, 20.25]);
    assert.deepEqual(movedPart([10, 20], -50, 100), [0, 10]);
    assert.deepEqual(movedPart([10, 20], 500, 100), [90, 100]);
    assert.deepEqual(partAround([10, 20], 50, 100), [45.5, 55.5]);
    assert.deepEqual(partAround([10, 20], 2, 100), [0, 10]);
  });

  it('shows the position that it is to show, whatever is rounded', () => {
    for (let k = 0; k < 2000; k++) {
      // Parts at all fractions of positions.
      const [from, count] = [(k * 0.731) % 70, 4 + ((k * 0.377) % 25)];
      const at = (k * 13) % 100;
      const part = partShowing([from, from + count], at, 100);
      const layout = layoutSequence(shape(100), { ...view, zoom: part ?? undefined });
      assert.ok(at >= layout.from && at < layout.to, JSON.stringify({ from, count, at }));
      if (at >= from && at + 1 <= from + count) assert.deepEqual(part, [from, from + count]);
    }
  });

  it('is drawn as whole positions, as many of them wherever it is', () => {
    const zoom = [10.4, 30.6] as const;
    const layout = layoutSequence(shape(100), { ...view, zoom });
    assert.deepEqual([layout.from, layout.to], [10, 30]);
    assert.equal(shownPart(zoom, layout), zoom);
    for (let k = 0; k < 20; k++) {
      const moved = layoutSequence(shape(100), { ...view, zoom: movedPart(zoom, k / 10, 100)! });
      assert.equal(moved.to - moved.from, 20);
    }
    const end = layoutSequence(shape(100), { ...view, zoom: [79.6, 100] });
    assert.deepEqual([end.from, end.to], [80, 100]);
  });

  it('is what has room where a panel has become narrower', () => {
    const layout = layoutSequence(shape(2000), { ...view, zoom: [100, 900] });
    assert.deepEqual([layout.from, layout.to], [100, 100 + layout.room]);
    assert.deepEqual(shownPart([100, 900], layout), [100, 100 + layout.room]);
  });

  it('has all positions above it, where it is not all', () => {
    const layout = layoutSequence(shape(1000), { ...view, zoom: [500, 600] });
    const span = 100 * layout.cell;
    assert.equal(overviewAt(layout, 1000, layout.left, 10), 0);
    assert.equal(overviewAt(layout, 1000, layout.left + span / 2, 10), 500);
    assert.equal(overviewAt(layout, 1000, layout.left + span + 500, 10), 999);
    assert.equal(overviewAt(layout, 1000, layout.left - 1, 10), undefined);
    assert.equal(overviewAt(layout, 1000, layout.left, layout.tokens.y), undefined);
    assert.equal(overviewAt(layoutSequence(shape(20), view), 20, layout.left, 10), undefined);
  });
});
