/** @file Steps on the CPU: the graph of one micro-batch, and the optimiser beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { compile } from '../../graph';
import { LOSS_SCALE, type Model } from '../../models';
import type { TrainConfig } from '../../models/config';
import { batchFeeds, onlyInputs, randomFeeds } from '../engine/feeds';
import { Optimizer } from '../../optimizer';
import { openSession, type Feed, type NodeTiming } from '../ort';
import { buildingOf } from '../train/engine';
import type { MeasuredSteps, ProfileRequest } from './measured';

export async function measureOnCpu(request: ProfileRequest): Promise<MeasuredSteps> {
  const { model, train, data, threads, seed, steps } = request;
  const compiled = compile(model.trainingStep(train.batch_size, model.length, buildingOf(train)), {
    target: 'cpu',
  });
  const fixed = onlyInputs<Feed>(compiled, {
    ...Object.fromEntries(model.initialise(seed)),
    [LOSS_SCALE]: Float32Array.of(1),
  });
  const run = async (profile?: string): Promise<{ times: number[]; nodes: NodeTiming[] }> => {
    const options = { device: 'cpu', threads, optimize: false } as const;
    const session = await openSession(compiled, profile === undefined ? options : { ...options, profile });
    try {
      const times: number[] = [];
      for (let step = 0; step <= steps; step++) {
        const batch = batchFeeds(compiled, data.trainBatch(step, train.batch_size));
        const drawn = randomFeeds(compiled, seed, { step: step + 1, index: 0, count: 1 });
        const began = performance.now();
        await session.run({ ...fixed, ...batch, ...drawn });
        if (step > 0) times.push(performance.now() - began);
      }
      const nodes = profile === undefined ? [] : await session.placement(1 / (steps + 1));
      return { times, nodes };
    } finally {
      await session.release();
    }
  };
  const folder = await mkdtemp(join(tmpdir(), 'ssm-studio-profile-'));
  try {
    const { nodes } = await run(join(folder, 'run'));
    const { times } = await run();
    return { times, nodes, update: timeOfUpdate(model, train) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function timeOfUpdate(model: Model, train: TrainConfig): number {
  const optimizer = new Optimizer(model.parameters, train);
  const update = (step: number): number => {
    const began = performance.now();
    optimizer.update({ step, rate: (peak) => peak }, optimizer.gradientNorm());
    return performance.now() - began;
  };
  return [1, 2, 3, 4]
    .map(update)
    .slice(1)
    .toSorted((a, b) => a - b)[1]!;
}
