/** @file Sequential MNIST: an image is read as a sequence and its digit named at the end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod';
import { Random } from '../util/random';
import { DataError, defineData, type Batch, type DataShape, type Split } from './define';
import { dataDigest } from './digest';
import { parseImages } from './images';

const NAME = 'sequential-mnist';
const FILE = 'mnist-10k.bin.gz';
const SIDE = 28;
const CLASSES = 10;
const DIVISORS = [1, 2, 4, 7, 14, 28];

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
});

type Options = z.output<typeof options>;

/** Columns and rows of tokens, and pixels in each. */
function layout({ tokens, patch_size }: Options): { rows: number; columns: number; features: number } {
  if (tokens === 'pixels') return { rows: SIDE, columns: SIDE, features: 1 };
  if (tokens === 'rows') return { rows: SIDE, columns: 1, features: SIDE };
  const across = Math.floor(SIDE / patch_size);
  return { rows: across, columns: across, features: patch_size ** 2 };
}

function shape(given: Options): DataShape {
  const { rows, columns, features } = layout(given);
  return {
    length: rows * columns,
    input: { kind: 'vectors', features },
    target: { kind: 'class', classes: CLASSES },
  };
}

/** Which pixel of an image stands at which place of its sequence. */
function pixelOrder({ tokens, patch_size }: Options): Uint16Array {
  const order = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => i);
  if (tokens !== 'patches') return order;
  let place = 0;
  for (let top = 0; top < SIDE; top += patch_size) {
    for (let left = 0; left < SIDE; left += patch_size) {
      for (let y = top; y < top + patch_size; y++) {
        for (let x = left; x < left + patch_size; x++) order[place++] = y * SIDE + x;
      }
    }
  }
  return order;
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
  check: ({ tokens, patch_size }) => {
    if (tokens !== 'patches' || DIVISORS.includes(patch_size)) return [];
    const distance = (size: number): number => Math.abs(size - patch_size);
    const nearest = DIVISORS.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    const message = `An image of ${SIDE} × ${SIDE} pixels cannot be divided into patches of ${patch_size}; patch_size must be one of ${DIVISORS.join(', ')}.`;
    return [{ path: ['patch_size'], message, suggestion: nearest }];
  },
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
    const size = SIDE * SIDE;
    const order = pixelOrder(given);
    const values = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - MEAN) / DEVIATION);

    const pick = (count: number, imageOf: (row: number) => number): Batch => {
      const inputs = new Float32Array(count * size);
      const targets = new Int32Array(count);
      for (let row = 0; row < count; row++) {
        const image = imageOf(row);
        targets[row] = labels[image]!;
        for (let i = 0, from = image * size, to = row * size; i < size; i++) {
          inputs[to + i] = values[images[from + order[i]!]!]!;
        }
      }
      return { inputs, targets, size: count };
    };

    const trained = SPLITS.train[1];
    // The order of an epoch costs a millisecond; the last two are kept, as a batch may lie across their border.
    const epochs = new Map<number, Uint32Array>();
    const epochOrder = (epoch: number): Uint32Array => {
      let found = epochs.get(epoch);
      if (found === undefined) {
        found = new Random(seed, NAME, 'epoch', epoch).permutation(trained);
        if (epochs.size >= 2) epochs.delete(epochs.keys().next().value!);
        epochs.set(epoch, found);
      }
      return found;
    };

    const { rows, columns } = layout(given);
    return {
      shape: shape(given),
      hash: dataDigest(NAME, given, [content]),
      trainBatch: (step, batchSize) =>
        pick(batchSize, (row) => {
          const drawn = step * batchSize + row;
          return epochOrder(Math.floor(drawn / trained))[drawn % trained]!;
        }),
      count: (split) => SPLITS[split][1],
      heldOut(split, start, count) {
        const [first, all] = SPLITS[split];
        if (start < 0 || count < 0 || start + count > all) {
          throw new RangeError(`images ${start} … ${start + count - 1} of ${all} do not exist`);
        }
        return pick(count, (row) => first + start + row);
      },
      label: (position) =>
        columns === 1 ? `row ${position}` : `${Math.floor(position / columns)},${position % columns}`,
      targetLabel: (digit) => String(digit),
      facts: {},
      grid: { rows, columns },
    };
  },
});
