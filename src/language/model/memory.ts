/**
 * @file How much memory training takes: found on the graphs of training or, where these would be absurdly large,
 * from the sizes of the parameters alone.
 */
import * as os from 'node:os';
import type { DataShape } from '../../data/define';
import type { Analysis } from '../analyse';
import { maxLayers } from '../../models/config';
import { isPointwise } from './reach';
import * as z from 'zod';
import { resolvedCheckpointing, trainingMemory, type TrainingMemory } from '../../models';
import { evalSchema, modelFields, trainSchema, type TrainConfig } from '../../models/config';
import { toPlain } from '../../config';
import { memoryOf } from '../../util/device-memory';

export interface MemoryEstimate extends Pick<TrainingMemory, 'parameters' | 'activations' | 'total'> {
  readonly device: 'cpu' | 'webgpu';
}

/** More than so many times the machine's memory is not worth a closer look. */
const absurd = 8;
/** Copies of every parameter: weight, gradient, two moments. */
const copies = 4;
/** Tensors kept per output of a matrix: before and after the nonlinearity, and the gradient under way. */
const kept = 3;
/** Tensors of the width of the residual stream per layer: input, norm, output. */
const residual = 3;
/** Steps between the states that a scan saves; those between are computed again, one stretch at a time. */
const scanChunk = 16;
const bytes = 4;

/** What the runtime takes before it keeps anything, bytes, with room. */
const base = 2 ** 30;
/**
 * How far the sizes alone may be below what the graphs say: compared over all mixers, widths 32 to 256 and lengths 64
 * to 4,096, scans and feed-forward layers came to 4 times at most, kernels in time to 8.
 */
const slack = { scan: 5, other: 10 };
/** Copies of a map between all positions that a layer may keep, with its gradient. */
const maps = 6;

/**
 * Whether the sizes alone show that a training fits into `available` bytes with much room. Costs nothing, which the
 * closer look does not: it draws graphs.
 */
export function surelyFits(analysis: Analysis, available: number): boolean {
  const known = roughEstimate(analysis);
  const length = analysis.data?.shape?.length;
  if (!known || length === undefined) return false;
  let pairs = 0;
  for (const { count, options } of analysis.stack.layers) {
    const { num_heads, heads, nheads } = (options ?? {}) as Readonly<Record<string, unknown>>;
    const many = [num_heads, heads, nheads].find((value) => typeof value === 'number') ?? 1;
    pairs += count * (many as number) * known.train.batch_size * length * length;
  }
  const scans = [...analysis.facts.values()].every((facts) => facts.scanState > 0 || isPointwise(facts));
  const factor = scans ? slack.scan : slack.other;
  return base + factor * known.rough.total + maps * bytes * pairs < available;
}

/** The device whose graph a training has, as far as the config says; `auto` is taken for the CPU. */
export const trainsOn = (analysis: Analysis): MemoryEstimate['device'] =>
  roughEstimate(analysis)?.rough.device ?? 'cpu';

/** @returns undefined while the sizes are not known */
export function memoryEstimate(analysis: Analysis): MemoryEstimate | undefined {
  const known = roughEstimate(analysis);
  if (!known) return undefined;
  const { rough, plain, train } = known;
  return rough.total > absurd * os.totalmem() ? rough : (counted(analysis, plain, train) ?? rough);
}

interface Plain {
  readonly model?: object;
  readonly eval?: unknown;
  readonly device?: unknown;
}

const gpus = new Set<unknown>(['webgpu', 'cuda', 'directml', 'coreml']);
const deviceOf = ({ device }: Plain): MemoryEstimate['device'] => (gpus.has(device) ? 'webgpu' : 'cpu');

interface Rough {
  readonly rough: MemoryEstimate;
  readonly plain: Plain;
  readonly train: TrainConfig;
}

/** From the sizes of the parameters alone. */
function roughEstimate(analysis: Analysis): Rough | undefined {
  const { stack, facts, dims, data, root } = analysis;
  const shape = data?.shape;
  if (!dims || !shape || facts.size < stack.layers.length || stack.total > maxLayers) return undefined;
  const plain = toPlain(root) as {
    train?: unknown;
    model?: { vocab_size?: unknown };
    eval?: unknown;
    device?: unknown;
  };
  const train = trainSchema.safeParse(plain.train ?? {}).data;
  if (!train) return undefined;
  const positions = train.batch_size * shape.length;
  let numbers = 0;
  let floats = 0;
  const seen = new Set<string>();
  for (const layer of stack.layers) {
    const known = facts.get(layer);
    if (!known) return undefined;
    const {
      count,
      place: { share },
    } = layer;
    const sets = share === undefined ? count : seen.has(share) ? 0 : 1;
    if (share !== undefined) seen.add(share);
    numbers += sets * (known.parameters + dims.d_model);
    floats += layer.count * positions * (kept * known.widths + residual * dims.d_model);
    const states = layer.count * Math.ceil(shape.length / scanChunk) + Math.min(shape.length, scanChunk);
    floats += train.batch_size * known.scanState * states;
  }
  const rows = typeof plain.model?.vocab_size === 'number' ? plain.model.vocab_size : undefined;
  const input = shape.input.kind === 'tokens' ? (rows ?? shape.input.vocab_size) : shape.input.features;
  numbers += input * dims.d_model;
  floats += kept * outputs(shape, train.batch_size, input);
  const parameters = copies * bytes * numbers;
  const activations = bytes * floats;
  const rough = { parameters, activations, total: parameters + activations, device: deviceOf(plain) };
  return { rough, plain, train };
}

/** Undefined while the config is no model yet. */
function counted(
  { stack, data, task }: Analysis,
  plain: Plain,
  train: TrainConfig,
): MemoryEstimate | undefined {
  const model = z.object(modelFields).safeParse(plain.model).data;
  const evaluation = evalSchema.safeParse(plain.eval ?? {}).data;
  if (!model || !evaluation || !data?.shape || !task) return undefined;
  const layers = stack.layers.flatMap(({ definition, options, count, place: { share } }) =>
    options
      ? [{ ...options, mixer: definition.name, repeat: count, ...(share === undefined ? {} : { share }) }]
      : [],
  );
  const evaluated = evaluation.examples;
  try {
    const target = deviceOf(plain);
    const request = {
      model: { ...model, layers },
      task,
      data: data.shape,
      train,
      evaluated,
      target,
    } as const;
    const available = memoryOf(target === 'cpu' ? 'cpu' : 'gpu') ?? Infinity;
    const activation_checkpointing = resolvedCheckpointing(request, available);
    const found = trainingMemory({ ...request, train: { ...train, activation_checkpointing } });
    return { ...found, device: target };
  } catch {
    // What is wrong with the model is said elsewhere.
    return undefined;
  }
}

/** Numbers that the head gives for a batch. */
function outputs({ target, length }: DataShape, batch: number, vocabulary: number): number {
  if (target.kind === 'class') return batch * target.classes;
  if (target.kind === 'values') return batch * target.positions * target.features;
  return batch * (target.kind === 'answer' ? target.positions : length) * vocabulary;
}
