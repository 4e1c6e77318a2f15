/** @file Tables whose rows are examples: the numbers of a row are a sequence, one column is its class. */
import * as z from 'zod';
import { columnOf } from './csv';
import { DataError, defineData, type DataShape } from '../define';
import { fileOptions, readItems, shareOptions } from '../kept-apart';
import { classedDataset, namedTwice, numbersOf, shareProblems } from '../stored';
import { readTable } from '.';
import type { TextFile } from '../text/files';

const NAME = 'labelled-rows';

const options = z.strictObject({
  ...fileOptions(
    'csv',
    'Tables: CSV, data files of gretl (.gdt), workspaces and package data of R (.rda, .rdb), or arrays of NumPy ' +
      '(.npy, .npz), whose columns are 1, 2, 3, …; plain or packed with gzip or xz.',
  ),
  object: z
    .string()
    .min(1)
    .optional()
    .describe('Which object of a file of R, or which array of a .npz, where it has several.'),
  header: z
    .boolean()
    .default(true)
    .describe('Whether CSV files begin with the names of their columns; if not, they are 1, 2, 3, …'),
  label: z.string().min(1).describe('Column of the class; all others are the sequence, in their order.'),
  classes: z.array(z.string().min(1)).min(2).describe('All classes that there are, as they are written.'),
  length: z
    .int()
    .min(1)
    .max(2 ** 16)
    .describe('Time steps of a row.')
    .meta({ symbol: 'L' }),
  features: z
    .int()
    .positive()
    .default(1)
    .describe(
      'Columns that one time step shows; the row has `length` · `features` of them beside the label.',
    ),
  ...shareOptions('rows'),
});

type Options = z.output<typeof options>;

const shape = ({ length, features, classes }: Options): DataShape => ({
  length,
  input: { kind: 'vectors', features },
  target: { kind: 'class', classes: classes.length },
});

export const labelledRows = defineData({
  name: NAME,
  title: 'Labelled rows',
  summary: 'Rows of a table with a class each, read column by column.',
  description:
    'Every row is an example: its numbers in the order of the columns, a time step per `features` of them. Columns ' +
    'are standardised by mean and deviation of the rows that train. Which rows validate and test is drawn once, ' +
    'alike for every seed.\n\n' +
    'For spectra, splice sites and other short sequences, and for small images: the 1,797 digits of scikit-learn, ' +
    '8 × 8 pixels, are `files: [digits.csv.gz]`, `header: false`, `label: "65"`, `length: 64`.',
  options,
  check: (given) => [...shareProblems(given, 0.1), ...namedTwice('classes', given.classes)],
  shape,
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'rows', (file) => rowsOf(file, given));
    const width = given.length * given.features;
    const { means, deviations } = statistics(found.splits.train, width);
    return classedDataset<Row, Float32Array>({
      ...found,
      name: NAME,
      shape: shape(given),
      seed: context.seed,
      classes: given.classes,
      write({ values }, inputs) {
        for (let i = 0; i < width; i++) inputs[i] = (values[i]! - means[i]!) / deviations[i]!;
      },
    });
  },
});

interface Row {
  readonly values: Float64Array;
  readonly label: number;
}

async function rowsOf(file: TextFile, given: Options): Promise<Row[]> {
  const { path } = file;
  const { header, rows } = await readTable(file, given);
  const labelled = columnOf({ header, rows }, given.label, path, ['label']);
  const width = given.length * given.features;
  if (header.length - 1 !== width) {
    throw new DataError(
      `${path} has ${header.length - 1} columns beside ${given.label}, but \`length\` · \`features\` is ${width}.`,
      ['length'],
    );
  }
  const numberOf = numbersOf(given.classes);
  return rows.map((row, i) => {
    const label = numberOf(row[labelled]!.trim(), `${path}: row ${i + 1} is of the class`);
    const fields = row.filter((_, column) => column !== labelled);
    const values = Float64Array.from(fields, (field) => (field.trim() === '' ? Number.NaN : Number(field)));
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) return { values, label };
    const column = header[wrong < labelled ? wrong : wrong + 1];
    throw new DataError(
      `${path}: row ${i + 1} holds ${JSON.stringify(fields[wrong]!.slice(0, 20))} in column ${column}, not a number.`,
      ['files'],
    );
  });
}

/** Of each column; a column that never changes stays where it is. */
function statistics(rows: readonly Row[], width: number): { means: Float64Array; deviations: Float64Array } {
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (const { values } of rows) values.forEach((value, i) => (means[i]! += value / rows.length));
  for (const { values } of rows) {
    values.forEach((value, i) => (deviations[i]! += (value - means[i]!) ** 2 / rows.length));
  }
  return { means, deviations: deviations.map((square) => Math.sqrt(square) || 1) };
}
