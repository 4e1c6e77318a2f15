/** @file Where the rows of the sequence view lie. All rows share one x scale and left edge, to the pixel. */
import type { Recurrence } from './recurrence';

/** What the place of a row depends on; known before the numbers are. */
export type ScanShape = Pick<Recurrence, 'length' | 'channels' | 'states' | 'hasGate'> & {
  /** Of a bidirectional layer the scan from right to left. */
  readonly other?: unknown;
};

export type RowId = 'delta' | 'kept' | 'gate' | 'norm' | 'match' | 'parts' | 'channels' | 'B' | 'C' | 'state';

/** What the heat map by channel shows. */
export type ChannelQuantity = 'output' | 'delta' | 'norm' | 'gate' | 'x';

export interface SequenceView {
  readonly channel: number;
  readonly position: number;
  /** Another position that is pointed at. */
  readonly linked?: number | undefined;
  readonly quantity: ChannelQuantity;
}

export const rowNames: Record<RowId, string> = {
  delta: 'Step size Δ',
  kept: 'Kept exp(ΔA)',
  gate: 'Gate silu(z)',
  norm: 'State norm ‖h‖₂',
  match: 'Match CᵀB',
  parts: 'Parts of y',
  channels: 'Output by channel',
  B: 'Input map B',
  C: 'Output map C',
  state: 'State h',
};

export const defaultRows: readonly RowId[] = [
  'delta',
  'kept',
  'gate',
  'norm',
  'match',
  'parts',
  'channels',
  'B',
  'C',
  'state',
];

/** Rows that each direction of a bidirectional layer has. */
const perDirection: ReadonlySet<RowId> = new Set(['delta', 'kept', 'norm', 'match', 'B', 'C', 'state']);

export interface RowPlace {
  readonly id: RowId;
  /** The row of the scan from right to left. */
  readonly back: boolean;
  /** Top and height of the plot of the row. */
  readonly y: number;
  readonly height: number;
  /** Top of the caption. */
  readonly caption: number;
}

export interface SequenceLayout {
  readonly width: number;
  readonly height: number;
  readonly narrow: boolean;
  /** Left edge of the first cell. */
  readonly left: number;
  /** px per token. */
  readonly cell: number;
  /** Positions shown, from … to (exclusive). */
  readonly from: number;
  readonly to: number;
  /** The most positions that have room. */
  readonly room: number;
  /** Whether positions outside are cut off, and an overview is drawn. */
  readonly windowed: boolean;
  readonly overview: { readonly y: number; readonly height: number } | undefined;
  readonly indexY: number;
  readonly tokens: { readonly y: number; readonly height: number };
  readonly rows: readonly RowPlace[];
  /** Bottom of the last row. */
  readonly bottom: number;
}

/** Smallest cell, px: wide views magnify the tokens near the playhead, narrow ones show a window. */
export const minCell = (narrow: boolean): number => (narrow ? 7.5 : 4);
const maxCell = 32;

/** Height of a caption beside its row, in lines. */
const captionLines: Record<RowId, number> = {
  delta: 3.6,
  kept: 2.6,
  gate: 1.7,
  norm: 1.7,
  match: 2.6,
  parts: 3.6,
  channels: 6.4,
  B: 4.4,
  C: 4.4,
  state: 4.4,
};

export interface LayoutOptions {
  readonly width: number;
  readonly narrow: boolean;
  readonly rows: readonly RowId[];
  /** Scale of the user's font against 13 px. */
  readonly scale: number;
  /** Positions that the user zoomed to. */
  readonly zoom?: readonly [number, number] | undefined;
  readonly position: number;
}

function heightOf(id: RowId, scan: ScanShape, narrow: boolean): number {
  switch (id) {
    case 'delta':
      return narrow ? 44 : 64;
    case 'kept':
    case 'gate':
      return narrow ? 32 : 40;
    case 'norm':
      return narrow ? 40 : 52;
    case 'match':
    case 'parts':
      return narrow ? 40 : 52;
    case 'channels': {
      // Whole pixels a row, so that no row looks stronger for being thicker; few channels have room for more.
      if (!narrow && scan.channels <= 64) return Math.max(48, Math.round(scan.channels * 2.75));
      const { rows } = pooled(scan.channels, mostRows(narrow));
      return rows * Math.max(1, Math.floor((narrow ? 128 : 256) / rows));
    }
    case 'B':
    case 'C':
      return Math.max(24, Math.min(narrow ? 64 : 96, scan.states * (narrow ? 4 : 5)));
    case 'state':
      return Math.max(32, Math.min(narrow ? 80 : 160, Math.round(scan.states * (narrow ? 4 : 7.5))));
  }
}

