/**
 * @file Where the first NaN or infinity comes from: the failing step or evaluation is computed once more with a flag
 * behind every tensor, and the oldest tensor that is not finite is named with its layer.
 */
import type { Batch } from '../../data/define';
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { LOSS_SCALE, type Model, type TrainingOptions } from '../../models';
import { batchFeeds, onlyInputs } from '../engine/feeds';
import { openSession } from '../ort';
import { reachable } from '../../graph/node';

export interface Culprit {
  /** Where in the model, for example `layers.0/mixer`; empty outside of any layer. */
  readonly scope: string;
  /** The operator whose result is not finite, the parameter, or the state of the optimiser. */
  readonly tensor: string;
  /** The largest absolute value among the parameters, and whose it is. */
  readonly largest: { readonly parameter: string; readonly value: number };
}

/** A state that must not be saved as one to go on from. */
export class NonFiniteState extends Error {
  constructor(
    readonly step: number,
    /** The parameter, or the optimiser's state of one. */
    readonly tensor: string,
  ) {
    super(`Step ${step}: ${tensor} is not finite, so the state is not saved.`);
    this.name = 'NonFiniteState';
  }
}

/** The first tensor with a NaN or an infinity. */
export function brokenTensor(tensors: Iterable<readonly [string, Float32Array]>): string | undefined {
  for (const [name, values] of tensors) {
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return name;
  }
  return undefined;
}

/** @param batches the micro-batches of the step */
export async function findNonFinite(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  batches: readonly Batch[],
  threads: number,
  building: TrainingOptions = {},
): Promise<Culprit> {
  const program = model.trainingStep(batches[0]!.size, model.length, building);
  const found = await firstBroken(program, parameters, batches, threads);
  return { scope: '', tensor: 'the sum of the gradients', ...found, largest: largestParameter(parameters) };
}

/** The same of an evaluation. @param batches its examples, `size` each */
export async function findNonFiniteEvaluation(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  batches: Iterable<Batch>,
  size: number,
  threads: number,
): Promise<Culprit> {
  const { losses } = model.evaluation(size, model.length);
  const found = await firstBroken({ losses: losses! }, parameters, batches, threads);
  return { scope: '', tensor: 'the sum of the losses', ...found, largest: largestParameter(parameters) };
}

async function firstBroken(
  program: Readonly<Record<string, Tensor>>,
  parameters: ReadonlyMap<string, Float32Array>,
  batches: Iterable<Batch>,
  threads: number,
): Promise<Pick<Culprit, 'scope' | 'tensor'> | undefined> {
  const broken = brokenTensor(parameters);
  if (broken !== undefined) return { scope: '', tensor: broken };
  const tensors = floatTensors(Object.values(program));
  // 0 · x is NaN where x is not finite. The zero is fed, so that nobody can simplify the product away.
  const zero = g.input('zero', []);
  const flags = tensors.map((tensor) => g.reshape(g.sum(g.mul(g.cast(tensor, 'float32'), zero)), [1]));
  const compiled = g.compile({ flags: g.concat(flags, 0) }, { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads });
  try {
    const fixed = onlyInputs<Float32Array>(compiled, {
      ...Object.fromEntries(parameters),
      zero: new Float32Array(1),
      [LOSS_SCALE]: Float32Array.of(1),
    });
    for (const batch of batches) {
      const found = await session.run({ ...fixed, ...batchFeeds(compiled, batch) });
      const index = (found['flags'] as Float32Array).findIndex((flag) => !Number.isFinite(flag));
      if (index >= 0) return describe(tensors[index]!);
    }
    return undefined;
  } finally {
    await session.release();
  }
}

/** Float tensors that the outputs depend on, oldest first, without constants. */
function floatTensors(outputs: readonly Tensor[]): Tensor[] {
  return reachable(outputs)
    .filter((node) => node.inputs.length > 0)
    .flatMap((node) => node.outputs)
    .filter(({ dtype }) => g.isFloat(dtype));
}

function describe({ node }: Tensor): { scope: string; tensor: string } {
  const parameter = node.inputs.find(
    (input) => input.node.inputs.length === 0 && nameOf(input) !== undefined,
  );
  const of = parameter === undefined ? '' : ` with ${nameOf(parameter)}`;
  return { scope: node.scope, tensor: `the result of ${node.operator.name}${of}` };
}

const nameOf = ({ node }: Tensor): string | undefined => (node.attributes as { name?: string } | null)?.name;

export function largestParameter(parameters: ReadonlyMap<string, Float32Array>): Culprit['largest'] {
  let [name, largest] = ['', 0];
  for (const [parameter, values] of parameters) {
    for (const value of values) {
      if (Math.abs(value) > largest) [name, largest] = [parameter, Math.abs(value)];
    }
  }
  return { parameter: name, value: largest };
}

/** What happened, where, what is left and what to try. @param kept a sentence about what is left */
export function nonFiniteMessage(
  failed: { readonly step: number; readonly lr: number; readonly what: string },
  culprit: Culprit,
  kept: string,
  train: { readonly clip: number; readonly schedule: { readonly warmup: number } },
): string {
  const layer = /^layers\.(\d+)/.exec(culprit.scope)?.[1];
  const named = layer === undefined ? culprit.scope : `layer ${layer} (${culprit.scope})`;
  const where = culprit.scope === '' ? '' : ` in ${named}`;
  const { largest } = culprit;
  const grown =
    largest.value > 1e4
      ? ` Parameters have grown to ${largest.value.toExponential(1)} (${largest.parameter}).`
      : '';
  const advice = [
    `a lower train.optimizer.lr (it was ${failed.lr.toPrecision(2)})`,
    ...(train.schedule.warmup === 0 ? ['warm-up steps (train.schedule.warmup)'] : []),
    ...(train.clip === 0 ? ['gradient clipping (train.clip: 1)'] : []),
  ];
  return (
    `Step ${failed.step}: the ${failed.what} is not finite. ` +
    `The first such value is ${culprit.tensor}${where}.${grown} ${kept} Try ${advice.join(', or ')}.`
  );
}
