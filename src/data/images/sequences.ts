/** @file Stored images as a data set of sequences, each with a class. */
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import type { DataShape, Dataset, Split } from '../define';
import { layoutOf, placeLabel, placesOf, type Reading } from './pixel-order';
import { classedDataset, numbersOf } from '../stored';

export interface Image {
  /** Row by row, the channels of a pixel side by side. */
  readonly values: Uint8Array;
  readonly label: number;
}

export function imageShape(reading: Reading, classes: number): DataShape {
  const { rows, columns, features } = layoutOf(reading);
  return {
    length: rows * columns,
    input: { kind: 'vectors', features },
    target: { kind: 'class', classes },
  };
}

/**
 * `colours`, `tokens` and `patch_size`.
 * @param described a pixel and a row as time steps, and what patches must fit
 */
export const readingOptions = (described: {
  readonly pixel: string;
  readonly row: string;
  readonly side: string;
}) => ({
  colours: z
    .enum(['grey', 'rgb'])
    .default('grey')
    .describe('One value per pixel (luma), or red, green and blue.'),
  tokens: z
    .enum(['pixels', 'rows', 'patches'])
    .default('pixels')
    .describe(`What one time step shows: ${described.pixel}, ${described.row}, or a square patch.`),
  patch_size: z.int().positive().default(4).describe(`Side of a patch in pixels; ${described.side}.`),
});

export type Colours = 'grey' | 'rgb';

const channelsOf = (colours: Colours): number => (colours === 'rgb' ? 3 : 1);

/** How images of `side` × `side` pixels are read. */
export const readingOf = (
  side: number,
  given: Pick<Reading, 'tokens' | 'patch_size'> & { readonly colours: Colours },
): Reading => ({
  side,
  tokens: given.tokens,
  patch_size: given.patch_size,
  channels: channelsOf(given.colours),
});

/** Luma of ITU-R BT.601. */
const luma = (red: number, green: number, blue: number): number =>
  Math.round(0.299 * red + 0.587 * green + 0.114 * blue);

/** The class whose name the folder of a file has. @throws DataError at `classes` when there is none */
export function classOfFolder(path: string, classes: readonly string[]): number {
  const folder = basename(dirname(path));
  return numbersOf(classes)(folder, `${path} lies in the folder`);
}

/** The values of an image. @param at red, green and blue of a pixel, 0 … 255 */
export function valuesOf(
  pixels: number,
  colours: Colours,
  at: (pixel: number) => readonly [number, number, number],
): Uint8Array {
  const channels = channelsOf(colours);
  const values = new Uint8Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const rgb = at(pixel);
    if (channels === 3) values.set(rgb, 3 * pixel);
    else values[pixel] = luma(...rgb);
  }
  return values;
}

/** Values are scaled to −1 … 1. */
export function imageDataset(
  name: string,
  reading: Reading,
  classes: readonly string[],
  found: { readonly splits: Readonly<Record<Split, readonly Image[]>>; readonly hash: string },
  seed: number,
): Dataset {
  const places = placesOf(reading);
  const { rows, columns } = layoutOf(reading);
  return classedDataset<Image, Float32Array>({
    ...found,
    name,
    shape: imageShape(reading, classes.length),
    seed,
    classes,
    write({ values }, inputs) {
      for (let i = 0; i < places.length; i++) inputs[i] = values[places[i]!]! / 127.5 - 1;
    },
    label: placeLabel(columns),
    grid: {
      rows,
      columns,
      pixels: { width: reading.side, height: reading.side, channels: reading.channels, places },
    },
  });
}
