import assert from 'node:assert/strict';
import { linearScale } from '../../src/figures/core/scale';
import { roughMeasure, type Mark, type TextMark } from '../../src/figures/core/scene';
import { makeTheme } from '../../src/figures/core/theme';
import { drawNotes } from '../../src/figures/curves/notes';

const theme = makeTheme('dark', () => '');
const plot = { x: 44, y: 8, width: 600, height: 300 };
const draw = (
  places: readonly number[],
  domain: readonly [number, number] = [0, 600],
  words = true,
): Mark[] => {
  const { rules, texts: said } = drawNotes(
    places.map((x) => ({ x, text: 'resumed' })),
    linearScale(domain, [plot.x, plot.x + plot.width]),
    plot,
    theme,
    roughMeasure,
    words,
  );
  return [...rules, ...said];
};
const texts = (marks: readonly Mark[]): TextMark[] => marks.filter((mark) => mark.kind === 'text');

describe('notes at events', () => {
  it('never lie over each other, and say how many have no room', () => {
    const many = Array.from({ length: 40 }, (_, i) => 15 * i);
    const marks = draw(many);
    const shown = texts(marks).filter(({ text }) => text === 'resumed');
    for (const a of shown)
      for (const b of shown)
        if (a !== b && a.y === b.y)
          assert.ok(Math.abs(a.x - b.x) >= roughMeasure(a.text, a.size), `${a.x} ${b.x}`);
    const [rest] = texts(marks).filter(({ text }) => text !== 'resumed');
    assert.equal(rest!.text, `${40 - shown.length} more notes: zoom in`);
    assert.ok(shown.every(({ y }) => y < rest!.y));
    assert.equal(marks.filter(({ kind }) => kind === 'line').length, 40);
    assert.equal(draw(many, [0, 60]).filter(({ kind }) => kind === 'text').length, 5);
  });
  it('are all said where there is room, in charts that have words', () => {
    assert.deepEqual(
      texts(draw([100, 300, 500])).map(({ text }) => text),
      ['resumed', 'resumed', 'resumed'],
    );
    assert.equal(texts(draw([100, 300, 500], [0, 600], false)).length, 0);
  });
  it('share a line where they are at one place', () => {
    const marks = draw([300, 300, 301]);
    assert.equal(marks.filter(({ kind }) => kind === 'line').length, 1);
    assert.equal(texts(marks).at(-1)!.text, '1 more note: zoom in');
  });
});
