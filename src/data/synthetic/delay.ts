/** @file Delay: give back the input of some steps ago (Voelker et al., 2019; Gu et al., 2022). */
import * as z from 'zod';
import type { Random } from '../../util/random';
import type { DataProblem, DataShape } from '../define';
import { defineTask } from './define';

const RMS = 0.5;

const options = z.strictObject({
  length: z
    .int()
    .min(4)
    .max(2 ** 20)
    .default(1024)
    .describe('Steps of the signal.')
    .meta({ symbol: 'L' }),
  lag: z.int().min(0).default(256).describe('Steps from input to output.'),
  dt: z.number().positive().default(1e-3).describe('Seconds per step.').meta({ unit: 's' }),
  bandwidth: z
    .number()
    .positive()
    .default(50)
    .describe('Highest frequency of the signal; at most half the sampling rate, 1 / (2 dt).')
    .meta({ unit: 'Hz' }),
});

type Options = z.output<typeof options>;

const shape = ({ length }: Options): DataShape => ({
  length,
  input: { kind: 'vectors', features: 1 },
  target: { kind: 'values', positions: length, features: 1 },
});

function check({ length, lag, dt, bandwidth }: Options): DataProblem[] {
  const problems: DataProblem[] = [];
  if (lag >= length) {
    const message = `\`lag\` must be below \`length\` (${length}); found ${lag}.`;
    problems.push({ path: ['lag'], message, suggestion: Math.floor(length / 4) });
  }
  const [lowest, highest] = [1 / (length * dt), 1 / (2 * dt)];
  if (bandwidth < lowest || bandwidth > highest) {
    const message =
      `\`bandwidth\` must lie between one period of the signal and half the sampling rate, ` +
      `${Number(lowest.toPrecision(3))} to ${Number(highest.toPrecision(3))} Hz; found ${bandwidth}.`;
    problems.push({ path: ['bandwidth'], message });
  }
  return problems;
}

export const delay = defineTask({
  name: 'delay',
  title: 'Delay',
  summary: 'Give back a smooth random signal some steps later; a regression.',
  description:
    'The input is white noise limited to `bandwidth` with a root mean square of 0.5, shifted to start at 0; the ' +
    'target is the same signal `lag` steps later, 0 before. One linear state space layer can do it, as good as its ' +
    'basis reconstructs the past: the test of HiPPO matrices without any nonlinearity. `mse` is the mean squared ' +
    'error.\n\n' +
    'Source: state-spaces/s4, `datasets/delay.py`; How to Train Your HiPPO (arXiv 2206.12037), section 4.1. ' +
    'Theirs is one layer with d_model 4 and d_state 1024.',
  options,
  check,
  shape,
  generate(given) {
    const { length, lag } = given;
    const signal = bandLimitedNoise(given);
    return {
      example(random, inputs: Float32Array, targets: Float32Array) {
        signal(random, inputs);
        targets.set(inputs.subarray(0, length - lag), lag);
      },
      label: String,
    };
  },
});

/** Fills an array with Gaussian noise whose spectrum is flat up to `bandwidth` and zero above. */
function bandLimitedNoise({
  length,
  dt,
  bandwidth,
}: Options): (random: Random, target: Float32Array) => void {
  // A real signal of n = 2m samples has the frequencies k / (n dt), k = 0 … m; that of k = 0 is left out.
  const n = 2 * Math.ceil(length / 2);
  const harmonics = Math.min(n / 2 - 1, Math.floor(bandwidth * n * dt + 1e-9));
  const scale = RMS / Math.sqrt(harmonics);
  const wave = (f: (angle: number) => number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => f((2 * Math.PI * i) / n));
  const [cosine, sine] = [wave(Math.cos), wave(Math.sin)];
  return (random, target) => {
    const sum = new Float64Array(length);
    for (let k = 1; k <= harmonics; k++) {
      const [a, b] = [random.normal(), random.normal()];
      for (let t = 0, at = 0; t < length; t++) {
        sum[t]! += a * cosine[at]! + b * sine[at]!;
        at += k;
        if (at >= n) at -= n;
      }
    }
    for (let t = 0; t < length; t++) target[t] = scale * (sum[t]! - sum[0]!);
  };
}
