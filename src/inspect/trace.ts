/** @file Runs a model on one sequence and keeps what one layer did. */
import { compile } from '../graph';
import { inspectionOf, type Model, parameterName } from '../models';
import { onlyInputs } from '../runtime/engine/feeds';
import { openSession } from '../runtime/ort';
import type { Dataset } from '../runtime/train/prepare';
import type { Probe, Trace } from './spec';

/** A layer made ready to be looked at, with any parameters of its model. */
export interface PreparedTrace {
  run(parameters: ReadonlyMap<string, Float32Array>): Promise<Traced>;
  release(): Promise<void>;
}

export interface Traced {
  readonly trace: Trace;
  readonly logits: Float32Array | undefined;
}

export interface TraceRequest {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly initial?: ReadonlyMap<string, Float32Array> | undefined;
  readonly data?: Dataset | undefined;
  readonly layer: number;
  readonly inputs: Int32Array | Float32Array;
  readonly length: number;
  readonly target?: number | undefined;
  /** Where the target is asked for; the last token unless given. */
  readonly position?: number;
  readonly threads: number;
  /** Probes that are kept; all unless named. States are by far the largest. */
  readonly only?: ReadonlySet<string>;
  /** Most numbers of a probe: larger ones, states first of all, are left out. */
  readonly limit?: number;
  /** Whether the logits are computed too. */
  readonly logits?: boolean;
}

const PROBE = 'probe.';

/** @throws RangeError for a layer that does not exist */
export async function prepareTrace(request: Omit<TraceRequest, 'parameters'>): Promise<PreparedTrace> {
  const { model, layer, inputs, length, only, threads } = request;
  const placed = model.layers[layer];
  if (placed === undefined) {
    throw new RangeError(`There is no layer ${layer}; the model has layers 0 … ${model.layers.length - 1}.`);
  }
  const program = Object.fromEntries(
    Object.entries(inspectionOf(model, 1, length, layer)).filter(([name, { shape }]) => {
      if (name === 'logits') return request.logits !== false;
      const size = shape.reduce((product, extent) => product * extent, 1);
      if (name.startsWith(PROBE) && request.limit !== undefined && size > request.limit) return false;
      return !name.startsWith(PROBE) || only === undefined || only.has(name.slice(PROBE.length));
    }),
  );
  const compiled = compile(program, { target: 'cpu' });
  const shapes = new Map(compiled.outputs.map(({ name, shape }) => [name, shape]));
  const session = await openSession(compiled, { device: 'cpu', threads });
  return {
    release: () => session.release(),
    async run(parameters) {
      const feeds = { ...onlyInputs(compiled, Object.fromEntries(parameters)), inputs };
      const found = (await session.run(feeds)) as Record<string, Float32Array>;
      const probes: Record<string, Probe> = {};
      for (const [name, { axes, unit, sign, description }] of Object.entries(placed.definition.probes)) {
        const shape = shapes.get(PROBE + name);
        if (shape === undefined) continue;
        const batched = axes[0] === 'batch';
        probes[name] = {
          shape: batched ? shape.slice(1) : shape,
          axes: batched ? axes.slice(1) : axes,
          unit,
          sign,
          description,
          data: Float32Array.from(found[PROBE + name]!),
        };
      }
      const input = Float32Array.from(found['layer.input']!);
      const trace: Trace = {
        model,
        parameters,
        initial: request.initial,
        data: request.data,
        threads,
        layer,
        mixer: placed.mixer,
        resolved: placed.resolved as Record<string, unknown>,
        length,
        d_model: input.length / length,
        inputs,
        target: request.target,
        position: request.position ?? length - 1,
        probes,
        seen: Object.fromEntries(Object.entries(probes).map(([name, probe]) => [name, probe.data])),
        own: Object.fromEntries(
          Object.keys(placed.parameters).map((name) => [name, parameters.get(parameterName(placed, name))!]),
        ),
        input,
        output: Float32Array.from(found['layer.output']!),
      };
      return { trace, logits: found['logits'] && Float32Array.from(found['logits']) };
    },
  };
}

/** The same once. @throws RangeError for a layer that does not exist */
export async function runTrace(request: TraceRequest): Promise<Traced> {
  const prepared = await prepareTrace(request);
  try {
    return await prepared.run(request.parameters);
  } finally {
    await prepared.release();
  }
}
