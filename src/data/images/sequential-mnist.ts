/** @file Sequential MNIST: an image is read as a sequence and its digit named at the end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod';
import { Random } from '../../util/random';
import { DataError, defineData, type DataShape, type Split } from '../define';
import { dataDigest } from '../digest';
import { parseImages } from './packed';
import { layoutOf, patchProblems, placeLabel, placesOf, type Reading } from './pixel-order';
import { storedDataset } from '../stored';

const NAME = 'sequential-mnist';
const FILE = 'mnist-10k.bin.gz';
const SIDE = 28;
const CLASSES = 10;

/** Mean and standard deviation of MNIST's pixels as shares of 255. */
const MEAN = 0.1307;
const DEVIATION = 0.3081;

/** Images of each split, as [first, number]. */
const SPLITS: Readonly<Record<Split, readonly [number, number]>> = {
  train: [0, 8000],
  validation: [8000, 1000],
  test: [9000, 1000],
};

const options = z.strictObject({
  tokens: z
    .enum(['pixels', 'rows', 'patches'])
    .default('pixels')
    .describe('What one time step shows: a pixel (784 steps), a row (28 steps), or a square patch.'),
  patch_size: z.int().positive().default(4).describe('Side of a patch in pixels; a divisor of 28.'),
  permuted: z
    .boolean()
    .default(false)
    .describe('Shuffle the pixels of all images by one fixed permutation, so that neighbours say nothing.'),
});

type Options = z.output<typeof options>;

const reading = ({ tokens, patch_size }: Options): Reading => ({
  side: SIDE,
  tokens,
  patch_size,
  channels: 1,
});

function shape(given: Options): DataShape {
  const { rows, columns, features } = layoutOf(reading(given));
  return {
    length: rows * columns,
    input: { kind: 'vectors', features },
    target: { kind: 'class', classes: CLASSES },
  };
}

/** Which pixel stands at which place; the permutation is the same for every seed, as it is in papers. */
function pixelOrder(given: Options): Uint32Array {
  const order = placesOf(reading(given));
  if (!given.permuted) return order;
  return new Random(0, NAME, 'permutation').permutation(order.length).map((place) => order[place]!);
}

export const sequentialMnist = defineData({
  name: NAME,
  title: 'Sequential MNIST',
  summary: 'Handwritten digits, read pixel by pixel, row by row or patch by patch.',
  description:
    '10,000 digits of MNIST that ship with SSM Studio: 8,000 to train, 1,000 to validate, 1,000 to test; the split ' +
    'is fixed. Pixels are standardised (mean 0.1307, deviation 0.3081). Every training image is seen once per epoch, ' +
    'in an order that the seed decides. With its own split and fewer images, accuracies are not comparable with ' +
    'published ones for the full data.',
  options,
  check: (given) => patchProblems(reading(given)),
  shape,
  open: async (given, { bundledDir, seed }) => {
    const path = join(bundledDir, FILE);
    const packed = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      throw new DataError(`Cannot read ${path} (${error.code}). It belongs to SSM Studio; install it again.`);
    });
    const content = await promisify(gunzip)(packed).catch((error: Error) => {
      throw new DataError(`${path} is damaged (${error.message}). Install SSM Studio again.`);
    });
    const { images, labels } = parseImages(content, path, {
      count: 10_000,
      rows: SIDE,
      columns: SIDE,
      classes: CLASSES,
    });
    const { tokens, patch_size } = given;
    const size = SIDE * SIDE;
    const order = pixelOrder(given);
    const values = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - MEAN) / DEVIATION);

    const { rows, columns } = layoutOf(reading(given));
    return storedDataset<Float32Array>({
      name: NAME,
      shape: shape(given),
      // A digest from before there were permutations stays what it was.
      hash: dataDigest(NAME, given.permuted ? given : { tokens, patch_size }, [content]),
      seed,
      counts: { train: SPLITS.train[1], validation: SPLITS.validation[1], test: SPLITS.test[1] },
      example(split, index, inputs, targets) {
        const image = SPLITS[split][0] + index;
        targets[0] = labels[image]!;
        for (let i = 0; i < size; i++) inputs[i] = values[images[image * size + order[i]!]!]!;
      },
      label: placeLabel(columns),
      targetLabel: String,
      // The views show a permuted image as it was.
      grid: { rows, columns, pixels: { width: SIDE, height: SIDE, channels: 1, places: order } },
    });
  },
});
