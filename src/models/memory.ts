/** @file How much memory training takes, found on the graphs that training runs. */
import * as g from '../graph';
import {
  expandLayers,
  type ModelConfig,
  type PlacedLayer,
  type TaskConfig,
  type TrainConfig,
} from './config';
import { buildLayers } from './layers';
import { targetsOf } from './lora';
import { afterGradients, buildModel } from './model';
import { stepsOf, type ModelData } from './types';

export interface TrainingMemory {
  /** Weights, gradients and the optimiser's states, bytes. */
  readonly parameters: number;
  /** What the training step computes and keeps on its way, and an evaluation batch, bytes. */
  readonly activations: number;
  /** The program itself, and its plans of the graphs, bytes. */
  readonly program: number;
  /** What probes of training take, bytes. */
  readonly probes: number;
  readonly total: number;
}

export interface MemoryRequest {
  readonly model: ModelConfig;
  readonly task: TaskConfig;
  readonly data: ModelData;
  readonly train: TrainConfig;
  /** Examples per evaluation. */
  readonly evaluated: number;
  /** Threads that train a part of every batch; 1 unless given. */
  readonly shards?: number;
  /** A GPU has memory of its own, without the program in it; the CPU unless given. */
  readonly target?: 'cpu' | 'webgpu';
}

/** Resident memory of the program with the runtime before it trains anything. */
const PROGRAM = 190e6;
/** Of a session per node: the runtime's description of it, its plan, its kernel. */
const PER_NODE = 10e3;
/** A further thread with the runtime, before it computes anything. */
const THREAD = 22e6;
/** Of the weights per further thread: theirs, their gradients, these in shared memory and in the runtime's binding. */
const THREAD_COPIES = 4;
/** Tensors that the optimiser keeps per parameter. */
const STATES = { adamw: 2, adam: 2, sgd: 1 } as const;

/** Layers in a row after which every further one adds the same. */
const SEEN = 3;

/**
 * Memory that an evaluation takes for every byte that lives at one time: the allocator gives away blocks of up to
 * twice the size asked for. In training nearly all is kept, and each tensor has a block of its own.
 */
const EVALUATION = 1.5;

/** Layers that a probe of training looks at, each by a session of its own, and the longest example. */
const LOOKED_AT = 8;
const LONGEST_LOOK = 1024;
/** Matrices of token by token in double that lie about while a probe is taken. */
const MATRICES = 8;

/** What grows with the number of layers. */
interface Need {
  readonly peak: number;
  /** Of one evaluated example, and nodes of its graph. */
  readonly example: number;
  readonly evaluationNodes: number;
  readonly outputs: number;
  /** Weights without gradients and states. */
  readonly frozen: number;
  readonly nodes: number;
}

const known = new Map<string, Need>();
const REMEMBERED = 500;

type Kind = Pick<PlacedLayer, 'mixer' | 'options'> & { readonly share?: string | undefined };

const isProbed = ({ train, data }: MemoryRequest): boolean =>
  train.probe_every !== 0 && data.length <= LONGEST_LOOK;

/** Of a model of `count` copies of one layer, as part of a stack of `total`. */
function needOf(request: MemoryRequest, layer: Kind, count: number, total: number): Need {
  const { task, data, train, evaluated } = request;
  const { batch_size: batch, precision, activation_checkpointing } = train;
  const { layers: _layers, ...around } = request.model;
  const shared = layer.share === undefined ? {} : { share: layer.share };
  const { target = 'cpu' } = request;
  const parts = [layer.mixer, layer.options, shared, around, task, data, batch, evaluated, precision, target];
  parts.push(Number(isProbed(request)));
  const key = JSON.stringify([...parts, activation_checkpointing, count, total]);
  const before = known.get(key);
  if (before) return before;
  const items = [{ mixer: layer.mixer, ...layer.options, ...shared, repeat: count }];
  const { lora, ...plain } = around;
  const [part] = buildLayers({ ...plain, layers: items }, undefined, stepsOf(data)).layers;
  const updates = lora ? { lora: targetsOf(part!.parameters, lora) } : {};
  const model = buildModel({ model: { ...plain, ...updates, layers: items }, task, data });
  const half = precision === 'fp16';
  const checkpointing = activation_checkpointing === 'blocks';
  // A compiler that keeps so much for all layers keeps this part of it for these.
  const keptBytes = (g.KEPT_BYTES * count) / total;
  const step = model.trainingStep(batch, model.length, { half, checkpointing });
  const ordered = target === 'cpu' ? step : afterGradients(step);
  const training = g.memoryNeed(Object.values(ordered), { target, keptBytes });
  const evaluation = model.evaluation(Math.min(batch, evaluated));
  const scoring = g.memoryNeed(Object.values(evaluation), { target, keptBytes });
  const one = isProbed(request)
    ? g.memoryNeed(Object.values(model.evaluation(1)), { target: 'cpu' }).peak
    : 0;
  const need = {
    peak: training.peak + EVALUATION * scoring.peak,
    example: EVALUATION * one,
    evaluationNodes: scoring.nodes,
    outputs: training.outputs,
    frozen: [...model.parameters.values()].reduce(
      (sum, { frozen, shape }) => sum + (frozen ? 4 * g.size(shape) : 0),
      0,
    ),
    nodes: training.nodes + scoring.nodes,
  };
  if (known.size >= REMEMBERED) known.clear();
  known.set(key, need);
  return need;
}

