/**
 * @file Paints bands into pixels by hand. A path with thousands of corners costs a software rasteriser a hundred
 * milliseconds; a loop over the pixels that it covers costs a few.
 */
import { parseColour } from './colour';
import type { BandMark, Box, Pixels } from './scene';

/** The box that some bands cover, in whole pixels; undefined when they cover nothing. */
function cover(bands: readonly BandMark[]): Box | undefined {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { xs, upper, lower } of bands) {
    if (xs.length === 0) continue;
    left = Math.min(left, xs[0] as number);
    right = Math.max(right, (xs.at(-1) as number) + 1);
    for (const y of upper) if (y < top) top = y;
    for (const y of lower) if (y > bottom) bottom = y;
  }
  if (!(right > left) || !(bottom > top)) return undefined;
  const x = Math.floor(left);
  const y = Math.floor(top);
  return { x, y, width: Math.ceil(right) - x, height: Math.ceil(bottom) - y };
}

/** A colour laid over a pixel that is not empty; packed little-endian RGBA. */
function blend(under: number, r: number, g: number, b: number, alpha: number): number {
  const kept = ((under >>> 24) / 255) * (1 - alpha);
  const all = alpha + kept;
  const red = (r * alpha + (under & 255) * kept) / all;
  const green = (g * alpha + ((under >>> 8) & 255) * kept) / all;
  const blue = (b * alpha + ((under >>> 16) & 255) * kept) / all;
  const opacity = Math.round(all * 255);
  return ((opacity << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

/**
 * Bands laid over each other, with `ratio` device pixels per CSS pixel and soft upper and lower edges.
 * @param clip what lies outside is not painted
 */
export function paintBands(
  bands: readonly BandMark[],
  ratio: number,
  clip?: Box,
): { pixels: Pixels; box: Box } | undefined {
  let box = cover(bands);
  if (box && clip) {
    const x = Math.floor(Math.max(box.x, clip.x));
    const y = Math.floor(Math.max(box.y, clip.y));
    const right = Math.ceil(Math.min(box.x + box.width, clip.x + clip.width));
    const bottom = Math.ceil(Math.min(box.y + box.height, clip.y + clip.height));
    box = { x, y, width: right - x, height: bottom - y };
  }
  if (!box || box.width <= 0 || box.height <= 0) return undefined;
  const width = Math.ceil(box.width * ratio);
  const height = Math.ceil(box.height * ratio);
  const words = new Uint32Array(width * height);
  for (const band of bands) {
    const colour = parseColour(band.fill);
    if (!colour) continue;
    const { r, g, b } = colour;
    const bare = ((b << 16) | (g << 8) | r) >>> 0;
    const whole = (bare | (Math.round(band.opacity * 255) << 24)) >>> 0;
    for (let i = 0; i < band.xs.length; i++) {
      const top = (band.upper[i]! - box.y) * ratio;
      const bottom = (band.lower[i]! - box.y) * ratio;
      if (!(bottom > top)) continue;
      const first = Math.max(0, Math.floor(top));
      const last = Math.min(height, Math.ceil(bottom));
      const from = Math.max(0, Math.round((band.xs[i]! - box.x) * ratio));
      const to = Math.min(width, Math.round((band.xs[i]! + 1 - box.x) * ratio));
      for (let row = first; row < last; row++) {
        const covered = Math.min(row + 1, bottom) - Math.max(row, top);
        const alpha = band.opacity * covered;
        const word = covered === 1 ? whole : (bare | (Math.round(alpha * 255) << 24)) >>> 0;
        for (let at = row * width + from; at < row * width + to; at++) {
          const under = words[at]!;
          words[at] = under === 0 ? word : blend(under, r, g, b, alpha);
        }
      }
    }
  }
  const data = new Uint8ClampedArray(words.buffer);
  return {
    pixels: { width, height, data },
    box: { x: box.x, y: box.y, width: width / ratio, height: height / ratio },
  };
}
