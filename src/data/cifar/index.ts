/** @file CIFAR-10 from the files of its authors, read as sequences (the image task of Long Range Arena). */
import * as z from 'zod';
import { defineData } from '../define';
import { imageDataset, imageShape, luma, type Image } from '../image-sequences';
import { readItems, shareOptions, testFiles } from '../kept-apart';
import { patchProblems, type Reading } from '../pixel-order';
import { shareProblems } from '../stored';
import { PIXELS, readBatch, SIDE, type LabelledImage } from './batches';

const NAME = 'cifar-10';
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const options = z.strictObject({
  files: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .describe(
      'Batches, for example cifar-10-batches-bin/data_batch_*; the binary and the Python version alike.',
    )
    .meta({ path: 'cifar' }),
  test_files: testFiles('cifar'),
  colours: z
    .enum(['grey', 'rgb'])
    .default('grey')
    .describe('One value per pixel (luma), or red, green and blue.'),
  tokens: z
    .enum(['pixels', 'rows', 'patches'])
    .default('pixels')
    .describe('What one time step shows: a pixel (1024 steps), a row (32 steps), or a square patch.'),
  patch_size: z.int().positive().default(4).describe('Side of a patch in pixels; a divisor of 32.'),
  ...shareOptions('images'),
});

type Options = z.output<typeof options>;

const reading = ({ tokens, patch_size, colours }: Options): Reading => ({
  side: SIDE,
  tokens,
  patch_size,
  channels: colours === 'rgb' ? 3 : 1,
});

function imageOf({ label, planes }: LabelledImage, { colours }: Options): Image {
  const channels = colours === 'rgb' ? 3 : 1;
  const values = new Uint8Array(channels * PIXELS);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const [r, g, b] = [planes[pixel]!, planes[PIXELS + pixel]!, planes[2 * PIXELS + pixel]!];
    if (channels === 3) values.set([r, g, b], 3 * pixel);
    else values[pixel] = luma(r, g, b);
  }
  return { values, label };
}

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
