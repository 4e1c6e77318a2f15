/** @file CIFAR-10 from the files of its authors, read as sequences (the image task of Long Range Arena). */
import * as z from 'zod';
import { defineData } from '../../define';
import { imageDataset, imageShape, readingOf, readingOptions, valuesOf, type Image } from '../sequences';
import { fileOptions, readItems, shareOptions } from '../../kept-apart';
import { patchProblems } from '../pixel-order';
import { shareProblems } from '../../stored';
import { PIXELS, readBatch, SIDE, type LabelledImage } from './batches';

const NAME = 'cifar-10';
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const options = z.strictObject({
  ...fileOptions(
    'cifar',
    'Batches, for example cifar-10-batches-bin/data_batch_*; the binary and the Python version alike.',
  ),
  ...readingOptions({ pixel: 'a pixel (1024 steps)', row: 'a row (32 steps)', side: 'a divisor of 32' }),
  ...shareOptions('images'),
});

type Options = z.output<typeof options>;

const reading = (given: Options) => readingOf(SIDE, given);

const imageOf = ({ label, planes }: LabelledImage, { colours }: Options): Image => ({
  values: valuesOf(PIXELS, colours, (pixel) => [
    planes[pixel]!,
    planes[PIXELS + pixel]!,
    planes[2 * PIXELS + pixel]!,
  ]),
  label,
});

export const cifar10 = defineData({
  name: NAME,
  title: 'CIFAR-10',
  summary: 'Small photographs of ten things, from the files of their authors, read as sequences.',
  description:
    'Reads the batches of the binary and of the Python version of CIFAR-10, as they are in its archives; no code in ' +
    'them is run. Values are scaled to −1 … 1. Which images validate is drawn once, alike for every seed.\n\n' +
    'With `files: [cifar-10-batches-bin/data_batch_*]` and `test_files: [cifar-10-batches-bin/test_batch*]` this is ' +
    'the image task of Long Range Arena (arXiv 2011.04006): grey, pixel by pixel, 45,000 images to train, 5,000 to ' +
    'validate, 10,000 to test. Transformer 42.4 %, S4 88.7 %, S4D-LegS 88.2 %.\n\n' +
    'Source: Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images.',
  options,
  check: (given) => [...patchProblems(reading(given)), ...shareProblems(given, 0.1)],
  shape: (given) => imageShape(reading(given), CLASSES.length),
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'images', (file) =>
      readBatch(file).map((image) => imageOf(image, given)),
    );
    return imageDataset(NAME, reading(given), CLASSES, found, context.seed);
  },
});
