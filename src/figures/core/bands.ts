/** @file Bands as a picture of their own, which a canvas then draws. */
import { Raster } from './raster';
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
  const raster = new Raster();
  raster.begin(box, ratio);
  for (const band of bands) raster.band(band);
  const { width, height } = raster;
  return {
    pixels: raster.pixels(),
    box: { x: box.x, y: box.y, width: width / ratio, height: height / ratio },
  };
}
