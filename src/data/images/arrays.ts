/** @file Images in arrays of NumPy, many in one file: their values, and which class each is of. */
import * as z from 'zod';
import type { NpyArray } from '../../formats/npy';
import { DataError, type DataProblem } from '../define';
import { classOfFolder, valuesOf, type Colours, type Image } from './sequences';
import { readArray } from '../tables/numpy';
import type { TextFile } from '../text/files';

export const arrayOptions = {
  object: z
    .string()
    .min(1)
    .optional()
    .describe('Which array of a .npz holds the images, where it has several.'),
  labels: z
    .string()
    .min(1)
    .optional()
    .describe('Which array of a .npz holds the classes of the images, numbered from 0.'),
  counts: z
    .array(z.int().positive())
    .min(2)
    .optional()
    .describe('How many images of an array belong to the first class, how many behind them to the second, …'),
};

interface Given {
  readonly classes: readonly string[];
  readonly size: number;
  readonly colours: Colours;
  readonly object?: string | undefined;
  readonly labels?: string | undefined;
  readonly counts?: readonly number[] | undefined;
}

export function arrayProblems({ classes, labels, counts }: Given): DataProblem[] {
  if (counts === undefined) return [];
  if (labels !== undefined) {
    return [{ path: ['counts'], message: 'Give `labels` or `counts`, not both.' }];
  }
  if (counts.length === classes.length) return [];
  const message = `\`counts\` names ${counts.length} numbers for ${classes.length} classes.`;
  return [{ path: ['counts'], message }];
}

/** @throws DataError when the array holds no images of the size, or no class for each */
export function imagesOf(file: TextFile, given: Given): Image[] {
  const { size, colours } = given;
  const { array } = readArray(file, given.object);
  const { path } = file;
  const [count, rows, columns, channels = 1, ...more] = array.shape;
  const shape = `(${array.shape.join(', ')})`;
  if (columns === undefined || more.length > 0 || (channels !== 1 && channels !== 3)) {
    throw new DataError(
      `${path} has the shape ${shape}, not (image, row, column) or (image, row, column, 3 colours).`,
      ['files'],
    );
  }
  if (rows !== size || columns !== size) {
    throw new DataError(`${path} has images of ${rows} × ${columns} pixels instead of ${size} × ${size}.`, [
      'size',
    ]);
  }
  const level = levelsOf(array, path);
  const pixels = size * size;
  return classesOf(file, count!, given).map((label, image) => {
    const at = (pixel: number, colour: number): number =>
      level((image * pixels + pixel) * channels + (channels === 3 ? colour : 0));
    const values = valuesOf(pixels, colours, (pixel) => [at(pixel, 0), at(pixel, 1), at(pixel, 2)]);
    return { values, label };
  });
}

/** Elements as 0 … 255. */
function levelsOf({ values, integer }: NpyArray, path: string): (at: number) => number {
  const most = integer ? 255 : 1;
  const wrong = values.find((value) => !(value >= 0 && value <= most));
  if (wrong !== undefined) {
    const expected = integer ? 'whole numbers of 0 to 255' : 'numbers from 0 to 1';
    throw new DataError(`${path} holds ${wrong}; images are ${expected}.`, ['files']);
  }
  return (at) => (integer ? values[at]! : Math.round(255 * values[at]!));
}

function classesOf(file: TextFile, count: number, { classes, labels, counts }: Given): number[] {
  const { path } = file;
  if (labels !== undefined) {
    const { values } = readArray(file, labels).array;
    if (values.length !== count) {
      throw new DataError(`${path} has ${count} images, but ${values.length} ${labels}.`, ['labels']);
    }
    const wrong = values.find((value) => classes[value] === undefined);
    if (wrong === undefined) return Array.from(values);
    throw new DataError(`${path} has the class ${wrong} among its ${labels}; there are ${classes.length}.`, [
      'classes',
    ]);
  }
  if (counts === undefined) return Array<number>(count).fill(classOfFolder(path, classes));
  const sum = counts.reduce((total, one) => total + one, 0);
  if (sum !== count) throw new DataError(`${path} has ${count} images, \`counts\` ${sum}.`, ['counts']);
  return counts.flatMap((times, label) => Array<number>(times).fill(label));
}
