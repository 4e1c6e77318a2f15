/** @file What a deep stack needs, from few of its layers: what is added by one more, every further one adds. */
import * as g from '../../graph';
import { expandLayers, type PlacedLayer } from '../config';
import { buildLayers } from '../layers';
import { targetsOf } from '../lora';
import { buildModel, type Model, type Program } from '../model';
import { stepsOf } from '../types';
import type { MemoryRequest } from './types';

/** Some layers of one kind, as a model of their own. */
export interface Part {
  readonly model: Model;
  /** Of each thread that trains a part of every batch. */
  readonly step: Program;
  readonly evaluation: Program;
  /** A compiler that keeps so much for all layers keeps this part of it for these, in every thread. */
  readonly keptBytes: number;
}

/** By name, each of which grows with the number of layers. */
type Needs<Name extends string> = Readonly<Record<Name, number>>;

export interface Counting<Name extends string> {
  /** What they depend on beside the graphs of the part. */
  readonly key: readonly (string | boolean)[];
  count(part: Part): Needs<Name>;
}

/**
 * Layers in a row that are looked at, fewer and more: what these add, every further one adds. With checkpoints the peak
 * lies elsewhere until a few layers are kept, and moves with every other one.
 */
const SEEN = { none: [2, 3], blocks: [4, 6] } as const;

const known = new Map<string, Needs<string>>();
const REMEMBERED = 500;

type Kind = Pick<PlacedLayer, 'mixer' | 'options'> & { readonly share?: string | undefined };

/** A model of `count` copies of one layer, as part of a stack of `total`. */
function partOf(request: MemoryRequest, layer: Kind, count: number, total: number): Part {
  const { task, data, train, evaluated, shards = 1 } = request;
  const { layers: _layers, lora, ...plain } = request.model;
  const shared = layer.share === undefined ? {} : { share: layer.share };
  const items = [{ mixer: layer.mixer, ...layer.options, ...shared, repeat: count }];
  const [part] = buildLayers({ ...plain, layers: items }, undefined, stepsOf(data)).layers;
  const updates = lora ? { lora: targetsOf(part!.parameters, lora) } : {};
  const model = buildModel({ model: { ...plain, ...updates, layers: items }, task, data });
  const half = train.precision === 'fp16';
  const checkpointing = train.activation_checkpointing === 'blocks';
  return {
    model,
    step: model.trainingStep(Math.ceil(train.batch_size / shards), model.length, { half, checkpointing }),
    evaluation: model.evaluation(Math.min(train.batch_size, evaluated)),
    keptBytes: (g.KEPT_BYTES * count) / total,
  };
}

function needsOf<Name extends string>(
  request: MemoryRequest,
  { key: further, count: counted }: Counting<Name>,
  layer: Kind,
  count: number,
  total: number,
): Needs<Name> {
  const { task, data, train, evaluated, shards = 1 } = request;
  const { layers: _layers, ...around } = request.model;
  const { batch_size, precision, activation_checkpointing } = train;
  const parts = [layer.mixer, layer.options, layer.share ?? null, around, task, data, batch_size, shards];
  const key = JSON.stringify([
    ...parts,
    evaluated,
    precision,
    activation_checkpointing,
    count,
    total,
    ...further,
  ]);
  const before = known.get(key);
  if (before) return before as Needs<Name>;
  const needs = counted(partOf(request, layer, count, total));
  if (known.size >= REMEMBERED) known.clear();
  known.set(key, needs);
  return needs;
}

/**
 * Every kind of layer is looked at twice. What layers share is what a layer adds more where it does not share it.
 * @returns needs of the whole stack by name
 * @throws ModelError when there is no such model
 */
export function stackNeeds<Name extends string>(
  request: MemoryRequest,
  counting: Counting<Name>,
): (name: Name) => number {
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
  const [few, more] = SEEN[request.train.activation_checkpointing === 'blocks' ? 'blocks' : 'none'];
  return (name) => {
    const need = (layer: Kind, count: number): number => needsOf(request, counting, layer, count, all)[name];
    if (kinds.size === 1 && all <= more) return need([...kinds.values()][0]!.layer, all);
    const adds = (layer: Kind): number => Math.max(0, (need(layer, more) - need(layer, few)) / (more - few));
    let [sum, around] = [0, 0];
    for (const { layer, count } of kinds.values()) {
      const added = adds(layer);
      const { mixer, options } = layer;
      const once = layer.share === undefined ? 0 : Math.max(0, adds({ mixer, options }) - added);
      sum += count * added + once;
      around = Math.max(around, need(layer, more) - more * added - once);
    }
    return sum + around;
  };
}
