/**
 * @file Dashed contours that keep a distance from each other: chains of short strokes that turn a little from one to
 * the next (Linsley et al., 2018). Lengths are in units of an image of side 1.
 */
import type { Random } from '../../../util/random';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The ends of the strokes, flat: x and y of the start, x and y of the end, stroke after stroke. */
export type Contour = Float64Array;

/** Sizes for an image of 32 pixels, given as shares of its side. */
const PIXEL = 1 / 32;
export const STROKE = 1.6 * PIXEL;
/** Between the ends of two strokes; their round ends take half a pixel of it each. */
export const GAP = 1.8 * PIXEL;
/** Between the middle lines of two contours, and of two parts of one. */
export const CLEARANCE = 3.2 * PIXEL;
/** Radius of the disc at an end; other contours stay further from ends by as much. */
export const DISC = 1.5 * PIXEL;
const MARGIN = 2 * PIXEL;
/** Largest turn from one stroke to the next, in radians. */
const TURN = 0.8;
/** Tries per stroke, strokes that are taken back at most where all have failed, tries of a whole contour. */
const TRIES = 8;
const TAKEN_BACK = 5;
const CONTOUR_TRIES = 12;

export const ends = (contour: Contour): [Point, Point] => [
  { x: contour[0]!, y: contour[1]! },
  { x: contour.at(-2)!, y: contour.at(-1)! },
];

/** Distance of a point from the stroke that begins at `contour[at]`. */
export function distance(x: number, y: number, contour: Contour, at: number): number {
  const [x0, y0] = [contour[at]!, contour[at + 1]!];
  const [dx, dy] = [contour[at + 2]! - x0, contour[at + 3]! - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/** Whether a point keeps the distance from the first `strokes` strokes. */
function isClear(x: number, y: number, contour: Contour, strokes: number, least: number): boolean {
  const far = least + STROKE;
  for (let at = 0; at < 4 * strokes; at += 4) {
    if (Math.abs(contour[at]! - x) > far || Math.abs(contour[at + 1]! - y) > far) continue;
    if (distance(x, y, contour, at) < least) return false;
  }
  return true;
}

/** Where a contour may not go: near others, and less near to places where discs may stand. */
interface Field {
  readonly contours: readonly Contour[];
  readonly discs: readonly Point[];
}

function isFree(x: number, y: number, { contours, discs }: Field): boolean {
  if (Math.min(x, y) < MARGIN || Math.max(x, y) > 1 - MARGIN) return false;
  for (const disc of discs) if (Math.hypot(disc.x - x, disc.y - y) < CLEARANCE + DISC) return false;
  for (const contour of contours) {
    if (!isClear(x, y, contour, contour.length / 4, CLEARANCE)) return false;
  }
  return true;
}

/**
 * One contour of so many strokes that stays clear of the field, or undefined when none was found. A contour that
 * cannot go on is taken back by some strokes and grows anew.
 */
function grow(random: Random, strokes: number, field: Field): Contour | undefined {
  const contour = new Float64Array(4 * strokes);
  const angles = new Float64Array(strokes + 1);
  angles[0] = 2 * Math.PI * random.uniform();
  const [x, y] = [random.uniform(), random.uniform()];
  let done = 0;
  let failures = 0;
  // The last strokes of the contour itself are near by nature.
  const free = (px: number, py: number): boolean =>
    isClear(px, py, contour, done - 2, CLEARANCE) && isFree(px, py, field);
  for (let budget = TRIES * strokes; budget > 0 && done < strokes; budget--) {
    const before = angles[done]!;
    const angle = before + TURN * (2 * random.uniform() - 1);
    const from = 4 * (done - 1) + 2;
    const half = (before + angle) / 2;
    const startX = done === 0 ? x : contour[from]! + GAP * Math.cos(half);
    const startY = done === 0 ? y : contour[from + 1]! + GAP * Math.sin(half);
    const endX = startX + STROKE * Math.cos(angle);
    const endY = startY + STROKE * Math.sin(angle);
    if (free(endX, endY) && free(startX, startY)) {
      contour.set([startX, startY, endX, endY], 4 * done);
      angles[++done] = angle;
      failures = 0;
    } else if (done === 0) {
      return undefined;
    } else if (++failures === TRIES) {
      done = Math.max(1, done - 1 - random.integer(TAKEN_BACK));
      failures = 0;
    }
  }
  return done === strokes ? contour : undefined;
}

/** Two long contours, and shorter ones as distractors, as many as find room. */
export function drawContours(
  random: Random,
  strokes: number,
  distractors: number,
): { readonly long: readonly [Contour, Contour]; readonly short: readonly Contour[] } {
  const attempt = (count: number, field: Field): Contour | undefined => {
    for (let i = 0; i < CONTOUR_TRIES; i++) {
      const found = grow(random, count, field);
      if (found) return found;
    }
    return undefined;
  };
  for (;;) {
    const first = attempt(strokes, { contours: [], discs: [] });
    if (!first) continue;
    const second = attempt(strokes, { contours: [first], discs: ends(first) });
    if (!second) continue;
    const apart = ends(second).every(({ x, y }) => isClear(x, y, first, strokes, CLEARANCE + DISC));
    if (!apart) continue;
    const contours = [first, second];
    const discs = [...ends(first), ...ends(second)];
    const short = Math.max(2, Math.round(strokes / 3));
    for (let i = 0; i < distractors; i++) {
      const found = attempt(short, { contours, discs });
      if (found) contours.push(found);
    }
    return { long: [first, second], short: contours.slice(2) };
  }
}
