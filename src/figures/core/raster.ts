/**
 * @file Pixels that bands and lines are painted into by hand. A path with thousands of corners costs a software
 * rasteriser a hundred milliseconds; loops over the pixels that it covers cost a few.
 */
import { parseColour } from './colour';
import type { BandMark, Box, LineMark, Pixels } from './scene';
import { coverStroke } from './stroke';

/** Red and blue, or green and alpha moved down by 8 bits: two channels that are multiplied at once. */
const TWO = 0xff00ff;
const HALVES = 0x800080;

/** Channels of a colour that is laid over others. */
interface Ink {
  readonly redBlue: number;
  /** Alpha is whole here: how much of the colour is laid is said with each pixel. */
  readonly greenAlpha: number;
}

function inkOf(colour: string): Ink | undefined {
  const parsed = parseColour(colour);
  return parsed && { redBlue: (parsed.b << 16) | parsed.r, greenAlpha: (255 << 16) | parsed.g };
}

export class Raster {
  /** Device pixels. */
  width = 0;
  height = 0;
  /** Little-endian RGBA with colours multiplied by their alpha, so that laying over takes no division. */
  private words = new Uint32Array(0);
  private box: Box = { x: 0, y: 0, width: 0, height: 0 };
  private ratio = 1;

  /** Begins anew, in the same memory where it is large enough, since fresh memory can cost more than the painting. */
  begin(box: Box, ratio: number): void {
    this.box = box;
    this.ratio = ratio;
    this.width = Math.ceil(box.width * ratio);
    this.height = Math.ceil(box.height * ratio);
    const size = this.width * this.height;
    if (this.words.length < size) this.words = new Uint32Array(size);
    else this.words.fill(0, 0, size);
  }

  /** A band with soft upper and lower edges. */
  band(band: BandMark): void {
    const ink = inkOf(band.fill);
    if (!ink) return;
    const { box, ratio } = this;
    for (let i = 0; i < band.xs.length; i++) {
      const left = (band.xs[i] as number) - box.x;
      const from = Math.max(0, Math.round(left * ratio));
      const to = Math.min(this.width, Math.round((left + 1) * ratio));
      const top = ((band.upper[i] as number) - box.y) * ratio;
      const bottom = ((band.lower[i] as number) - box.y) * ratio;
      for (let column = from; column < to; column++) this.stretch(column, top, bottom, ink, band.opacity);
    }
  }

  /** A polyline with round joins; dashes where it has some. */
  line({ points, stroke }: LineMark): void {
    const ink = inkOf(stroke.color);
    if (!ink) return;
    const opacity = stroke.opacity ?? 1;
    const { box, ratio, width, height } = this;
    coverStroke(points, stroke, { x: box.x, y: box.y, ratio, width, height }, (column, row, cover) => {
      this.lay(row * width + column, ink, opacity * cover);
    });
  }

  /** What was painted, colours no longer multiplied by their alpha. Painting goes on after `begin`. */
  pixels(): Pixels {
    const { width, height, words } = this;
    const size = width * height;
    for (let at = 0; at < size; at++) {
      const word = words[at] as number;
      const alpha = word >>> 24;
      if (alpha === 0 || alpha === 255) continue;
      const scale = 255 / alpha;
      const red = Math.min(255, Math.round((word & 255) * scale));
      const green = Math.min(255, Math.round(((word >>> 8) & 255) * scale));
      const blue = Math.min(255, Math.round(((word >>> 16) & 255) * scale));
      words[at] = (alpha << 24) | (blue << 16) | (green << 8) | red;
    }
    return { width, height, data: new Uint8ClampedArray(words.buffer, 0, 4 * size) };
  }

  /** Part of a pixel column, the rows at its ends as far as it covers them. */
  private stretch(column: number, top: number, bottom: number, ink: Ink, opacity: number): void {
    if (!(bottom > top)) return;
    const first = Math.max(0, Math.floor(top));
    const last = Math.min(this.height, Math.ceil(bottom)) - 1;
    if (last < first) return;
    const coverOf = (row: number): number => Math.min(row + 1, bottom) - Math.max(row, top);
    this.lay(first * this.width + column, ink, opacity * coverOf(first));
    if (last === first) return;
    this.layDown(column, first + 1, last, ink, opacity);
    this.lay(last * this.width + column, ink, opacity * coverOf(last));
  }

  private lay(at: number, ink: Ink, alpha: number): void {
    const share = Math.round(256 * alpha);
    this.words[at] = over(this.words[at] as number, laid(ink, share), 256 - share);
  }

  /** Whole pixels of a column, rows from … to. */
  private layDown(column: number, from: number, to: number, ink: Ink, alpha: number): void {
    const { words, width } = this;
    const share = Math.round(256 * alpha);
    const word = laid(ink, share);
    const kept = 256 - share;
    const end = to * width + column;
    for (let at = from * width + column; at < end; at += width)
      words[at] = over(words[at] as number, word, kept);
  }
}

/** A colour of which `share` of 256 is laid, rounded down. */
const laid = ({ redBlue, greenAlpha }: Ink, share: number): number =>
  ((Math.imul(redBlue, share) >>> 8) & TWO) | (Math.imul(greenAlpha, share) & ~TWO);

/** What is laid and, to the nearest, `kept` of 256 of what is under it: the sum never leaves its eight bits. */
function over(under: number, word: number, kept: number): number {
  if (under === 0) return word;
  const low = ((Math.imul(under & TWO, kept) + HALVES) >>> 8) & TWO;
  const high = (Math.imul((under >>> 8) & TWO, kept) + HALVES) & ~TWO;
  return ((word & TWO) + low) | (((word & ~TWO) + high) | 0);
}
