/** @file The picture that a sequence of pixels, rows or patches was read from. */
import type { Dataset } from '../runtime/train/prepare';

export interface Picture {
  /** Of tokens. */
  readonly rows: number;
  readonly columns: number;
  /** Pixels, and numbers a pixel: 1 grey, 3 colours. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** 0 … 255, row by row, channels side by side; from the darkest to the brightest number of the example. */
  readonly data: readonly number[];
}

/** Most pixels of a side: larger pictures are thinned. */
const MOST = 256;

/** @param values of one example, as the model takes them */
export function pictureOf(
  grid: NonNullable<Dataset['grid']>,
  values: ArrayLike<number>,
): Picture | undefined {
  const { rows, columns, pixels } = grid;
  if (!pixels || values.length !== pixels.width * pixels.height * pixels.channels) return undefined;
  const { width, height, channels, places } = pixels;
  const image = new Float64Array(values.length);
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    image[places?.[i] ?? i] = value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const every = Math.ceil(Math.max(width, height) / MOST);
  const [across, down] = [Math.ceil(width / every), Math.ceil(height / every)];
  const span = high > low ? high - low : 1;
  const data = Array.from({ length: across * down * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const [x, y] = [(pixel % across) * every, Math.floor(pixel / across) * every];
    return Math.round(((image[(y * width + x) * channels + (i % channels)]! - low) / span) * 255);
  });
  return { rows, columns, width: across, height: down, channels, data };
}
