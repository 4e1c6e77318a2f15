/** @file Pathfinder: do the two discs lie on one contour? (Linsley et al., 2018; Long Range Arena) */
import * as z from 'zod';
import type { DataShape } from '../../define';
import { placeLabel } from '../../images/pixel-order';
import { defineTask } from '../define';
import { DISC, distance, drawContours, ends, type Contour } from './contours';

/** Half the width of a stroke, as a share of the side. */
const HALF_WIDTH = 0.5 / 32;

const options = z.strictObject({
  size: z
    .int()
    .min(16)
    .max(256)
    .default(32)
    .describe('Pixels of a side; every pixel is one step. 128 is Path-X of Long Range Arena.'),
  contour_length: z
    .int()
    .min(3)
    .max(14)
    .default(9)
    .describe('Strokes of the two long contours; 6, 9 and 14 are the usual degrees of difficulty.'),
  distractors: z.int().min(0).max(12).default(4).describe('Short contours besides, as many as find room.'),
});

type Options = z.output<typeof options>;

const shape = ({ size }: Options): DataShape => ({
  length: size * size,
  input: { kind: 'vectors', features: 1 },
  target: { kind: 'class', classes: 2 },
});

export const pathfinder = defineTask({
  name: 'pathfinder',
  title: 'Pathfinder',
  summary: 'Are two discs joined by a dashed path? Read pixel by pixel.',
  description:
    'Grey images with two long dashed contours, some short ones and two discs. In one half of the images the discs ' +
    'stand at the two ends of one long contour (class 1), in the other at one end of each (class 0). Pixels are read ' +
    'row by row, each one step, with values from −1 (black) to 1.\n\n' +
    'Source: Linsley et al. (arXiv 1805.08315); Long Range Arena (arXiv 2011.04006) at 32 × 32: Transformer 71.4 %, ' +
    'S4 94.2 %, S4D-LegS 93.1 %; at 128 × 128 (Path-X) chance for attention, S4 96.4 %. Images are drawn anew by our ' +
    'own generator after that description, so accuracies are comparable among runs here and only roughly with the ' +
    'published ones.',
  options,
  check: () => [],
  shape,
  generate({ size, contour_length, distractors }) {
    return {
      example(random, inputs: Float32Array, targets) {
        const joined = random.integer(2);
        const { long, short } = drawContours(random, contour_length, distractors);
        const [start, end] = ends(long[0]);
        inputs.fill(-1);
        for (const contour of [...long, ...short]) {
          for (let at = 0; at < contour.length; at += 4) paint(inputs, size, contour, at, HALF_WIDTH);
        }
        for (const { x, y } of [start, joined === 1 ? end : ends(long[1])[0]]) {
          paint(inputs, size, Float64Array.of(x, y, x, y), 0, DISC);
        }
        targets[0] = joined;
      },
      label: placeLabel(size),
      targetLabel: (id) => (id === 1 ? 'joined' : 'apart'),
      grid: { rows: size, columns: size, pixels: { width: size, height: size, channels: 1 } },
    };
  },
});

/** Paints the stroke at `at` with round ends, smoothed over one pixel; a disc is a stroke without length. */
function paint(image: Float32Array, size: number, contour: Contour, at: number, radius: number): void {
  const reach = radius + 1 / size;
  const pixel = (value: number): number => Math.min(size - 1, Math.max(0, Math.floor(value * size)));
  const range = (a: number, b: number): [number, number] => [
    pixel(Math.min(a, b) - reach),
    pixel(Math.max(a, b) + reach),
  ];
  const [left, right] = range(contour[at]!, contour[at + 2]!);
  const [top, bottom] = range(contour[at + 1]!, contour[at + 3]!);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const away = distance((column + 0.5) / size, (row + 0.5) / size, contour, at);
      const cover = Math.min(1, Math.max(0, 0.5 + (radius - away) * size));
      const index = row * size + column;
      image[index] = Math.max(image[index]!, 2 * cover - 1);
    }
  }
}