/** Share of the machine's memory that a run may take before `auto` trades time for memory. */
const SHARE = 0.6;

/** What `activation_checkpointing: auto` means on a machine of so many bytes. */
export function resolvedCheckpointing(request: MemoryRequest, available: number): 'none' | 'blocks' {
  const { activation_checkpointing: asked } = request.train;
  if (asked !== 'auto') return asked;
  const train = { ...request.train, activation_checkpointing: 'none' as const };
  return trainingMemory({ ...request, train }).total > SHARE * available ? 'blocks' : 'none';
}

/**
 * An estimate within about 20 % of the resident memory at its peak on the CPU. Every kind of layer is looked at two and
 * three times in a row: what the third adds, every further one adds. What layers share is what a layer adds more where
 * it does not share it.
 * `auto` checkpointing counts as none; see `resolvedCheckpointing`.
 * @throws ModelError when there is no such model
 */
export function trainingMemory(request: MemoryRequest): TrainingMemory {
  const { optimizer, accumulate } = request.train;
  const others = (request.shards ?? 1) - 1;
  const layers = expandLayers(request.model.layers);
  const kinds = new Map<string, { layer: Kind; count: number }>();
  for (const { mixer, options, place } of layers) {
    const { share } = place;
    const key = JSON.stringify([mixer, options, share ?? null]);
    const kind = kinds.get(key) ?? { layer: { mixer, options, share }, count: 0 };
    kind.count++;
    kinds.set(key, kind);
  }
  const all = layers.length;
  const total = (field: keyof Need): number => {
    const need = (layer: Kind, count: number): number => needOf(request, layer, count, all)[field];
    if (kinds.size === 1 && all <= SEEN) return need([...kinds.values()][0]!.layer, all);
    const adds = (layer: Kind): number => Math.max(0, need(layer, SEEN) - need(layer, SEEN - 1));
    let [sum, around] = [0, 0];
    for (const { layer, count } of kinds.values()) {
      const added = adds(layer);
      const { mixer, options } = layer;
      const once = layer.share === undefined ? 0 : Math.max(0, adds({ mixer, options }) - added);
      sum += count * added + once;
      around = Math.max(around, need(layer, SEEN) - SEEN * added - once);
    }
    return sum + around;
  };
  const activations = total('peak');
  if (request.target === 'webgpu') {
    // What a step starts from stays until what it ends with is there: weights and states twice, gradients, their sums.
    const copies = 2 * (1 + STATES[optimizer.name]) + 1 + (accumulate > 1 ? 2 : 0);
    const parameters = copies * total('outputs') + total('frozen');
    return { parameters, activations, program: 0, probes: 0, total: parameters + activations };
  }
  // Weights, gradients, and a copy of these that the runtime's binding makes of every result.
  const summed = accumulate > 1 || others > 0 ? 1 : 0;
  const shared = others > 0 ? 1 + THREAD_COPIES * others : 0;
  const copies = 3 + STATES[optimizer.name] + summed + shared;
  const parameters = copies * total('outputs') + total('frozen');
  const program = PROGRAM + THREAD * others + PER_NODE * (1 + others) * total('nodes');
  const probes = isProbed(request) ? probing(request, all, total('example'), total('evaluationNodes')) : 0;
  return { parameters, activations, program, probes, total: parameters + activations + program + probes };
}

/** The sessions of a probe, of which the k-th computes k layers, and its matrices. */
function probing({ data }: MemoryRequest, layers: number, example: number, nodes: number): number {
  const looked = Math.min(LOOKED_AT, layers);
  const sessions = (PER_NODE * nodes * looked * (looked + 1)) / (2 * layers);
  return looked * example + sessions + MATRICES * 8 * data.length ** 2;
}
