/**
 * @file How much of each pixel a stroked polyline covers. Every piece of it is a capsule, which a vertical line cuts in
 * one interval; four such lines a pixel column give the coverage, exact in y.
 */
import { Cuts, linesPerColumn } from './cuts';
import type { Stroke } from './scene';

/** The pixels that are looked at. */
export interface Ground {
  /** Upper left corner, CSS pixels. */
  readonly x: number;
  readonly y: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
}

/** A piece longer than this leaves the picture far behind; its dashes are not counted. */
const FAR = 20_000;

/**
 * Lengths of drawn pieces and gaps in turns, device px. Pieces are shorter by the two round ends that they get.
 * @returns undefined for a line without gaps
 */
function pattern({ dash = [], width }: Stroke, ratio: number): number[] | undefined {
  const lengths: number[] = [];
  for (let i = 0; i + 1 < dash.length; i += 2) {
    const on = (dash[i] as number) * ratio;
    const shorter = Math.max(0, on - width * ratio);
    lengths.push(shorter, (dash[i + 1] as number) * ratio + on - shorter);
  }
  return lengths.some((length, i) => i % 2 === 1 && length > 0.01) ? lengths : undefined;
}

/** Follows a line with its dashes, and cuts all that is drawn of it. */
class Pen {
  private x = 0;
  private y = 0;
  private down = false;
  private drawing = true;
  /** px until a dash or a gap ends. */
  private left = Infinity;
  private turn = -1;

  constructor(
    private readonly cuts: Cuts,
    private readonly lengths: readonly number[] | undefined,
  ) {}

  lift(): void {
    this.down = false;
  }

  to(x: number, y: number): void {
    if (!this.down) {
      this.down = true;
      this.turn = -1;
      this.drawing = this.lengths === undefined;
      // The first piece begins a radius late, for its round end.
      this.left = this.lengths ? this.cuts.r : Infinity;
    } else if (!this.lengths) this.cuts.capsule(this.x, this.y, x, y);
    else this.dashed(this.lengths, x, y);
    this.x = x;
    this.y = y;
  }

  private dashed(lengths: readonly number[], x: number, y: number): void {
    const { cuts } = this;
    const dx = x - this.x;
    const dy = y - this.y;
    const length = Math.sqrt(dx * dx + dy * dy);
    if (length > FAR) return cuts.capsule(this.x, this.y, x, y);
    let done = 0;
    let fromX = this.x;
    let fromY = this.y;
    while (length - done > this.left) {
      done += this.left;
      const midX = this.x + (dx * done) / length;
      const midY = this.y + (dy * done) / length;
      if (this.drawing) cuts.capsule(fromX, fromY, midX, midY);
      fromX = midX;
      fromY = midY;
      this.turn = (this.turn + 1) % lengths.length;
      this.drawing = this.turn % 2 === 0;
      this.left = lengths[this.turn] as number;
    }
    if (this.drawing) cuts.capsule(fromX, fromY, x, y);
    this.left -= length - done;
  }
}

/**
 * Calls back for every pixel that a stroked line touches, column by column, with the part of it that is covered, 0 … 1.
 * @param points x0 y0 x1 y1 … in CSS px; a NaN in y lifts the pen
 */
export function coverStroke(
  points: ArrayLike<number>,
  stroke: Stroke,
  ground: Ground,
  each: (column: number, row: number, cover: number) => void,
): void {
  const { x, y, ratio, width, height } = ground;
  const cuts = new Cuts(width, (stroke.width * ratio) / 2);
  const pen = new Pen(cuts, pattern(stroke, ratio));
  for (let i = 0; i + 1 < points.length; i += 2) {
    const py = points[i + 1] as number;
    if (Number.isNaN(py)) pen.lift();
    else pen.to(((points[i] as number) - x) * ratio, (py - y) * ratio);
  }
  const cover = new Float32Array(height);
  let column = -1;
  let first = height;
  let last = -1;
  const flush = (): void => {
    for (let row = first; row <= last; row++) {
      const covered = cover[row] as number;
      if (covered > 0) each(column, row, covered);
      cover[row] = 0;
    }
    first = height;
    last = -1;
  };
  cuts.read((line, top, bottom) => {
    const at = Math.floor(line / linesPerColumn);
    if (at !== column) {
      flush();
      column = at;
    }
    const from = Math.max(0, Math.floor(top));
    const to = Math.min(height, Math.ceil(bottom)) - 1;
    for (let row = from; row <= to; row++) {
      cover[row]! += (Math.min(row + 1, bottom) - Math.max(row, top)) / linesPerColumn;
    }
    if (from < first) first = from;
    if (to > last) last = to;
  });
  flush();
}
