/** @file Measuring a few training steps, by the engine that trains on the device. */
import { performance } from 'node:perf_hooks';
import type { Dataset } from '../../data/define';
import type { Model } from '../../models';
import type { TrainConfig } from '../../models/config';
import { Optimizer } from '../../optimizer';
import { median } from '../../util/median';
import type { ComputeDevice } from '../devices';
import { openCpuEngine } from '../engine/cpu';
import { openDeviceEngine } from '../engine/device';
import type { NodeTiming } from '../ort';
import { buildingOf } from '../train/engine';
import { INITIAL_LOSS_SCALE } from '../train/loss-scale';

export interface ProfileRequest {
  readonly model: Model;
  readonly train: TrainConfig;
  readonly data: Pick<Dataset, 'trainBatch'>;
  readonly device: ComputeDevice;
  readonly threads: number;
  readonly seed: number;
  /** Steps that are measured, after one that is not. */
  readonly steps: number;
}

interface MeasuredSteps {
  /** Milliseconds of steps whose nodes were not measured. */
  readonly times: readonly number[];
  readonly nodes: readonly NodeTiming[];
}

/** Steps of one micro-batch, all by one session. */
export async function measureSteps(request: ProfileRequest): Promise<MeasuredSteps> {
  const { model, data, device, threads, seed, steps } = request;
  const train = { ...request.train, accumulate: 1 };
  const graph = model.trainingStep(train.batch_size, model.length, buildingOf(train));
  const scale = train.precision === 'fp16' ? { lossScale: INITIAL_LOSS_SCALE.value } : {};
  const run = async (measuredSteps?: number): Promise<MeasuredSteps> => {
    const options = { parameters: model.parameters, graph, train, threads, seed };
    const measured = measuredSteps === undefined ? options : { ...options, measuredSteps };
    const engine = await (device === 'webgpu'
      ? openDeviceEngine(measured, device)
      : openCpuEngine(measured, device));
    try {
      await engine.write({ parameters: model.initialise(seed) });
      const times: number[] = [];
      for (let step = 0; step <= steps; step++) {
        const batch = data.trainBatch(step, train.batch_size);
        const began = performance.now();
        await engine.step([batch], { step: step + 1, rate: () => 0, ...scale });
        if (step > 0) times.push(performance.now() - began);
      }
      return { times, nodes: engine.timings() };
    } finally {
      await engine.release();
    }
  };
  const { nodes } = await run(steps + 1);
  const { times } = await run();
  return { times, nodes };
}

/** Milliseconds of the CPU's optimiser, which is no part of the graph. */
export function timeOfUpdate({ model, train }: Pick<ProfileRequest, 'model' | 'train'>): number {
  const optimizer = new Optimizer(model.parameters, train);
  const update = (step: number): number => {
    const began = performance.now();
    optimizer.update({ step, rate: (peak) => peak }, optimizer.gradientNorm());
    return performance.now() - began;
  };
  return median([1, 2, 3, 4].map(update).slice(1))!;
}
