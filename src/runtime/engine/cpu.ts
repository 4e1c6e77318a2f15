/**
 * @file Training on the CPU: onnxruntime computes loss and gradients, reading parameters from and writing
 * gradients into one WebAssembly memory, where the optimiser updates them in place.
 */
import type { Batch } from '../../data/define';
import { LOSS_SCALE } from '../../models';
import { Optimizer, type Update } from '../optimizer';
import { compileCached, openSession, type Feed } from '../ort';
import { batchFeeds, onlyInputs } from './feeds';
import {
  GRADIENT,
  type EngineOptions,
  type StepResult,
  type TrainingEngine,
  type TrainingTensors,
} from './types';

export async function openCpuEngine(options: EngineOptions): Promise<TrainingEngine> {
  const { parameters, graph, train, threads } = options;
  const accumulating = train.accumulate > 1;
  const optimizer = new Optimizer(parameters, { ...train, accumulating });
  const { memory } = optimizer;
  const compiled = await compileCached(graph, 'cpu');
  const preallocate: Record<string, Float32Array> = {};
  for (const [name, view] of memory.gradients.views) preallocate[GRADIENT + name] = view;
  const session = await openSession(compiled, { device: 'cpu', threads, preallocate, optimize: false });
  const parameterFeeds: Record<string, Float32Array> = Object.fromEntries(memory.parameters.views);
  const fixed = onlyInputs(compiled, parameterFeeds);

  return {
    device: 'cpu',
    threads,
    nodes: compiled.nodes,
    states: [...memory.states.keys()],
    fallbacks: () => [],
    async step(batches: readonly Batch[], update: Update): Promise<StepResult> {
      const { lossScale = 1 } = update;
      const scale = onlyInputs(compiled, { [LOSS_SCALE]: Float32Array.of(lossScale) });
      const divisor = batches.length * lossScale;
      let loss = 0;
      for (const [index, batch] of batches.entries()) {
        const found = await session.run({ ...fixed, ...scale, ...batchFeeds(compiled, batch) });
        loss += (found['loss'] as Float32Array)[0]! / batches.length;
        if (accumulating) optimizer.accumulate(index === 0);
      }
      const gradNorm = optimizer.gradientNorm(divisor);
      const finite = Number.isFinite(loss) && Number.isFinite(gradNorm);
      if (finite) optimizer.update(update, gradNorm, divisor);
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
    release: () => session.release(),
  };
}
