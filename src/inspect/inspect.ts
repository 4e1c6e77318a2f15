/**
 * @file What one layer does on one sequence: every probe of its definition, with the tokens, the target and the
 * prediction. The command line prints it and the Scan panel draws it; both call this function.
 */
import { exampleOf, inputOf, predictionOf, type Example, type ExampleRequest, type Token } from './example';
import type { Probe, Trace } from './spec';
import { runTrace } from './trace';

export type { Probe } from './spec';

export interface Inspection extends Example {
  readonly layer: number;
  readonly mixer: string;
  readonly prediction?: Token & { readonly position: number; readonly probability: number };
  readonly probes: Readonly<Record<string, Probe>>;
}

export interface InspectRequest extends ExampleRequest {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly layer: number;
  readonly threads: number;
  /** Probes that are computed; all unless named. */
  readonly only?: ReadonlySet<string>;
}

/**
 * The layer as it ran, for analyses.
 * @throws RangeError for a layer, an example or ids that do not exist
 */
export async function look(request: InspectRequest): Promise<{ inspection: Inspection; trace: Trace }> {
  const { model, data, layer } = request;
  const input = inputOf(request);
  const { trace, logits } = await runTrace({
    ...request,
    inputs: input.values,
    length: input.length,
    target: input.target,
  });
  return {
    trace,
    inspection: {
      layer,
      mixer: trace.mixer,
      ...exampleOf(request, input),
      ...predictionOf(model, data, logits!, input),
      probes: trace.probes,
    },
  };
}

/** @throws RangeError for a layer, an example or ids that do not exist */
export const inspect = async (request: InspectRequest): Promise<Inspection> =>
  (await look(request)).inspection;
