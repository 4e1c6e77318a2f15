import assert from 'node:assert/strict';
import { makeTheme } from '../../src/figures/core/theme';
import type { Mark, Measure, Scene } from '../../src/figures/core/scene';
import { defaultRows, layoutSequence, rowNames } from '../../src/figures/scan/layout';
import { Recurrence } from '../../src/figures/scan/recurrence';
import { drawSequence } from '../../src/figures/scan/sequence';
import { drawSkeleton } from '../../src/figures/scan/skeleton';
import { views } from '../../src/protocol/view-scan';
import { inspection } from '../panels/scan-fixture';

const theme = makeTheme('dark', () => '');
const measureText: Measure = (text, size) => text.length * size * 0.48;
const flat = (marks: readonly Mark[]): Mark[] =>
  marks.flatMap((mark) => (mark.kind === 'group' ? flat(mark.marks) : [mark]));
const options = { width: 984, narrow: false, theme, measureText, rows: defaultRows };
const texts = (scene: Scene): Extract<Mark, { kind: 'text' }>[] =>
  flat(scene.marks).filter((mark) => mark.kind === 'text');

describe('the skeleton of a view', () => {
  for (const view of views)
    it(`has names and axes and no ink of data: ${view}`, () => {
      for (const width of [300, 388, 984, 1600]) {
        const scene = drawSkeleton(view, { ...options, width, narrow: width < 700 });
        const marks = flat(scene.marks);
        assert.ok(texts(scene).length > 0);
        assert.ok(marks.some(({ kind }) => kind === 'line' || kind === 'rect'));
        for (const mark of marks) {
          assert.ok(mark.kind === 'text' || mark.kind === 'line' || mark.kind === 'rect', mark.kind);
          if (mark.kind === 'rect') assert.equal(mark.fill, undefined);
          // Views stand a little inside of their scene.
          const inset = view === 'sequence' ? 0 : 8;
          if (mark.kind === 'line')
            for (let i = 0; i < mark.points.length; i += 2) {
              assert.ok(mark.points[i]! + inset <= scene.width, `${mark.points[i]} of ${scene.width}`);
              assert.ok(
                mark.points[i + 1]! + inset < scene.height,
                `${mark.points[i + 1]} of ${scene.height}`,
              );
            }
          if (mark.kind === 'text') assert.doesNotMatch(mark.text, /\d/);
        }
        assert.ok(scene.width <= width + 16);
      }
    });

  it('has its rows where those of the sequence come', () => {
    const scan = new Recurrence(inspection());
    for (const [width, narrow] of [
      [984, false],
      [388, true],
    ] as const) {
      const layout = layoutSequence(scan, { width, narrow, rows: defaultRows, scale: 1, position: 13 });
      const view = { channel: 9, position: 13, quantity: 'output' } as const;
      const drawn = drawSequence(scan, layout, view, theme, measureText);
      const empty = drawSkeleton('sequence', { ...options, width, narrow });
      assert.equal(empty.height, drawn.height);
      for (const name of ['State norm ‖h‖₂', 'Input map B', 'State h']) {
        const [at, there] = [empty, drawn].map((scene) => texts(scene).find(({ text }) => text === name));
        assert.deepEqual([at?.x, at?.y], [there?.x, there?.y], name);
      }
      // A row that is switched off has no place.
      const rows = defaultRows.filter((id) => id !== 'B');
      const fewer = drawSkeleton('sequence', { ...options, width, narrow, rows });
      assert.ok(fewer.height < empty.height);
      assert.ok(!texts(fewer).some(({ text }) => text === rowNames.B));
    }
  });
});
