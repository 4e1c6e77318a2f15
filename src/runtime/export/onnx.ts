/**
 * @file A model as two ONNX files that hold its weights: the whole sequence at once, and one token with the states
 * as inputs and outputs. They are run against each other before they are handed out.
 */
import * as g from '../../graph';
import type { Model } from '../../models';
import { onlyInputs } from '../engine/feeds';
import { openSession } from '../ort';

/** The ONNX format ends at 2 GB. */
const MAX_BYTES = 2 ** 31 - 2 ** 20;
/** Largest difference of logits, relative to the largest logit, between the two forms. */
const TOLERANCE = 1e-3;

export interface OnnxFiles {
  /** `inputs` (1, length) → `logits` (1, length, rows). */
  readonly parallel: Uint8Array;
  /** `ids` (1) and `state.*` → `logits` (1, rows) and `next.state.*`; absent where a layer cannot decode. */
  readonly step?: Uint8Array;
  /** Largest difference between the two on a sequence of random tokens, relative to the largest logit. */
  readonly difference?: number;
}

/** @throws Error when the weights are too large, or the two forms disagree */
export async function onnxFiles(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  length: number,
): Promise<OnnxFiles> {
  const bytes = [...parameters.values()].reduce((total, { byteLength }) => total + byteLength, 0);
  if (bytes > MAX_BYTES) {
    throw new Error(
      `The weights have ${(bytes / 1e9).toFixed(1)} GB, and an ONNX file at most 2 GB. Export safetensors.`,
    );
  }
  const p = Object.fromEntries(
    [...model.parameters].map(([name, { shape }]) => [name, g.constant(parameters.get(name)!, shape)]),
  );
  const parallel = g.compile(model.logits(1, length, p), { target: 'onnx' });
  if (model.decodeProblem !== undefined) return { parallel: parallel.model };
  const step = g.compile(model.decodeStep(1, p), { target: 'onnx' });
  const difference = await compare(model, parallel, step, length);
  if (!(difference <= TOLERANCE)) {
    throw new Error(`The parallel and the stepwise model differ by ${difference} of the largest logit.`);
  }
  return { parallel: parallel.model, step: step.model, difference };
}

async function compare(
  model: Model,
  parallel: g.Compiled,
  step: g.Compiled,
  length: number,
): Promise<number> {
  const { input } = model.data;
  if (input.kind !== 'tokens' || model.task.type !== 'language-model') return 0;
  const ids = Int32Array.from({ length }, (_, i) => (i * 7919 + 13) % input.vocab_size);
  const whole = await openSession(parallel, { device: 'cpu' });
  const single = await openSession(step, { device: 'cpu' });
  try {
    const expected = (await whole.run({ inputs: ids }))['logits'] as Float32Array;
    const largest = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    let states: Record<string, Float32Array> = Object.fromEntries(
      Object.entries(model.states(1)).map(([name, shape]) => [
        name,
        new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
      ]),
    );
    let difference = 0;
    for (let t = 0; t < length; t++) {
      const found = (await single.run({
        ...onlyInputs(step, states),
        ids: ids.subarray(t, t + 1),
      })) as Record<string, Float32Array>;
      states = Object.fromEntries(Object.keys(states).map((name) => [name, found[`next.${name}`]!]));
      found['logits']!.forEach((value, v) => {
        difference = Math.max(difference, Math.abs(value - expected[t * model.rows + v]!));
      });
    }
    return largest > 0 ? difference / largest : difference;
  } finally {
    await whole.release();
    await single.release();
  }
}
