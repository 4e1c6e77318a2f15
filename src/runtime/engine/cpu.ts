/**
 * @file Training on the CPU: onnxruntime computes loss and gradients, reading parameters from and writing
 * gradients into one WebAssembly memory, where the optimiser updates them in place. With several threads each takes
 * a part of the batch. Devices whose memory the runtime's binding cannot hold on to (CUDA, DirectML, CoreML) train in
 * the same way, without parts.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../data/define';
import { LOSS_SCALE } from '../../models';
import { GRADIENT, NEXT, Optimizer, type Update } from '../../optimizer';
import {
  compileCached,
  fallbacks,
  openSession,
  targetOf,
  type Device,
  type Feed,
  type NodeTiming,
  type TypedArray,
} from '../ort';
import { batchFeeds, onlyInputs, randomFeeds } from './feeds';
import { ShardGroup } from './shard-group';
import { splitBatch, type Shard } from './shards';
import {
  warmUp,
  type EngineOptions,
  type StepResult,
  type TrainingEngine,
  type TrainingTensors,
} from './types';

/** @param device computes loss and gradients; the optimiser runs on the CPU all the same */
export async function openCpuEngine(
  options: EngineOptions,
  device: Exclude<Device, 'webgpu'> = 'cpu',
): Promise<TrainingEngine> {
  const { parameters, graph, train, threads, shards = 1, seed = 0 } = options;
  const { measuredSteps = device === 'cpu' ? 0 : 1 } = options;
  const accumulating = train.accumulate * shards > 1;
  const optimizer = new Optimizer(parameters, { ...train, accumulating });
  const { memory } = optimizer;
  const compiled = await compileCached(graph, targetOf(device));
  const preallocate: Record<string, Float32Array> = {};
  for (const [name, view] of memory.gradients.views) preallocate[GRADIENT + name] = view;
  const each = Math.max(1, Math.floor(threads / shards));
  const settings = { device, threads: each, preallocate };
  const session = await openSession(compiled, {
    ...settings,
    ...(device === 'cpu' && { optimize: false }),
    ...(measuredSteps > 0 && { profile: join(tmpdir(), `ssm-profile-${process.pid}`) }),
  });
  let steps = 0;
  let timings: readonly NodeTiming[] | undefined;
  const parameterFeeds: Record<string, Float32Array> = Object.fromEntries(memory.parameters.views);
  const fixed = onlyInputs(compiled, parameterFeeds);
  const others = shards > 1 ? new ShardGroup(shards - 1, compiled, each, memory) : undefined;

  // Only a graph whose batches are never parted has any.
  const buffers = Object.keys(graph)
    .filter((name) => name.startsWith(NEXT))
    .map((name) => [name, memory.parameters.views.get(name.slice(NEXT.length))!] as const);

  /** Loss of one micro-batch, whose gradients are added to the sums; buffers move on. */
  const microBatch = async (
    pieces: readonly Shard[],
    feedsOf: (shard: Batch, index: number) => Record<string, TypedArray>,
    first: boolean,
  ): Promise<number> => {
    const [own, ...rest] = pieces.map(({ batch }, index) => feedsOf(batch, index));
    // The threads are asked before this one blocks.
    const asked = others?.run(rest) ?? Promise.resolve([]);
    const [losses, found] = await Promise.all([asked, session.run({ ...fixed, ...own! })]);
    for (const [name, view] of buffers) view.set(found[name] as Float32Array);
    const { weight } = pieces[0]!;
    if (accumulating) optimizer.accumulate(first, weight);
    losses.forEach((_, index) => {
      others!.take(index);
      optimizer.accumulate(false, pieces[index + 1]!.weight);
    });
    return losses.reduce(
      (sum, loss, index) => sum + pieces[index + 1]!.weight * loss,
      weight * (found['loss'] as Float32Array)[0]!,
    );
  };

  return {
    device,
    threads,
    nodes: compiled.nodes,
    states: [...memory.states.keys()],
    fallbacks: () => (device === 'cpu' ? [] : timings && fallbacks(timings)),
    timings: () => timings ?? [],
    async step(batches: readonly Batch[], update: Update): Promise<StepResult> {
      const { lossScale = 1 } = update;
      const scale = onlyInputs(compiled, { [LOSS_SCALE]: Float32Array.of(lossScale) });
      const divisor = batches.length * lossScale;
      others?.publish();
      const count = batches.length * shards;
      const before = buffers.map(([, view]) => view.slice());
      let loss = 0;
      for (const [index, batch] of batches.entries()) {
        const feedsOf = (shard: Batch, part: number) => ({
          ...scale,
          ...batchFeeds(compiled, shard),
          ...randomFeeds(compiled, seed, { step: update.step, index: index * shards + part, count }),
        });
        loss += (await microBatch(splitBatch(batch, shards), feedsOf, index === 0)) / batches.length;
      }
      if (++steps === measuredSteps) timings = await session.placement(warmUp(measuredSteps));
      const gradNorm = optimizer.gradientNorm(divisor);
      const finite = Number.isFinite(loss) && Number.isFinite(gradNorm);
      if (finite) optimizer.update(update, gradNorm, divisor);
      else buffers.forEach(([, view], i) => view.set(before[i]!));
      return { loss, gradNorm, finite };
    },
    parameterFeeds: (): Readonly<Record<string, Feed>> => parameterFeeds,
    async read(): Promise<TrainingTensors> {
      const states = new Map([...memory.states].map(([state, { views }]) => [state, views]));
      return { parameters: memory.parameters.views, states };
    },
    async write({ parameters: values, states }): Promise<void> {
      for (const [name, view] of memory.parameters.views) view.set(values.get(name)!);
      for (const [state, { views }] of memory.states) {
        const saved = states?.get(state);
        for (const [name, view] of views) {
          if (saved === undefined) view.fill(0);
          else view.set(saved.get(name)!);
        }
      }
    },
    async release(): Promise<void> {
      await Promise.all([session.release(), others?.release()]);
    },
  };
}
