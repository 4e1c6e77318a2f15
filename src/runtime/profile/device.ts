/** @file Steps on a device with memory of its own, as training takes them: the optimiser is part of the graph. */
import { performance } from 'node:perf_hooks';
import { openDeviceEngine } from '../engine/device';
import type { NodeTiming } from '../ort';
import { buildingOf } from '../train/engine';
import { INITIAL_LOSS_SCALE } from '../train/loss-scale';
import type { MeasuredSteps, ProfileRequest } from './measured';

export async function measureOnDevice(request: ProfileRequest): Promise<MeasuredSteps> {
  const { model, data, threads, seed, steps } = request;
  // One micro-batch, as on the CPU.
  const train = { ...request.train, accumulate: 1 };
  const graph = model.trainingStep(train.batch_size, model.length, buildingOf(train));
  const scale = train.precision === 'fp16' ? { lossScale: INITIAL_LOSS_SCALE.value } : {};
  const run = async (measuredSteps: number): Promise<{ times: number[]; nodes: readonly NodeTiming[] }> => {
    const options = { parameters: model.parameters, graph, train, threads, seed, measuredSteps };
    const engine = await openDeviceEngine(options, 'webgpu');
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
  const { times } = await run(1);
  return { times, nodes };
}
