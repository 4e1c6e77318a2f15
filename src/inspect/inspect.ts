/**
 * @file What one layer does on one sequence: every probe of its definition, with the tokens, the target and the
 * prediction. The command line prints it and the Scan panel draws it; both call this function.
 */
import { compile } from '../graph';
import type { Model } from '../models';
import { onlyInputs } from '../runtime/engine/feeds';
import { openSession } from '../runtime/ort';
import type { Dataset } from '../runtime/train/prepare';

export interface Probe {
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly axes: readonly string[];
  readonly unit: string;
  readonly sign: 'positive' | 'signed';
  readonly description: string;
  /** Row-major. */
  readonly data: Float32Array;
}

export interface Token {
  /** Absent where the inputs are vectors. */
  readonly id?: number;
  readonly label: string;
}

export interface Inspection {
  readonly layer: number;
  readonly mixer: string;
  /** The whole stack. */
  readonly layers: readonly { readonly index: number; readonly mixer: string }[];
  /** The held-out example; absent for ids that were given. */
  readonly example?: number;
  /** How many held-out examples there are. */
  readonly examples?: number;
  /** Labels by id, for small vocabularies. */
  readonly vocabulary?: readonly string[];
  readonly tokens: readonly Token[];
  /** What should be answered at the last scored position. */
  readonly target?: Token & { readonly position: number };
  readonly prediction?: Token & { readonly position: number; readonly probability: number };
  readonly probes: Readonly<Record<string, Probe>>;
}

export interface InspectRequest {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly data?: Dataset;
  readonly layer: number;
  /** Number of a held-out example; ignored when `ids` are given. */
  readonly example?: number;
  readonly ids?: readonly number[];
  readonly threads: number;
}

const PROBE = 'probe.';
/** Largest vocabulary that is listed. */
const LISTED = 1000;

/** @throws RangeError for a layer, an example or ids that do not exist */
export async function inspect(request: InspectRequest): Promise<Inspection> {
  const { model, parameters, data, layer } = request;
  const placed = model.layers[layer];
  if (placed === undefined) {
    throw new RangeError(`There is no layer ${layer}; the model has layers 0 … ${model.layers.length - 1}.`);
  }
  const input = inputOf(request);
  const compiled = compile(model.inspection(1, input.length, layer), { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads: request.threads });
  try {
    const feeds = { ...onlyInputs(compiled, Object.fromEntries(parameters)), inputs: input.values };
    const found = (await session.run(feeds)) as Record<string, Float32Array>;
    const shapes = new Map(compiled.outputs.map(({ name, shape }) => [name, shape]));
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
    return {
      layer,
      mixer: placed.mixer,
      layers: model.layers.map(({ index, mixer }) => ({ index, mixer })),
      ...(input.example === undefined ? {} : { example: input.example, examples: input.examples }),
      ...vocabularyOf(model, data),
      tokens: input.tokens,
      ...(input.target === undefined
        ? {}
        : { target: { position: input.position, ...labelled(model, data, input.target) } }),
      ...predictionOf(model, data, found['logits']!, input),
      probes,
    };
  } finally {
    await session.release();
  }
}

interface Input {
  readonly length: number;
  readonly values: Int32Array | Float32Array;
  readonly tokens: readonly Token[];
  readonly example?: number;
  readonly examples?: number;
  readonly target?: number;
  /** The last scored position. */
  readonly position: number;
}

function inputOf({ model, data, example = 0, ids }: InspectRequest): Input {
  const { input } = model.data;
  const label = (id: number): Token => ({ id, label: data?.label(id) ?? String(id) });
  if (ids !== undefined) {
    if (input.kind !== 'tokens')
      throw new RangeError('This model takes vectors, not ids; choose an example.');
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= input.vocab_size);
    if (ids.length === 0) throw new RangeError('Give at least one id.');
    if (wrong !== undefined)
      throw new RangeError(`There is no id ${wrong}; ids are 0 … ${input.vocab_size - 1}.`);
    const { length } = ids;
    return { length, values: Int32Array.from(ids), tokens: ids.map(label), position: length - 1 };
  }
  if (data === undefined)
    throw new RangeError('This checkpoint comes without data; give the tokens with --ids.');
  const examples = data.count('validation');
  if (!Number.isInteger(example) || example < 0 || example >= examples) {
    throw new RangeError(`There is no example ${example}; held-out examples are 0 … ${examples - 1}.`);
  }
  const batch = data.heldOut('validation', example, 1);
  const { length } = model;
  const tokens =
    input.kind === 'tokens'
      ? Array.from(batch.inputs, label)
      : Array.from({ length }, (_, position) => ({ label: String(position) }));
  const scored = model.data.target.kind === 'values' ? -1 : batch.targets.findLastIndex((id) => id >= 0);
  return {
    length,
    values: batch.inputs,
    tokens,
    example,
    examples,
    ...(scored < 0 ? {} : { target: batch.targets[scored]! }),
    position: scored < 0 ? length - 1 : length - batch.targets.length + scored,
  };
}

/** A target: a class, or a token. */
function labelled(model: Model, data: Dataset | undefined, id: number): Required<Token> {
  const name = model.data.target.kind === 'class' ? data?.targetLabel(id) : data?.label(id);
  return { id, label: name ?? String(id) };
}

function predictionOf(
  model: Model,
  data: Dataset | undefined,
  logits: Float32Array,
  { length, position }: Input,
): Pick<Inspection, 'prediction'> {
  if (model.data.target.kind === 'values') return {};
  const end = logits.length - (length - 1 - position) * model.rows;
  const row = logits.subarray(end - model.rows, end);
  const best = row.reduce((winner, value, id) => (value > row[winner]! ? id : winner), 0);
  const total = row.reduce((sum, value) => sum + Math.exp(value - row[best]!), 0);
  return { prediction: { position, ...labelled(model, data, best), probability: 1 / total } };
}

function vocabularyOf(model: Model, data: Dataset | undefined): { vocabulary?: string[] } {
  const { input } = model.data;
  if (data === undefined || input.kind !== 'tokens' || input.vocab_size > LISTED) return {};
  return { vocabulary: Array.from({ length: input.vocab_size }, (_, id) => data.label(id)) };
}
