/**
 * @file What one layer does on one sequence: every probe of its definition, with the tokens, the target and the
 * prediction. The command line prints it and the Scan panel draws it; both call this function.
 */
import { exampleOf, inputOf, predictionOf, type Example, type ExampleRequest, type Token } from './example';
import { logSoftmax } from '../analysis/statistics';
import type { Model } from '../models';
import { pictureOf, type Picture } from './picture';
import type { Probe, Trace } from './spec';
import { runTrace } from './trace';

export type { Probe } from './spec';

export interface Inspection extends Example {
  readonly layer: number;
  readonly mixer: string;
  readonly prediction?: Token & { readonly position: number; readonly probability: number };
  /** −log p of every token given the ones before, nats; 0 for the first. For language models. */
  readonly surprise?: Float32Array;
  /** What the tokens were read from, where the data are images. */
  readonly image?: Picture;
  readonly probes: Readonly<Record<string, Probe>>;
}

export interface InspectRequest extends ExampleRequest {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Values before training, for comparison. */
  readonly initial?: ReadonlyMap<string, Float32Array>;
  readonly layer: number;
  readonly threads: number;
  /** Probes that are computed; all unless named. */
  readonly only?: ReadonlySet<string>;
  /** Most numbers of a probe: larger ones are left out. */
  readonly limit?: number;
}

/**
 * The layer as it ran, for analyses.
 * @throws RangeError for a layer, an example or ids that do not exist
 */
export async function look(request: InspectRequest): Promise<{ inspection: Inspection; trace: Trace }> {
  const { model, data, layer } = request;
  const input = inputOf(request);
  const image = data?.grid && input.example !== undefined ? pictureOf(data.grid, input.values) : undefined;
  const { trace, logits } = await runTrace({
    ...request,
    inputs: input.values,
    length: input.length,
    target: input.target,
    position: input.position,
  });
  return {
    trace,
    inspection: {
      layer,
      mixer: trace.mixer,
      ...exampleOf(request, input),
      ...predictionOf(model, data, logits!, input),
      ...surpriseOf(model, logits!, input.values),
      ...(image ? { image } : {}),
      probes: trace.probes,
    },
  };
}

/** @throws RangeError for a layer, an example or ids that do not exist */
export const inspect = async (request: InspectRequest): Promise<Inspection> =>
  (await look(request)).inspection;

/** Where the model predicts the token that follows at every position. */
function surpriseOf(
  model: Model,
  logits: Float32Array,
  inputs: Int32Array | Float32Array,
): { surprise?: Float32Array } {
  const { rows, data } = model;
  if (data.target.kind !== 'next-token' || data.input.kind !== 'tokens') return {};
  const surprise = new Float32Array(inputs.length);
  for (let t = 1; t < inputs.length; t++) {
    const row = logits.subarray((t - 1) * rows, t * rows);
    surprise[t] = -logSoftmax(row)[inputs[t]!]!;
  }
  return { surprise };
}
