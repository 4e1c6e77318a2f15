/** @file Tiny models and engines for tests: the same start and the same batches on every device. */
import { parse } from 'yaml';
import type { Batch } from '../../../src/data/define';
import { mixerExamples } from '../../../src/layers';
import { buildModel, type Model } from '../../../src/models';
import { trainSchema, type LayerItem, type LoraConfig } from '../../../src/models/config';
import { openCpuEngine } from '../../../src/runtime/engine/cpu';
import { openDeviceEngine } from '../../../src/runtime/engine/device';
import type { TrainingEngine } from '../../../src/runtime/engine/types';
import { buildingOf } from '../../../src/runtime/train/engine';
import { Random } from '../../../src/util/random';

const VOCABULARY = 11;
const CLASSES = 5;

/** One layer of a mixer as its documentation writes it, under a class per sequence, which suits every mixer. */
export const tinyModel = (layers: readonly LayerItem[], length = 8, d_model = 64, lora?: LoraConfig): Model =>
  buildModel({
    model: { d_model, layers, norm: 'rms', norm_eps: 1e-5, tie_embeddings: false, ...(lora && { lora }) },
    task: { type: 'classification', pooling: 'mean' },
    data: {
      length,
      input: { kind: 'tokens', vocab_size: VOCABULARY },
      target: { kind: 'class', classes: CLASSES },
    },
  });

/** Every mixer as its documentation writes it. */
export const everyMixer: readonly (readonly [string, LayerItem])[] = Object.entries(mixerExamples).map(
  ([name, text]) => [name, parse(text) as LayerItem] as const,
);

/**
 * How much further two roundings of one training may go apart: where experts are chosen, the last digit can send a
 * token to others.
 */
export const jumpsOf = (mixer: string): number => (mixer === 'moe' ? 20 : 1);

/** Sequences whose class is the sum of their tokens. */
export function tinyBatch(index: number, size: number, length = 8): Batch {
  const random = new Random(7, 'batch', index);
  const inputs = Int32Array.from({ length: size * length }, () => Math.floor(random.uniform() * VOCABULARY));
  const targets = Int32Array.from(
    { length: size },
    (_, row) => inputs.subarray(row * length, (row + 1) * length).reduce((sum, id) => sum + id, 0) % CLASSES,
  );
  return { inputs, targets, size };
}

export interface Setting {
  readonly train?: object;
  readonly device?: 'cpu' | 'webgpu';
  readonly threads?: number;
  /** Threads that train a part of every batch each. */
  readonly shards?: number;
}

/** An engine with the model's initial values. */
export async function openTiny(model: Model, setting: Setting = {}): Promise<TrainingEngine> {
  const { device = 'cpu', shards = 1, threads = shards } = setting;
  const train = trainSchema.parse({ batch_size: 4, optimizer: { lr: 3e-3 }, ...setting.train });
  const options = {
    parameters: model.parameters,
    graph: model.trainingStep(train.batch_size / shards, model.length, buildingOf(train)),
    ...{ train, threads, shards },
  };
  const engine = await (device === 'cpu' ? openCpuEngine(options) : openDeviceEngine(options, device));
  await engine.write({ parameters: model.initialise(1) });
  return engine;
}

/** Losses and gradient norms of so many steps. */
export async function losses(
  engine: TrainingEngine,
  steps: number,
  options: { batch?: number; accumulate?: number; length?: number; lossScale?: number } = {},
): Promise<[loss: number, gradNorm: number][]> {
  const { batch = 4, accumulate = 1, length = 8, lossScale = 1 } = options;
  const found: [number, number][] = [];
  for (let step = 1; step <= steps; step++) {
    const batches = Array.from({ length: accumulate }, (_, index) =>
      tinyBatch((step - 1) * accumulate + index, batch, length),
    );
    const { loss, gradNorm } = await engine.step(batches, { step, rate: (peak) => peak, lossScale });
    found.push([loss, gradNorm]);
  }
  return found;
}