/** Positions to show: what the user zoomed to, all when they fit, else a window that follows the playhead. */
function shown(scan: ScanShape, plot: number, room: number, options: LayoutOptions): [number, number] {
  if (options.zoom) {
    // Whole positions, and as many of them wherever the zoomed part is moved to.
    const [first, last] = options.zoom;
    const count = Math.max(1, Math.min(room, scan.length, Math.round(last - first)));
    const from = Math.max(0, Math.min(scan.length - count, Math.round(first)));
    return [from, from + count];
  }
  if (scan.length <= room) return [0, scan.length];
  const count = Math.max(1, Math.floor(plot / (options.narrow ? 10 : 8)));
  // Pages, so that stepping moves the picture seldom.
  const page = Math.floor(options.position / count);
  const from = Math.min(page * count, scan.length - count);
  return [from, from + count];
}

export function layoutSequence(scan: ScanShape, options: LayoutOptions): SequenceLayout {
  const { width, narrow, scale } = options;
  const left = narrow ? 0 : Math.round(152 * scale);
  const plot = Math.max(40, width - left - (narrow ? 0 : 1));
  const room = Math.floor(plot / minCell(narrow));
  const [from, to] = shown(scan, plot, room, options);
  const count = to - from;
  const cell = Math.min(maxCell, narrow ? plot / count : Math.max(minCell(false), Math.floor(plot / count)));
  const windowed = count < scan.length;
  const line = 14 * scale;
  let y = 0;
  const overview = windowed ? { y: 2, height: 28 } : undefined;
  if (overview) y += overview.height + 10;
  const indexY = y + Math.round(12 * scale);
  y += Math.round(17 * scale);
  const tokens = { y, height: 24 };
  y += 24 + (narrow ? 6 : 26);
  const rows: RowPlace[] = [];
  const shownRows = options.rows
    .filter((id) => (id !== 'gate' || scan.hasGate) && (id !== 'parts' || scan.other))
    .flatMap((id) =>
      (scan.other && perDirection.has(id) ? [false, true] : [false]).map((back) => ({ id, back })),
    );
  for (const { id, back } of shownRows) {
    const height = heightOf(id, scan, narrow);
    const caption = y;
    if (narrow) y += Math.round(20 * scale);
    rows.push({ id, back, y, height, caption: narrow ? caption : y });
    // The caption of a wide row may be taller than the row.
    const captionHeight = narrow ? 0 : captionLines[id] * line;
    y += Math.max(height, Math.round(captionHeight)) + (narrow ? 8 : 16);
  }
  const last = rows.at(-1);
  const bottom = last ? last.y + last.height : y;
  return {
    width,
    height: Math.round(Math.max(y, bottom + 24 * scale)),
    narrow,
    left,
    cell,
    from,
    to,
    room,
    windowed,
    overview,
    indexY,
    tokens,
    rows,
    bottom,
  };
}

/** The scan that a row is about. */
export const scanOfRow = (scan: Recurrence, { back }: Pick<RowPlace, 'back'>): Recurrence =>
  back && scan.other ? scan.other : scan;

/** Left edge of a position, px. */
export const xOf = (layout: SequenceLayout, t: number): number =>
  layout.left + (t - layout.from) * layout.cell;

/** Position under a point, undefined outside the cells. */
export function positionAt(layout: SequenceLayout, px: number): number | undefined {
  const t = layout.from + Math.floor((px - layout.left) / layout.cell);
  return px >= layout.left && t >= layout.from && t < layout.to ? t : undefined;
}

/** Position under a point of the overview, undefined beside it. @param length of the whole sequence */
export function overviewAt(
  { overview, left, cell, from, to }: SequenceLayout,
  length: number,
  x: number,
  y: number,
): number | undefined {
  if (!overview || y > overview.y + overview.height + 4 || x < left) return undefined;
  const share = (x - left) / ((to - from) * cell);
  return Math.max(0, Math.min(length - 1, Math.floor(share * length)));
}

export const rowAt = (layout: SequenceLayout, py: number): RowPlace | undefined =>
  layout.rows.find((row) => py >= row.y && py < row.y + row.height);

/** Rows that a heat map by channel has at most. */
export const mostRows = (narrow: boolean): number => (narrow ? 128 : 256);

/** Rows of a heat map: more than `most` are pooled by their largest value. */
export function pooled(count: number, most: number): { rows: number; each: number } {
  const each = Math.max(1, Math.ceil(count / Math.max(1, Math.floor(most))));
  return { rows: Math.ceil(count / each), each };
}
