/** @file Recordings with a class each: WAV files, read sample by sample. */
import { basename, dirname, extname } from 'node:path';
import * as z from 'zod';
import { DataError, defineData, type DataProblem, type DataShape } from '../define';
import { fileOptions, readItems, shareOptions } from '../kept-apart';
import { classedDataset, namedTwice, numbersOf, shareProblems } from '../stored';
import type { TextFile } from '../text/files';
import { readWav, WavError, type Sound } from './wav';

const NAME = 'audio';

const options = z.strictObject({
  ...fileOptions('wav', 'WAV files, for example speech/*/*.wav.'),
  label: z
    .enum(['folder', 'name'])
    .default('folder')
    .describe('What tells the class of a file: the folder that holds it, or its own name without `.wav`.'),
  classes: z.array(z.string().min(1)).min(2).describe('All classes that there are, as they are written.'),
  sample_rate: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(16_000)
    .describe('Samples per second (Hz); all files must have it.'),
  length: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(16_000)
    .describe('Samples of an example: longer recordings are cut, shorter ones followed by silence.'),
  frame: z.int().positive().default(1).describe('Samples that one time step shows; divides the length.'),
  ...shareOptions('recordings'),
});

type Options = z.output<typeof options>;

const shape = ({ length, frame, classes }: Options): DataShape => ({
  length: Math.ceil(length / frame),
  input: { kind: 'vectors', features: frame },
  target: { kind: 'class', classes: classes.length },
});

function frameProblems({ length, frame }: Options): DataProblem[] {
  if (length % frame === 0) return [];
  const message = `A recording of ${length} samples cannot be divided into frames of ${frame}.`;
  let suggestion = Math.min(frame, length);
  while (length % suggestion !== 0) suggestion--;
  return [{ path: ['frame'], message, suggestion }];
}

export const audio = defineData({
  name: NAME,
  title: 'Audio',
  summary: 'Recordings (WAV) with a class each, read sample by sample or frame by frame.',
  description:
    'Reads uncompressed WAV files; several channels become their mean, samples lie in −1 … 1. The folder that holds ' +
    'a file is its class, as in Speech Commands, or its name is, as in sets of spoken words. Which recordings ' +
    'validate and test is drawn once, alike for every seed.\n\n' +
    'S4D (arXiv 2206.11893), Table 5, tells the 35 words of Speech Commands apart at length 16,000: S4D-LegS 95.8 %, ' +
    'S4D-Inv 96.2 %, S4D-Lin 96.3 %.',
  options,
  check: (given) => [
    ...frameProblems(given),
    ...shareProblems(given, 0.1),
    ...namedTwice('classes', given.classes),
  ],
  shape,
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'recordings', (file) => [recordingOf(file, given)]);
    return classedDataset<Recording, Float32Array>({
      ...found,
      name: NAME,
      shape: shape(given),
      seed: context.seed,
      classes: given.classes,
      write: ({ samples }, inputs) => inputs.set(samples),
    });
  },
});

interface Recording {
  readonly samples: Float32Array;
  readonly label: number;
}

function recordingOf({ path, content }: TextFile, given: Options): Recording {
  const name = given.label === 'folder' ? basename(dirname(path)) : basename(path, extname(path));
  const label = numbersOf(given.classes)(name, `${path} is of the class`);
  let sound: Sound;
  try {
    sound = readWav(content, given.length);
  } catch (error) {
    if (error instanceof WavError)
      throw new DataError(`${path} cannot be read: ${error.message}.`, ['files']);
    throw error;
  }
  if (sound.rate !== given.sample_rate) {
    throw new DataError(
      `${path} has ${sound.rate} samples per second instead of ${given.sample_rate}. Set \`sample_rate\`, or resample.`,
      ['sample_rate'],
    );
  }
  return { samples: sound.samples, label };
}
