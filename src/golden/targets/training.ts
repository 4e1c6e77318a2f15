/** @file `mamba.lm_training` and `mamba2.lm_training`: a trajectory of AdamW steps. */
import { AdamW } from '../adamw';
import type { GoldenCase } from '../case';
import type { Comparison } from '../compare';
import { compareTensor, compareUpdate } from '../compare';
import { MalformedCase } from '../errors';
import { caseIds, caseModel, caseParameters, columnsOf } from '../language-model';
import type { Feeds, Machine } from '../machine';
import { isText, Options } from '../options';

/** Relative difference of the loss that is allowed at every step. */
const LOSS_TOLERANCE = { rtol: 5e-5, atol: 0, max_norm: Infinity };
/** Allowed difference of a parameter as a share of its update. */
const UPDATE_SHARE = 0.05;

export async function training(goldenCase: GoldenCase, machine: Machine): Promise<Comparison[]> {
  const options = new Options(goldenCase.hyperparameters);
  const [, batch, length] = goldenCase.shape('input.ids', 3) as [number, number, number];
  const steps = options.size('steps');
  const warmup = options.integer('warmup_steps') ?? 0;
  const number = (key: string): number => {
    const value = options.number(key);
    if (value === undefined) throw new MalformedCase(`hyperparameter ${key} is missing`);
    return value;
  };
  const peak = number('lr');
  const clip = number('clip_norm');
  const noDecay = new Set(options.list('no_decay', isText) ?? []);
  const betas = options.pair('betas');
  if (!betas) throw new MalformedCase('hyperparameter betas is missing');
  const optimizer = new AdamW({ betas, eps: number('eps'), weightDecay: number('weight_decay') });
  const built = caseModel(goldenCase, options, length);
  options.finish();
  const { model, theirs } = built;
  const ids = caseIds(goldenCase, 'input.ids', 3, model.rows);
  if (length < 2) throw new MalformedCase('a next token needs at least two');
  if (ids.shape[0] !== steps) throw new MalformedCase(`input.ids has ${ids.shape[0]} steps, not ${steps}`);

  // Float64 throughout on the reference device, float32 where the parameters cross to another.
  const exact = machine.device === 'reference';
  const parameters = new Map<string, Float32Array | Float64Array>();
  for (const [name, { values }] of Object.entries(caseParameters(goldenCase, built))) {
    parameters.set(name, exact ? Float64Array.from(values) : Float32Array.from(values));
  }
  const losses: number[] = [];
  const norms: number[] = [];
  const rates: number[] = [];
  const comparisons: Comparison[] = [];
  const compareParameters = (moment: string): void => {
    for (const [ours, original] of theirs) {
      const name = `output.${moment}.${original}`;
      if (!goldenCase.has(name)) continue;
      const actual = { shape: model.parameters.get(ours)!.shape, values: parameters.get(ours)! };
      const start = goldenCase.tensor(`param.${original}`);
      comparisons.push(compareUpdate(name, actual, goldenCase.tensor(name), start, UPDATE_SHARE));
    }
  };

  const prepared = await machine.prepare(model.trainingStep(batch, length - 1));
  try {
    for (let s = 0; s < steps; s++) {
      const rows = ids.values.subarray(s * batch * length, (s + 1) * batch * length);
      const feeds: Feeds = {
        inputs: columnsOf(rows, length, 0, length - 1),
        targets: columnsOf(rows, length, 1, length - 1),
      };
      for (const [name, values] of parameters)
        feeds[name] = { shape: model.parameters.get(name)!.shape, values };
      const outputs = await prepared.run(feeds);
      const gradients = [...parameters.keys()].map((name) => outputs[`grad.${name}`]!.values);
      const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + squared(gradient), 0));
      const scale = Math.min(1, clip / (norm + 1e-6));
      const rate = schedule(s, steps, warmup, peak);
      losses.push(outputs['loss']!.values[0]!);
      norms.push(norm);
      rates.push(rate);
      [...parameters].forEach(([name, values], i) => {
        optimizer.update(name, values, gradients[i]!, {
          rate,
          scale,
          step: s + 1,
          decay: !noDecay.has(theirs.get(name)!),
        });
      });
      if (s === 0) compareParameters('step1');
    }
  } finally {
    await prepared.release();
  }
  compareParameters('final');
  const rows: [string, number[]][] = [
    ['output.loss', losses],
    ['output.grad_norm', norms],
    ['output.lr', rates],
  ];
  for (const [name, values] of rows.reverse()) {
    if (!goldenCase.has(name)) continue;
    const tolerance = name === 'output.loss' ? LOSS_TOLERANCE : goldenCase.tolerance;
    const actual = { shape: [steps], values };
    comparisons.unshift(
      compareTensor(name, actual, goldenCase.tensor(name), tolerance, goldenCase.loose.has(name)),
    );
  }
  return comparisons;
}

/** Linear warm-up to `peak` over `warmup` steps, then a cosine to 0 at the end; `s` from 0. */
function schedule(s: number, steps: number, warmup: number, peak: number): number {
  if (s < warmup) return (peak * (s + 1)) / warmup;
  return (peak / 2) * (1 + Math.cos((Math.PI * (s - warmup)) / (steps - warmup)));
}

const squared = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
};
