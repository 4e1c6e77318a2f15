/** @file The intervals in which vertical lines cut the capsules around the pieces of a stroke. */

/** Vertical lines a pixel column. */
export const linesPerColumn = 4;

export class Cuts {
  /** The newest interval of each vertical line, −1 without one; each knows the one before it. */
  private readonly newest: Int32Array;
  private readonly before: number[] = [];
  private readonly top: number[] = [];
  private readonly bottom: number[] = [];

  /**
   * @param columns of pixels
   * @param r radius of the capsules, px
   */
  constructor(
    columns: number,
    readonly r: number,
  ) {
    this.newest = new Int32Array(linesPerColumn * columns).fill(-1);
  }

  /** Cuts all points within the radius of a piece. */
  capsule(xa: number, ya: number, xb: number, yb: number): void {
    const { r } = this;
    const turned = xa > xb;
    const x0 = turned ? xb : xa;
    const x1 = turned ? xa : xb;
    const upright = x1 - x0 < 1e-6;
    const slope = upright ? 0 : (yb - ya) / (xb - xa);
    const start = upright ? Math.min(ya, yb) : turned ? yb : ya;
    const drop = upright ? Math.abs(yb - ya) : 0;
    // Where the circle that touches a vertical line from above or below has its centre: k px beside that line.
    const k = (r * slope) / Math.sqrt(1 + slope * slope);
    const first = Math.max(0, Math.ceil((x0 - r) * linesPerColumn - 0.5));
    const last = Math.min(this.newest.length - 1, Math.floor((x1 + r) * linesPerColumn - 0.5));
    for (let line = first; line <= last; line++) {
      const at = (line + 0.5) / linesPerColumn;
      const low = Math.max(x0, Math.min(x1, at - k));
      const high = Math.max(x0, Math.min(x1, at + k));
      const above = Math.sqrt(Math.max(0, r * r - (low - at) * (low - at)));
      const below = Math.sqrt(Math.max(0, r * r - (high - at) * (high - at)));
      this.add(line, start + slope * (low - x0) - above, start + drop + slope * (high - x0) + below);
    }
  }

  /** Calls back with the intervals, line by line from the left, in order and apart from each other. */
  read(each: (line: number, top: number, bottom: number) => void): void {
    for (let line = 0; line < this.newest.length; line++) {
      const at = this.newest[line] as number;
      if (at < 0) continue;
      if ((this.before[at] as number) < 0) each(line, this.top[at] as number, this.bottom[at] as number);
      else for (const [top, bottom] of this.joined(at)) each(line, top, bottom);
    }
  }

  private add(line: number, top: number, bottom: number): void {
    const known = this.newest[line] as number;
    // The pieces of a line follow each other, so that as a rule one goes on where the one before it ended.
    if (known >= 0 && top <= (this.bottom[known] as number) && bottom >= (this.top[known] as number)) {
      if (top < (this.top[known] as number)) this.top[known] = top;
      if (bottom > (this.bottom[known] as number)) this.bottom[known] = bottom;
      return;
    }
    this.newest[line] = this.before.length;
    this.before.push(known);
    this.top.push(top);
    this.bottom.push(bottom);
  }

  /** The intervals of one line, those that overlap as one. */
  private joined(newest: number): [number, number][] {
    const found: [number, number][] = [];
    for (let i = newest; i >= 0; i = this.before[i] as number) {
      found.push([this.top[i] as number, this.bottom[i] as number]);
    }
    found.sort((a, b) => a[0] - b[0]);
    const joined: [number, number][] = [];
    for (const [top, bottom] of found) {
      const last = joined.at(-1);
      if (last && top <= last[1]) last[1] = Math.max(last[1], bottom);
      else joined.push([top, bottom]);
    }
    return joined;
  }
}
