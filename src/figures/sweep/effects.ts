/** @file Which key matters: for every value of every swept key its runs as dots at their result, and their median. */
import { median } from '../../util/median';
import { colourMap } from '../core/colormap';
import { configValue, percent } from '../core/format';
import { linearScale, logScale, type Scale } from '../core/scale';
import type { Mark, Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import { linearTicks, logTicks } from '../core/ticks';
import { distinct, resultScale, resultTitles, valuesOf, type Result, type SweepRow } from './axes';
import { inkColour, inkOf } from './ink';

export interface EffectsView {
  readonly target: Result;
  /** Runs outside of the brushes are drawn faint. */
  isKept(row: SweepRow): boolean;
  readonly hovered?: string | undefined;
}

const rowHeight = 20;
const gap = 10;
const labelRoom = 156;
const foot = 36;

interface Line {
  readonly key: string;
  readonly label: string;
  readonly rows: readonly SweepRow[];
  readonly first: boolean;
}

/** One line per value of a key; values of a key stand together. */
function linesOf(rows: readonly SweepRow[], keys: readonly string[]): Line[] {
  return keys.flatMap((key) => {
    const groups: { label: string; rows: SweepRow[] }[] = distinct(rows, key).map((value) => ({
      label: configValue(value),
      rows: rows.filter((row) => row.values[key] === value),
    }));
    const without = rows.filter((row) => row.values[key] === undefined || row.values[key] === null);
    if (without.length > 0) groups.unshift({ label: 'none', rows: without });
    return groups.map((group, index) => ({ key, ...group, first: index === 0 }));
  });
}

export function drawEffects(
  rows: readonly SweepRow[],
  keys: readonly string[],
  view: EffectsView,
  width: number,
  theme: Theme,
): Scene {
  const lines = linesOf(rows, keys);
  const { domain, log } = resultScale(rows, view.target);
  const range = [labelRoom, width - 12] as const;
  const x = log ? logScale(domain, range) : linearScale(domain, range);
  const height = lines.reduce((sum, line) => sum + rowHeight + (line.first ? gap : 0), 0) + foot;
  const marks = axisMarks(x, view.target, height - foot, theme);
  const ink = inkOf(rows, view.target);
  const map = colourMap(theme, false);
  const colourOf = (row: SweepRow): string => inkColour(map, ink(row) ?? 0);
  let y = 0;
  for (const line of lines) {
    if (line.first) y += gap;
    const middle = y + rowHeight / 2;
    marks.push(...nameMarks(line, middle, theme), ...dotMarks(line, middle, x, view, colourOf, theme));
    y += rowHeight;
  }
  const { title, unit } = resultTitles[view.target];
  marks.push({
    kind: 'text',
    text: [`best ${title}`, unit].filter(Boolean).join(', '),
    x: width - 12,
    y: height - 4,
    size: 11,
    color: theme.secondary,
    anchor: 'end',
  });
  return { width, height, fonts: theme.fonts, marks };
}

/** Vertical lines at the ticks of the result, and their labels below `bottom`. */
function axisMarks(x: Scale, target: Result, bottom: number, theme: Theme): Mark[] {
  const ticks = x.log
    ? logTicks(x.domain, 5)
    : linearTicks(x.domain, 4, target === 'accuracy' ? (value) => percent(value, 0) : undefined);
  return ticks.flatMap(({ value, label }): Mark[] => {
    const at = x.map(value);
    return [
      { kind: 'line', points: [at, 0, at, bottom], stroke: { color: theme.grid, width: 1 } },
      {
        kind: 'text',
        text: label,
        x: at,
        y: bottom + 14,
        size: 11,
        color: theme.secondary,
        anchor: 'middle',
      },
    ];
  });
}

/** The value of a line, and before the first of a key its name. */
function nameMarks({ key, label, first }: Line, middle: number, theme: Theme): Mark[] {
  const word = { kind: 'text', y: middle + 4, color: theme.foreground } as const;
  const value: Mark = {
    ...word,
    text: label,
    x: labelRoom - 12,
    size: 11,
    anchor: 'end',
    maxWidth: first ? labelRoom - 92 : labelRoom - 16,
  };
  return first ? [{ ...word, text: key, x: 0, size: 12, weight: 600, maxWidth: 76 }, value] : [value];
}

/** The runs of a line at their results, and their median. */
function dotMarks(
  line: Line,
  middle: number,
  x: Scale,
  { target, isKept, hovered }: EffectsView,
  colourOf: (row: SweepRow) => string,
  theme: Theme,
): Mark[] {
  const known = line.rows.filter((row) => Number.isFinite(row.results[target] ?? Number.NaN));
  const marks = known.map((row, index): Mark => {
    const isHovered = row.key === hovered;
    const dot: Mark = {
      kind: 'marker',
      // Neighbours step up and down a little, so that equal results stay visible.
      x: x.map(row.results[target]!),
      y: middle + ((index % 3) - 1) * 3,
      shape: 'circle',
      radius: isHovered ? 5 : 3,
      color: isHovered ? theme.foreground : colourOf(row),
    };
    return { kind: 'group', opacity: isKept(row) ? 1 : 0.25, marks: [dot] };
  });
  const middleValue = median(valuesOf(known, target));
  if (middleValue !== undefined) {
    const at = x.map(middleValue);
    const stroke = { color: theme.foreground, width: 2 };
    marks.push({ kind: 'line', points: [at, middle - 8, at, middle + 8], stroke });
  }
  return marks;
}

/** "mixer changes the median most: mamba 0.0012, attention 1.9" — for people who do not see the dots. */
export function effectsSummary(rows: readonly SweepRow[], keys: readonly string[], target: Result): string {
  const { share } = resultScale(rows, target);
  const effects = keys.map((key) => {
    const medians = linesOf(rows, [key])
      .map(({ label, rows: own }) => ({
        label,
        value: median(valuesOf(own, target)),
      }))
      .filter((entry): entry is { label: string; value: number } => entry.value !== undefined)
      .sort((a, b) => a.value - b.value);
    const size = medians.length > 1 ? share(medians.at(-1)!.value) - share(medians[0]!.value) : 0;
    return { key, medians, size };
  });
  const largest = effects.toSorted((a, b) => b.size - a.size)[0];
  if (!largest || largest.size <= 0) return 'No key changes the median.';
  const [first, last] = [largest.medians[0]!, largest.medians.at(-1)!];
  const words = ({ label, value }: { label: string; value: number }): string =>
    `${label} ${target === 'accuracy' ? percent(value) : Number(value.toPrecision(3))}`;
  return `${largest.key} changes the median ${resultTitles[target].title} most: ${words(first)}, ${words(last)}.`;
}
