/**
 * @file Training on the CPU: onnxruntime computes loss and gradients, reading parameters from and writing
 * gradients into one WebAssembly memory, where AdamW updates them in place.
 */
import type { Batch } from '../../data/define';
import { compile, type Tensor } from '../../graph';
import type { TrainConfig } from '../../models/config';
import { AdamW, ParameterMemory, type ParameterInfo } from '../optimizer';
import { openSession, type Feed } from '../ort';
import { batchFeeds, onlyInputs } from './feeds';
import type { StepResult, TrainingEngine, TrainingTensors } from './types';

export const GRADIENT = 'grad.';

export interface CpuEngineOptions {
  readonly parameters: ReadonlyMap<string, ParameterInfo>;
  /** Outputs of the training graph: `loss` and `grad.<parameter>`. */
  readonly graph: Readonly<Record<string, Tensor>>;
  readonly train: TrainConfig;
  readonly threads: number;
}

export async function openCpuEngine(options: CpuEngineOptions): Promise<TrainingEngine> {
  const { parameters, graph, train, threads } = options;
  const accumulating = train.accumulate > 1;
  const memory = new ParameterMemory(parameters, accumulating);
  const adamw = new AdamW(memory, { ...train.optimizer, clip: train.clip });
  const compiled = compile(graph, { target: 'cpu' });
  const preallocate: Record<string, Float32Array> = {};
  for (const [name, view] of memory.views.gradients) preallocate[GRADIENT + name] = view;
  const session = await openSession(compiled, { device: 'cpu', threads, preallocate });
  const parameterFeeds: Record<string, Float32Array> = Object.fromEntries(memory.views.parameters);
  const fixed = onlyInputs(compiled, parameterFeeds);

  return {
    device: 'cpu',
    threads,
    nodes: compiled.nodes,
    fallbacks: () => [],
    async step(batches: readonly Batch[], update): Promise<StepResult> {
      let loss = 0;
      for (const [index, batch] of batches.entries()) {
        const found = await session.run({ ...fixed, ...batchFeeds(compiled, batch) });
        loss += (found['loss'] as Float32Array)[0]! / batches.length;
        if (accumulating) adamw.accumulate(index === 0);
      }
      const gradNorm = adamw.gradientNorm(batches.length);
      const finite = Number.isFinite(loss) && Number.isFinite(gradNorm);
      if (finite) adamw.update(update.step, update.lr, gradNorm, batches.length);
      return { loss, gradNorm, finite };
    },
    parameterFeeds: (): Readonly<Record<string, Feed>> => parameterFeeds,
    async read(): Promise<TrainingTensors> {
      const { parameters: values, moments1, moments2 } = memory.views;
      return { parameters: values, moments1, moments2 };
    },
    async write(tensors): Promise<void> {
      for (const region of ['parameters', 'moments1', 'moments2'] as const) {
        for (const [name, view] of memory.views[region]) view.set(tensors[region].get(name)!);
      }
    },
    release: () => session.release(),
  };
}
