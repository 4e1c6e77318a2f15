/**
 * @file What stands in the place of a view until its numbers are there: the names of its parts and their empty axes,
 * where they will be for an example of usual size. Nothing in it can be taken for data.
 */
import type { ViewName } from '../../protocol/view-scan';
import { fitText, type Box, type Measure, type Scene } from '../core/scene';
import type { Theme } from '../core/theme';
import { Ink } from './figure';
import { layoutSequence, rowNames, type RowId, type ScanShape } from './layout';

export interface SkeletonOptions {
  readonly width: number;
  readonly narrow: boolean;
  readonly theme: Theme;
  readonly measureText: Measure;
  /** Rows of the sequence view that are switched on. */
  readonly rows: readonly RowId[];
  /** Tokens of the example, where they are known already. */
  readonly length?: number | undefined;
}

/** A layer of usual size, for places of rows. */
const usual: ScanShape = { length: 32, channels: 64, states: 16, hasGate: true };

export function drawSkeleton(view: ViewName, options: SkeletonOptions): Scene {
  return view === 'sequence' ? sequence(options) : figure(view, options);
}

/** Where zero lies in the middle. */
const signedRows: ReadonlySet<RowId> = new Set(['gate', 'match']);
const heatRows: ReadonlySet<RowId> = new Set(['channels', 'B', 'C', 'state']);

function sequence({ width, narrow, theme, measureText, rows, length }: SkeletonOptions): Scene {
  const ink = new Ink(theme);
  const { scale } = ink;
  const layout = layoutSequence(
    { ...usual, length: length ?? usual.length },
    { width, narrow, rows, scale, position: 0 },
  );
  const { left, cell, from, to, tokens } = layout;
  const right = left + (to - from) * cell;
  const strip = { x: left + 0.5, y: tokens.y + 0.5, width: right - left - 1, height: tokens.height - 1 };
  ink.frame(strip, theme.border);
  if (!narrow) name(ink, 0, tokens.y + 14 * scale, 'Tokens');
  for (const row of layout.rows) {
    const { y, height } = row;
    const title = fitText(rowNames[row.id], narrow ? width : left - 24 * scale, 12 * scale, measureText, 600);
    name(ink, 0, row.caption + (narrow ? 13 : 10) * scale, title);
    if (heatRows.has(row.id))
      ink.frame({ x: left + 0.5, y: y + 0.5, width: right - left - 1, height: height - 1 }, theme.border);
    else {
      const zero = signedRows.has(row.id) ? y + height / 2 : y + height;
      ink.hairline(left, zero, right, zero);
    }
  }
  return { width, height: layout.height, fonts: theme.fonts, marks: ink.marks };
}

const name = (ink: Ink, x: number, y: number, text: string): void =>
  ink.text(x, y, text, { size: 12, weight: 600, color: ink.theme.foreground });

/** A part of a view: its title, and below it axes, a line alone, or the frame of a matrix. */
interface Part {
  readonly title: string;
  /** px; matrices are square and as wide as they are high. */
  readonly height: number;
  readonly kind: 'axes' | 'line' | 'matrices' | 'matrix';
}

/** The parts at the left and at the right, in reading order. */
const parts: Record<Exclude<ViewName, 'sequence'>, readonly [readonly Part[], readonly Part[]]> = {
  memory: [
    [
      { title: 'What the output still holds', height: 40, kind: 'line' },
      { title: 'Written and forgotten', height: 72, kind: 'line' },
      { title: 'Contribution by distance', height: 64, kind: 'line' },
    ],
    [{ title: 'Memory horizon', height: 150, kind: 'axes' }],
  ],
  attention: [
    [{ title: 'Hidden attention of the layers', height: 144, kind: 'matrices' }],
    [
      { title: 'The chosen matrix', height: 416, kind: 'matrix' },
      { title: 'What the token at the playhead reads', height: 32, kind: 'line' },
    ],
  ],
  kernel: [
    [
      { title: 'Kernel in time', height: 220, kind: 'axes' },
      { title: 'Kernel in frequency', height: 140, kind: 'axes' },
      { title: 'All channels', height: 64, kind: 'line' },
    ],
    [
      { title: 'Eigenvalues λ', height: 300, kind: 'axes' },
      { title: 'Modes', height: 24, kind: 'line' },
    ],
  ],
  order: [[{ title: 'Routes', height: 308, kind: 'matrix' }], []],
  training: [
    [
      { title: 'How the layer learned to read', height: 120, kind: 'matrices' },
      { title: 'Training loss', height: 120, kind: 'axes' },
    ],
    [],
  ],
};

const GAP = 24;

function figure(view: Exclude<ViewName, 'sequence'>, { width, theme, measureText }: SkeletonOptions): Scene {
  const ink = new Ink(theme);
  const [first, second] = parts[view];
  // As the views divide their width.
  const wide = width >= 900 && second.length > 0;
  const right = wide ? Math.min(470, Math.round(width * 0.36)) : width;
  const left = wide ? width - right - 40 : width;
  const column = (list: readonly Part[], x: number, y: number, room: number): number =>
    list.reduce((top, part) => draw(ink, part, { x, y: top, width: room }, measureText) + GAP, y);
  const below = column(first, 0, 0, left);
  const bottom = column(second, wide ? left + 40 : 0, wide ? 0 : below, right);
  return ink.figure(width, Math.max(below, bottom) - GAP + 4, '').scene;
}

/** Returns the bottom. */
function draw(ink: Ink, part: Part, at: Omit<Box, 'height'>, measureText: Measure): number {
  const { theme, scale } = ink;
  const { x, width } = at;
  ink.title(x, at.y + 14 * scale, part.title, '', measureText, width);
  const y = at.y + 26 * scale;
  const side = Math.min(width, part.height);
  switch (part.kind) {
    case 'axes':
      ink.hairline(x + 44, y, x + 44, y + part.height);
      ink.hairline(x + 44, y + part.height, x + width, y + part.height);
      break;
    case 'line':
      ink.hairline(x, y + part.height, x + width, y + part.height);
      break;
    case 'matrices':
      for (let left = x; left + side <= x + width; left += side + 14)
        ink.frame({ x: left + 0.5, y: y + 0.5, width: side - 1, height: side - 1 }, theme.axis);
      return y + side;
    case 'matrix':
      ink.frame({ x: x + 0.5, y: y + 0.5, width: side - 1, height: side - 1 }, theme.axis);
      return y + side;
  }
  return y + part.height;
}
