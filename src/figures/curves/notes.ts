/** @file Notes at events in a chart: dotted verticals with words beside them where there is room. */
import type { Scale } from '../core/scale';
import type { Box, Mark, Measure } from '../core/scene';
import type { Theme } from '../core/theme';

export interface ChartNote {
  /** On the x axis. */
  readonly x: number;
  readonly text: string;
}

export interface DrawnNotes {
  /** Below the lines of the data. */
  readonly rules: Mark[];
  /** Above them, on a halo. */
  readonly texts: Mark[];
}

/** Lines of words at the top of the plot; the last is for what has no room. */
const lines = 3;
/** Verticals nearer than this are one, px. */
const apart = 3;

/**
 * Words go where none are yet, beside their vertical; the others are counted, and the count is said, since zooming in
 * makes room for them.
 * @param words false where a chart is too small for any
 */
export function drawNotes(
  notes: readonly ChartNote[],
  x: Scale,
  plot: Box,
  theme: Theme,
  measure: Measure,
  words: boolean,
): DrawnNotes {
  const size = 11 * (theme.fontSize / 13);
  const right = plot.x + plot.width;
  const crisp = (value: number): number => Math.round(value - 0.5) + 0.5;
  const seen = notes
    .map(({ x: place, text }) => ({ at: crisp(x.map(place)), text }))
    .filter(({ at }) => at >= plot.x - 1 && at <= right + 1)
    .sort((a, b) => a.at - b.at);
  const rules: Mark[] = [];
  const texts: Mark[] = [];
  let drawn = -Infinity;
  const ends = Array.from({ length: lines - 1 }, () => -Infinity);
  let hidden = 0;
  for (const { at, text } of seen) {
    if (at - drawn >= apart) {
      rules.push({
        kind: 'line',
        points: [at, plot.y, at, plot.y + plot.height],
        stroke: { color: theme.axis, width: 1, dash: [1.5, 2.5] },
      });
      drawn = at;
    }
    const width = measure(text, size);
    const left = at + 5 + width > right ? at - 5 - width : at + 5;
    const line = ends.findIndex((end) => left > end + 6);
    if (line < 0) {
      hidden++;
      continue;
    }
    ends[line] = left + width;
    texts.push(word(text, left, line, 'start'));
  }
  if (!words) return { rules, texts: [] };
  if (hidden > 0) {
    const text = `${hidden} more ${hidden === 1 ? 'note' : 'notes'}: zoom in`;
    texts.push(word(text, right - 5, lines - 1, 'end'));
  }
  return { rules, texts };

  function word(text: string, at: number, line: number, anchor: 'start' | 'end'): Mark {
    const y = plot.y + size * (1 + 1.3 * line);
    return { kind: 'text', x: at, y, text, size, color: theme.secondary, anchor, halo: theme.background };
  }
}
