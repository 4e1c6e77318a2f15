/** @file Time series from tables: forecast the next steps of some columns (the protocol of Zhou et al., 2021). */
import * as z from 'zod';
import { columnOf, type CsvTable } from '../tables/csv';
import { DataError, defineData, type DataProblem, type DataShape, type Split } from '../define';
import { filesDigest } from '../digest';
import { countsOf, namedTwice, shareProblems, storedDataset } from '../stored';
import { readTable } from '../tables';
import { readTextFiles, type TextFile } from '../text/files';
import { CALENDAR_FEATURES, calendarOf, momentOf } from './calendar';
import { baselines, standardise, windowsOf, type Series } from './windows';

const NAME = 'time-series';

const USUAL_CALENDAR = ['hour', 'day_of_week', 'day_of_month', 'day_of_year'] as const;

const options = z.strictObject({
  files: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .describe(
      'CSV files with a header line, data files of gretl (.gdt), workspaces and package data of R (.rda, .rdb), or ' +
        'arrays of NumPy (.npy, .npz), plain or packed with gzip or xz; rows in the order of time. Several files are several series.',
    )
    .meta({ path: 'csv' }),
  columns: z.array(z.string().min(1)).min(1).describe('Columns that are read and forecast, by their names.'),
  object: z
    .string()
    .min(1)
    .optional()
    .describe('Which object of a file of R, or which array of a .npz, where it has several.'),
  rows: z
    .int()
    .positive()
    .optional()
    .describe(
      'Rows from the start that count, where a protocol leaves the rest out; ETTh: 14,400, ETTm: 57,600.',
    ),
  time: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Column of time stamps such as 2016-07-01 08:00; what the calendar says of them is then an input too.',
    ),
  calendar: z
    .array(z.enum(CALENDAR_FEATURES))
    .min(1)
    .default([...USUAL_CALENDAR])
    .describe(
      'What of the `time` stamps is shown, each from −½ to ½, in the steps that are forecast as well.',
    ),
  context: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(96)
    .describe('Steps that are seen before the forecast.')
    .meta({ symbol: 'L' }),
  horizon: z
    .int()
    .min(1)
    .max(2 ** 16)
    .default(48)
    .describe('Steps that are forecast.')
    .meta({ symbol: 'H' }),
  validation: z.number().gt(0).lt(1).default(0.1).describe('Share of each series that validates.'),
  test: z.number().gt(0).lt(1).default(0.2).describe('Share of each series, from its end, that tests.'),
  missing: z
    .enum(['error', 'previous'])
    .default('error')
    .describe('Fields without a number: an error, or the value before.'),
  period: z
    .int()
    .positive()
    .optional()
    .describe('Steps of a season; the error of repeating the last season is then shown beside the others.'),
});

type Options = z.output<typeof options>;

/** Without time stamps there is nothing to show; what is usual may have been left as it is. */
function calendarProblems({ time, calendar }: Options): DataProblem[] {
  if (time !== undefined || calendar.join() === USUAL_CALENDAR.join()) return [];
  const message = '`calendar` has no effect without `time`, the column of time stamps.';
  return [{ path: ['calendar'], message, severity: 'warning' }];
}

/** Features that the calendar adds. */
const marksOf = ({ time, calendar }: Options): number => (time === undefined ? 0 : calendar.length);

const shape = (given: Options): DataShape => ({
  length: given.context + given.horizon,
  // One feature more says which steps are to be forecast.
  input: { kind: 'vectors', features: given.columns.length + 1 + marksOf(given) },
  target: { kind: 'values', positions: given.horizon, features: given.columns.length },
});

