/** @file Images of your own: PNG files in a folder per class, read as sequences. */
import { basename, dirname } from 'node:path';
import { PNG } from 'pngjs';
import * as z from 'zod';
import { DataError, defineData } from './define';
import { imageDataset, imageShape, luma, type Image } from './image-sequences';
import { readItems, shareOptions, testFiles } from './kept-apart';
import { patchProblems, type Reading } from './pixel-order';
import { shareProblems } from './stored';
import type { TextFile } from './text/files';

const NAME = 'images';

const options = z.strictObject({
  files: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .describe('PNG files, for example digits/*/*.png; the folder that holds a file is its class.')
    .meta({ path: 'png' }),
  test_files: testFiles('png'),
  classes: z.array(z.string().min(1)).min(2).describe('Names of the folders, in the order of the classes.'),
  size: z.int().min(1).max(1024).describe('Pixels of a side; all images are square and of this size.'),
  colours: z
    .enum(['grey', 'rgb'])
    .default('grey')
    .describe('One value per pixel (luma), or red, green and blue.'),
  tokens: z
    .enum(['pixels', 'rows', 'patches'])
    .default('pixels')
    .describe('What one time step shows: a pixel, a row, or a square patch.'),
  patch_size: z.int().positive().default(4).describe('Side of a patch in pixels; divides the size.'),
  ...shareOptions('images'),
});

type Options = z.output<typeof options>;

const reading = ({ size, tokens, patch_size, colours }: Options): Reading => ({
  side: size,
  tokens,
  patch_size,
  channels: colours === 'rgb' ? 3 : 1,
});

export const imageFolder = defineData({
  name: NAME,
  title: 'Images',
  summary: 'PNG images in a folder per class, read pixel by pixel, row by row or patch by patch.',
  description:
    'The folder that holds an image is its class. Values are scaled to −1 … 1. Transparency is ignored. Which images ' +
    'validate and test is drawn once, alike for every seed. Every training image is seen once per epoch.\n\n' +
    'For the files of CIFAR-10 themselves, see `cifar-10`.',
  options,
  check: (given) => [...patchProblems(reading(given)), ...shareProblems(given, 0.1)],
  shape: (given) => imageShape(reading(given), given.classes.length),
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'images', (file) => [readImage(file, given)]);
    return imageDataset(NAME, reading(given), given.classes, found, context.seed);
  },
});

function readImage({ path, content }: TextFile, { classes, size, colours }: Options): Image {
  const folder = basename(dirname(path));
  const label = classes.indexOf(folder);
  if (label < 0) {
    throw new DataError(`${path} lies in the folder ${folder}, which is not among the classes.`, ['classes']);
  }
  const wrongSize = (width: number, height: number): DataError =>
    new DataError(`${path} has ${width} × ${height} pixels instead of ${size} × ${size}.`, ['size']);
  // The size that the header states decides what decoding allocates.
  if (content.length >= 24) {
    const header = new DataView(content.buffer, content.byteOffset, 24);
    const [magic, width, height] = [header.getUint32(0), header.getUint32(16), header.getUint32(20)];
    if (magic === 0x89504e47 && (width !== size || height !== size)) throw wrongSize(width, height);
  }
  let png: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    png = PNG.sync.read(Buffer.from(content));
  } catch (error) {
    throw new DataError(`${path} is no PNG image that can be read: ${(error as Error).message}.`, ['files']);
  }
  if (png.width !== size || png.height !== size) throw wrongSize(png.width, png.height);
  const channels = colours === 'rgb' ? 3 : 1;
  const values = new Uint8Array(size * size * channels);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const [r, g, b] = [png.data[4 * pixel]!, png.data[4 * pixel + 1]!, png.data[4 * pixel + 2]!];
    if (channels === 3) values.set([r, g, b], 3 * pixel);
    else values[pixel] = luma(r, g, b);
  }
  return { values, label };
}
