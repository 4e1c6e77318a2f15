/** @file Images of your own: PNG files in a folder per class, or arrays of NumPy, read as sequences. */
import * as z from 'zod';
import { readPng, sizeOfPng, type Picture } from '../../formats/png';
import { DataError, defineData } from '../define';
import { arrayOptions, arrayProblems, imagesOf } from './arrays';
import {
  classOfFolder,
  imageDataset,
  imageShape,
  readingOf,
  readingOptions,
  valuesOf,
  type Image,
} from './sequences';
import { fileOptions, readItems, shareOptions } from '../kept-apart';
import { patchProblems } from './pixel-order';
import { namedTwice, shareProblems } from '../stored';
import { isNumpy } from '../tables/numpy';
import type { TextFile } from '../text/files';

const NAME = 'images';

const options = z.strictObject({
  ...fileOptions(
    'png',
    'PNG files, for example digits/*/*.png, or arrays of NumPy (.npy, .npz) of many images each; the folder that ' +
      'holds a file is its class.',
  ),
  classes: z.array(z.string().min(1)).min(2).describe('Names of the folders, in the order of the classes.'),
  ...arrayOptions,
  size: z.int().min(1).max(1024).describe('Pixels of a side; all images are square and of this size.'),
  ...readingOptions({ pixel: 'a pixel', row: 'a row', side: 'divides the size' }),
  ...shareOptions('images'),
});

type Options = z.output<typeof options>;

const reading = (given: Options) => readingOf(given.size, given);

export const imageFolder = defineData({
  name: NAME,
  title: 'Images',
  summary:
    'PNG images in a folder per class, or arrays of images, read pixel by pixel, row by row or patch by patch.',
  description:
    'The folder that holds an image is its class. Values are scaled to −1 … 1. Transparency is ignored. Which images ' +
    'validate and test is drawn once, alike for every seed. Every training image is seen once per epoch.\n\n' +
    'An array of NumPy has the axes (image, row, column) or (image, row, column, colour) and holds whole numbers from 0 ' +
    'to 255, or others from 0 to 1, of which 256 levels are kept. Its images belong to the class of the folder, to ' +
    'those of `labels`, or to one class after the other (`counts`): the 25 × 25 faces of scikit-image are ' +
    '`files: [lfw_subset.npy]`, `size: 25`, `classes: [face, other]`, `counts: [100, 100]`.\n\n' +
    'For the files of CIFAR-10 themselves, see `cifar-10`.',
  options,
  check: (given) => [
    ...patchProblems(reading(given)),
    ...shareProblems(given, 0.1),
    ...namedTwice('classes', given.classes),
    ...arrayProblems(given),
  ],
  shape: (given) => imageShape(reading(given), given.classes.length),
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'images', (file) =>
      isNumpy(file.content) ? imagesOf(file, given) : [readImage(file, given)],
    );
    return imageDataset(NAME, reading(given), given.classes, found, context.seed);
  },
});

function readImage({ path, content }: TextFile, { classes, size, colours }: Options): Image {
  const label = classOfFolder(path, classes);
  const wrongSize = (width: number, height: number): DataError =>
    new DataError(`${path} has ${width} × ${height} pixels instead of ${size} × ${size}.`, ['size']);
  const stated = sizeOfPng(content);
  if (stated && (stated.width !== size || stated.height !== size)) {
    throw wrongSize(stated.width, stated.height);
  }
  let png: Picture;
  try {
    png = readPng(content);
  } catch (error) {
    throw new DataError(`${path} is no PNG image that can be read: ${(error as Error).message}.`, ['files']);
  }
  const { data } = png;
  const values = valuesOf(size * size, colours, (pixel) => [
    data[4 * pixel]!,
    data[4 * pixel + 1]!,
    data[4 * pixel + 2]!,
  ]);
  return { values, label };
}