export const timeSeries = defineData({
  name: NAME,
  title: 'Time series',
  summary: 'Columns of a table over time; forecast the next steps. A regression.',
  description:
    'Every window of `context` + `horizon` steps is an example. The inputs are the standardised columns and a mark; ' +
    'in the last `horizon` steps the columns are 0 and the mark is 1, and the outputs there are the forecast. The ' +
    'first part of a series trains, then come `validation` and `test`; mean and deviation are those of the training ' +
    'part. `mse` and `mae` are of standardised values, as papers report them; beside them stand the errors of ' +
    'repeating the last value (`repeat_last_mse`, `repeat_last_mae`), of the mean of the context (`mean_mse`, ' +
    '`mean_mae`) and, with `period`, of the last season.\n\n' +
    'With `time` every step also shows its place in the calendar, in the future too, where it is known: hour / 23, ' +
    'day of the week / 6 from Monday, day of the month / 30, day of the year / 365, each less ½, as the loaders of ' +
    'Informer, S-Mamba and SpaceTime have it; `minute` and `month` may be added.\n\n' +
    'Source of the protocol: Informer (arXiv 2012.07436), with 70 / 10 / 20 % here; the 12 + 4 + 4 months of ETTh are ' +
    '`rows: 14400`, `validation: 0.2`, `test: 0.2`. A vector of R or NumPy has one column of its own name, columns without names are 1, 2, 3, … A causal model sees the past ' +
    'alone; a bidirectional one sees nothing more, as the future is hidden.',
  options,
  check: (given) => [
    ...shareProblems(given, 0.2),
    ...namedTwice('columns', given.columns),
    ...namedTwice('calendar', given.calendar),
    ...calendarProblems(given),
  ],
  shape,
  async open(given, context) {
    const files = await readTextFiles(given.files, context);
    const series: Series[] = [];
    for (const file of files) series.push(await readSeries(file, given));
    const scaled = standardise(series, given);
    const windows = windowsOf(scaled, given);
    for (const split of ['train', 'validation', 'test'] as const) {
      if (windows[split].length === 0) throw tooShort(split, series, given);
    }
    const { context: past, horizon, columns } = given;
    const width = columns.length;
    const marks = marksOf(given);
    const features = width + 1 + marks;
    // Without time stamps it decides nothing.
    const { calendar: _calendar, ...unmarked } = given;
    return storedDataset<Float32Array, Float32Array>({
      name: NAME,
      shape: shape(given),
      hash: filesDigest(NAME, given.time === undefined ? unmarked : given, files),
      seed: context.seed,
      counts: countsOf(windows),
      example(split, index, inputs, targets) {
        const { values, calendar, start } = windows[split][index]!;
        for (let step = 0; step < past; step++) {
          for (let c = 0; c < width; c++) inputs[step * features + c] = values[(start + step) * width + c]!;
        }
        for (let step = past; step < past + horizon; step++) inputs[step * features + width] = 1;
        if (calendar) {
          for (let step = 0; step < past + horizon; step++) {
            const at = (start + step) * marks;
            inputs.set(calendar.subarray(at, at + marks), step * features + width + 1);
          }
        }
        targets.set(values.subarray((start + past) * width, (start + past + horizon) * width));
      },
      label: String,
      targetLabel: String,
      facts: baselines(windows.test, given),
    });
  },
});

async function readSeries(file: TextFile, given: Options): Promise<Series> {
  const { path } = file;
  const { columns, missing, rows } = given;
  const table = await readTable(file, { object: given.object });
  const steps = rows ?? table.rows.length;
  if (steps > table.rows.length) {
    throw new DataError(`${path} has ${table.rows.length} rows, fewer than \`rows\` (${steps}).`, ['rows']);
  }
  const places = columns.map((name, i) => columnOf(table, name, path, ['columns', i]));
  const values = new Float64Array(steps * columns.length);
  table.rows.slice(0, steps).forEach((row, line) => {
    places.forEach((place, c) => {
      const field = row[place]!.trim();
      const value = field === '' ? Number.NaN : Number(field);
      const at = line * columns.length + c;
      if (Number.isFinite(value)) values[at] = value;
      else if (missing === 'previous' && line > 0) values[at] = values[at - columns.length]!;
      else {
        const what = field === '' ? 'nothing' : JSON.stringify(field.slice(0, 20));
        throw new DataError(
          `${path}: row ${line + 1} holds ${what} in column ${columns[c]}, not a number. ` +
            'Mend it, or take `missing: previous`.',
          ['columns', c],
        );
      }
    });
  });
  const { time } = given;
  return {
    values,
    steps,
    path,
    ...(time !== undefined && { calendar: calendarColumns(table, time, path, given, steps) }),
  };
}

/** (steps, features). @throws DataError at `time` when a stamp cannot be read, or lies before the last */
function calendarColumns(
  table: CsvTable,
  time: string,
  path: string,
  given: Options,
  steps: number,
): Float32Array {
  const place = columnOf(table, time, path, ['time']);
  const marks = new Float32Array(steps * given.calendar.length);
  let last = -Infinity;
  table.rows.slice(0, steps).forEach((row, line) => {
    const moment = momentOf(row[place]!);
    const shown = JSON.stringify(row[place]!.slice(0, 30));
    if (!moment) {
      const form = 'such as 2016-07-01 08:00:00';
      throw new DataError(`${path}: row ${line + 1} holds ${shown} in column ${time}, no time ${form}.`, [
        'time',
      ]);
    }
    if (moment.at < last) {
      throw new DataError(
        `${path}: row ${line + 1} (${shown}) lies before the row above it. Sort the rows by time.`,
        ['time'],
      );
    }
    last = moment.at;
    marks.set(calendarOf(moment, given.calendar), line * given.calendar.length);
  });
  return marks;
}

function tooShort(split: Split, series: readonly Series[], { context, horizon }: Options): DataError {
  const longest = Math.max(...series.map(({ steps }) => steps));
  return new DataError(
    `The ${split} part has no window of ${context + horizon} steps (context ${context}, horizon ${horizon}); the ` +
      `longest series has ${longest} steps in all. Lower \`context\` or \`horizon\`, or add data.`,
    ['context'],
  );
}
