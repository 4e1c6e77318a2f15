/** @file Opens the engine of a run on the device that it takes. */
import { performance } from 'node:perf_hooks';
import type { Dataset } from '../../data/define';
import type { Model, TrainingOptions } from '../../models';
import type { RunConfig } from '../../models/config';
import { chooseDevice, chooseThreads, DeviceError, type ComputeDevice, type DeviceChoice } from '../devices';
import { openCpuEngine } from '../engine/cpu';
import { openDeviceEngine } from '../engine/device';
import { couplesExamples, shardCount } from '../engine/shards';
import type { TrainingEngine } from '../engine/types';
import { availableDevices, deviceProblem } from '../ort';
import { fastestParts, fixedShare } from './kernels';

export interface EngineRequest {
  readonly config: RunConfig;
  readonly model: Model;
  readonly threads: number;
}

/** How the training graph is built, from the config. */
export const buildingOf = (train: RunConfig['train']): TrainingOptions => ({
  half: train.precision === 'fp16',
  checkpointing: train.activation_checkpointing === 'blocks',
});

const fixedShares = new WeakMap<Model, Map<string, number>>();

/** In how many parts a batch is trained, each by a thread or, where making kernels takes long, by several. */
export function shardsFor(
  device: ComputeDevice,
  { train }: Pick<RunConfig, 'train'>,
  model: Model,
  threads: number,
): number {
  if (device !== 'cpu') return 1;
  const { batch_size: batch } = train;
  const most = shardCount(threads, batch, model.parameterCount);
  const known = fixedShares.get(model) ?? new Map<string, number>();
  fixedShares.set(model, known);
  const key = `${batch} ${most}`;
  let fixed = known.get(key);
  if (fixed === undefined) {
    fixed = fixedShare((examples) => model.trainingStep(examples, model.length), batch, most);
    known.set(key, fixed);
  }
  return fastestParts(most, threads, fixed);
}

/** @throws DeviceError when the device has no half precision and the config asks for it */
export async function openEngine(device: ComputeDevice, request: EngineRequest): Promise<TrainingEngine> {
  const { config, model, threads } = request;
  const { train } = config;
  if (train.precision === 'fp16' && (await deviceProblem(device, 'float16')) !== undefined) {
    throw new DeviceError(
      `The ${device} device here does not compute in half precision. Take train.precision: fp32.`,
    );
  }
  const built = (shards: number) => ({
    parameters: model.parameters,
    graph: model.trainingStep(train.batch_size / shards, model.length, buildingOf(train)),
    ...{ train, threads, shards, seed: config.seed },
  });
  if (device === 'webgpu') return openDeviceEngine(built(1), device);
  const shards = shardsFor(device, config, model, threads);
  const options = built(shards);
  return openCpuEngine(shards > 1 && couplesExamples(options.graph) ? built(1) : options, device);
}

/** Arithmetic of one optimiser step: forward and backward take three times the forward. */
export function flopsPerStep({ train }: RunConfig, model: Model): number {
  return 3 * model.cost().flopsPerToken * tokensPerStep({ train }, model);
}

export const tokensPerStep = ({ train }: Pick<RunConfig, 'train'>, model: Model): number =>
  train.batch_size * train.accumulate * model.length;

interface ChoiceRequest extends EngineRequest {
  readonly data: Dataset;
  readonly version: string;
}

/** What a measurement is remembered by. */
const classOf = ({ config, model, version }: ChoiceRequest) => ({
  flopsPerStep: flopsPerStep(config, model),
  mixers: [...new Set(model.layers.map(({ mixer }) => mixer))].toSorted().join('+'),
  version,
});

/** Seconds of the fastest of two steps, after one that does not count. */
async function secondsPerStep(device: ComputeDevice, request: ChoiceRequest): Promise<number> {
  const { config, model, data } = request;
  const engine = await openEngine(device, request);
  try {
    await engine.write({ parameters: model.initialise(config.seed) });
    const batches = Array.from({ length: config.train.accumulate }, (_, index) =>
      data.trainBatch(index, config.train.batch_size),
    );
    const times: number[] = [];
    for (let step = 1; step <= 3; step++) {
      const began = performance.now();
      await engine.step(batches, { step, rate: () => 0 });
      times.push((performance.now() - began) / 1000);
    }
    return Math.min(...times.slice(1));
  } finally {
    await engine.release();
  }
}

/** Resolves `auto`; see `chooseDevice`. */
export const deviceFor = (request: ChoiceRequest): Promise<DeviceChoice> =>
  chooseDevice({
    ...classOf(request),
    requested: request.config.device,
    available: availableDevices,
    problem: deviceProblem,
    measure: (device) => secondsPerStep(device, request),
  });

/** Threads of a run that asks for none; see `chooseThreads`. */
export const threadsFor = (device: ComputeDevice, request: ChoiceRequest): Promise<number> =>
  device === 'cpu'
    ? chooseThreads({
        ...classOf(request),
        most: request.threads,
        measure: (threads) => secondsPerStep(device, { ...request, threads }),
      })
    : Promise.resolve(request.threads);
