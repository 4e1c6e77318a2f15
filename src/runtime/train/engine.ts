/** @file Opens the engine of a run on the device that it takes. */
import { performance } from 'node:perf_hooks';
import type { Dataset } from '../../data/define';
import type { Model, TrainingOptions } from '../../models';
import type { RunConfig } from '../../models/config';
import { chooseDevice, DeviceError, type ComputeDevice, type DeviceChoice } from '../devices';
import { openCpuEngine } from '../engine/cpu';
import { openDeviceEngine } from '../engine/device';
import type { TrainingEngine } from '../engine/types';
import { availableDevices, deviceProblem } from '../ort';

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

/** @throws DeviceError when the device has no half precision and the config asks for it */
export async function openEngine(device: ComputeDevice, request: EngineRequest): Promise<TrainingEngine> {
  const { config, model, threads } = request;
  const { train } = config;
  if (train.precision === 'fp16' && (await deviceProblem(device, 'float16')) !== undefined) {
    throw new DeviceError(
      `The ${device} device here does not compute in half precision. Take train.precision: fp32.`,
    );
  }
  const graph = model.trainingStep(train.batch_size, model.length, buildingOf(train));
  const options = { parameters: model.parameters, graph, train, threads };
  return device === 'cpu' ? openCpuEngine(options) : openDeviceEngine(options, device);
}

/** Arithmetic of one optimiser step: forward and backward take three times the forward. */
export function flopsPerStep({ train }: RunConfig, model: Model): number {
  return 3 * model.cost().flopsPerToken * tokensPerStep({ train }, model);
}

export const tokensPerStep = ({ train }: Pick<RunConfig, 'train'>, model: Model): number =>
  train.batch_size * train.accumulate * model.length;

/** Resolves `auto`; see `chooseDevice`. */
export async function deviceFor(
  request: EngineRequest & { readonly data: Dataset; readonly version: string },
): Promise<DeviceChoice> {
  const { config, model, data } = request;
  return chooseDevice({
    requested: config.device,
    available: availableDevices,
    flopsPerStep: flopsPerStep(config, model),
    mixers: [...new Set(model.layers.map(({ mixer }) => mixer))].toSorted().join('+'),
    version: request.version,
    measure: async (device) => {
      const engine = await openEngine(device, request);
      try {
        await engine.write({ parameters: model.initialise(config.seed) });
        const batches = Array.from({ length: config.train.accumulate }, (_, index) =>
          data.trainBatch(index, config.train.batch_size),
        );
        await engine.step(batches, { step: 1, rate: () => 0 });
        const began = performance.now();
        await engine.step(batches, { step: 2, rate: () => 0 });
        return (performance.now() - began) / 1000;
      } finally {
        await engine.release();
      }
    },
  });
}
