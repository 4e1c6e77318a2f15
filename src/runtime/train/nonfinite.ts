/**
 * @file Where the first NaN or infinity comes from: the failing step is computed once more with a flag behind
 * every tensor, and the oldest tensor that is not finite is named with its layer.
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
  /** The operator whose result is not finite, or the parameter. */
  readonly tensor: string;
  /** The largest absolute value among the parameters, and whose it is. */
  readonly largest: { readonly parameter: string; readonly value: number; readonly finite: boolean };
}

/** @param batches the micro-batches of the step */
export async function findNonFinite(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  batches: readonly Batch[],
  threads: number,
  building: TrainingOptions = {},
): Promise<Culprit> {
  const largest = largestParameter(parameters);
  const broken = [...parameters].find(([, values]) => !values.every(Number.isFinite));
  if (broken !== undefined) return { scope: '', tensor: broken[0], largest };
  const { size } = batches[0]!;
  const tensors = floatTensors(Object.values(model.trainingStep(size, model.length, building)));
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
      if (index >= 0) return { ...describe(tensors[index]!), largest };
    }
    return { scope: '', tensor: 'the sum of the gradients', largest };
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

function largestParameter(parameters: ReadonlyMap<string, Float32Array>): Culprit['largest'] {
  let [name, largest, finite] = ['', 0, true];
  for (const [parameter, values] of parameters) {
    for (const value of values) {
      if (!Number.isFinite(value)) finite = false;
      if (Math.abs(value) > largest) [name, largest] = [parameter, Math.abs(value)];
    }
  }
  return { parameter: name, value: largest, finite };
}

/** What happened, where, what is left and what to try. */
export function nonFiniteMessage(
  failed: { readonly step: number; readonly lr: number; readonly what: string },
  culprit: Culprit,
  checkpoint: string | undefined,
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
  const kept =
    checkpoint === undefined
      ? 'No checkpoint had been written yet.'
      : `The last good state is ${checkpoint}.`;
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
