/** @file Images of your own: PNG files in a folder per class, read as sequences. */
import { basename, dirname } from 'node:path';
import { PNG } from 'pngjs';
import * as z from 'zod';
import { DataError, defineData, type DataShape } from './define';
import { filesDigest } from './digest';
import { layoutOf, patchProblems, placeLabel, placesOf, type Reading } from './pixel-order';
import { countsOf, shareProblems, splitItems, storedDataset } from './stored';
import { readTextFiles } from './text/files';

const NAME = 'images';

const options = z.strictObject({
  files: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .describe('PNG files, for example digits/*/*.png; the folder that holds a file is its class.')
    .meta({ path: 'png' }),
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
  validation: z.number().gt(0).lt(1).default(0.1).describe('Share of the images that validates.'),
  test: z.number().min(0).lt(1).default(0.1).describe('Share of the images that tests.'),
});

type Options = z.output<typeof options>;

const reading = ({ size, tokens, patch_size, colours }: Options): Reading => ({
  side: size,
  tokens,
  patch_size,
  channels: colours === 'rgb' ? 3 : 1,
});

function shape(given: Options): DataShape {
  const { rows, columns, features } = layoutOf(reading(given));
  return {
    length: rows * columns,
    input: { kind: 'vectors', features },
    target: { kind: 'class', classes: given.classes.length },
  };
}

export const imageFolder = defineData({
  name: NAME,
  title: 'Images',
  summary: 'PNG images in a folder per class, read pixel by pixel, row by row or patch by patch.',
  description:
    'The folder that holds an image is its class. Values are scaled to −1 … 1. Transparency is ignored. Which images ' +
    'validate and test is drawn once, alike for every seed. Every training image is seen once per epoch.\n\n' +
    'This is the image task of Long Range Arena (arXiv 2011.04006) when the grey images of CIFAR-10 are given with ' +
    'size 32: Transformer 42.4 %, S4 88.7 %, S4D-LegS 88.2 %.',
  options,
  check: (given) => [...patchProblems(reading(given)), ...shareProblems(given, 0.1)],
  shape,
  async open(given, context) {
    const files = await readTextFiles(given.files, context);
    const items = files.map(({ path, content }) => readImage(path, content, given));
    const splits = splitItems(NAME, items.length, given, 'images');
    const places = placesOf(reading(given));
    const { rows, columns } = layoutOf(reading(given));
    return storedDataset<Float32Array>({
      name: NAME,
      shape: shape(given),
      hash: filesDigest(NAME, given, files),
      seed: context.seed,
      counts: countsOf(splits),
      example(split, index, inputs, targets) {
        const { values, label } = items[splits[split][index]!]!;
        for (let i = 0; i < places.length; i++) inputs[i] = values[places[i]!]! / 127.5 - 1;
        targets[0] = label;
      },
      label: placeLabel(columns),
      targetLabel: (id) => given.classes[id] ?? String(id),
      grid: { rows, columns },
    });
  },
});

interface Image {
  /** Channels of a pixel side by side. */
  readonly values: Uint8Array;
  readonly label: number;
}

function readImage(path: string, content: Uint8Array, { classes, size, colours }: Options): Image {
  const folder = basename(dirname(path));
  const label = classes.indexOf(folder);
  if (label < 0) {
    throw new DataError(`${path} lies in the folder ${folder}, which is not among the classes.`, ['classes']);
  }
  let png: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    png = PNG.sync.read(Buffer.from(content));
  } catch (error) {
    throw new DataError(`${path} is no PNG image that can be read: ${(error as Error).message}.`, ['files']);
  }
  if (png.width !== size || png.height !== size) {
    throw new DataError(`${path} has ${png.width} × ${png.height} pixels instead of ${size} × ${size}.`, [
      'size',
    ]);
  }
  const channels = colours === 'rgb' ? 3 : 1;
  const values = new Uint8Array(size * size * channels);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const [r, g, b] = [png.data[4 * pixel]!, png.data[4 * pixel + 1]!, png.data[4 * pixel + 2]!];
    if (channels === 3) values.set([r, g, b], 3 * pixel);
    // Luma of ITU-R BT.601.
    else values[pixel] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return { values, label };
}
