/**
 * @file Training on a device with memory of its own: forward, backward, clipping and AdamW are one graph, and
 * parameters and moments stay on the device from step to step.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../data/define';
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { TrainConfig } from '../../models/config';
import type { ParameterInfo } from '../optimizer';
import { fallbacks, openSession, readBack, type DeviceTensor, type Feed } from '../ort';
import { GRADIENT } from './cpu';
import { batchFeeds, onlyInputs } from './feeds';
import type { StepResult, TrainingEngine, TrainingTensors } from './types';

export interface DeviceEngineOptions {
  readonly parameters: ReadonlyMap<string, ParameterInfo>;
  readonly graph: Readonly<Record<string, Tensor>>;
  readonly train: TrainConfig;
  readonly threads: number;
}

const M = 'moment1.';
const V = 'moment2.';
const NEXT = 'next.';

/** Adds norm, clipping and AdamW behind the gradients. Scalars that change per step are graph inputs. */
export function withAdamW(
  graph: Readonly<Record<string, Tensor>>,
  parameters: ReadonlyMap<string, ParameterInfo>,
  train: TrainConfig,
): Record<string, Tensor> {
  const { betas, eps, weight_decay } = train.optimizer;
  const [beta1, beta2] = betas;
  const lr = g.input('lr', []);
  const correction1 = g.input('correction1', []);
  const rootCorrection = g.input('rootCorrection', []);
  const outputs: Record<string, Tensor> = { loss: graph['loss']! };
  const names = [...parameters.keys()];
  const norm = g.scope('clip', () =>
    g.sqrt(
      names
        .map((name) => g.sum(g.square(graph[GRADIENT + name]!)))
        .reduce((total, square) => g.add(total, square)),
    ),
  );
  outputs['grad_norm'] = norm;
  const coefficient = train.clip > 0 ? g.minimum(1, g.div(train.clip, g.add(norm, 1e-6))) : g.scalar(1);
  g.scope('optimizer', () => {
    for (const [name, { shape, decay, lrScale = 1 }] of parameters) {
      const gradient = g.mul(graph[GRADIENT + name]!, coefficient);
      const parameter = g.input(name, shape);
      const m = g.add(g.mul(g.input(M + name, shape), beta1), g.mul(gradient, 1 - beta1));
      const v = g.add(g.mul(g.input(V + name, shape), beta2), g.mul(g.mul(gradient, 1 - beta2), gradient));
      const rate = lrScale === 1 ? lr : g.mul(lr, lrScale);
      const root = g.add(g.mul(g.sqrt(v), rootCorrection), eps);
      const step = g.div(g.mul(m, g.mul(rate, correction1)), root);
      const kept =
        decay && weight_decay > 0 ? g.mul(parameter, g.sub(1, g.mul(rate, weight_decay))) : parameter;
      outputs[NEXT + name] = g.sub(kept, step);
      outputs[NEXT + M + name] = m;
      outputs[NEXT + V + name] = v;
    }
  });
  return outputs;
}

export async function openDeviceEngine(options: DeviceEngineOptions): Promise<TrainingEngine> {
  const { parameters, graph, train, threads } = options;
  if (train.accumulate > 1) {
    throw new Error(
      'train.accumulate above 1 is only supported on the CPU so far. Use --device cpu, or a larger train.batch_size.',
    );
  }
  const program = withAdamW(graph, parameters, train);
  const kept = Object.keys(program).filter((name) => name.startsWith(NEXT));
  const compiled = g.compile(program, { target: 'webgpu' });
  // The first step is profiled, to know what does not stay on the device.
  const profile = join(tmpdir(), `ssm-profile-${process.pid}`);
  const session = await openSession(compiled, { device: 'webgpu', threads, keepOnDevice: kept, profile });
  let left: readonly string[] | undefined;
  const names = kept.map((name) => name.slice(NEXT.length));
  // Host arrays at first, device tensors from the first step on.
  let state: Record<string, Feed> = {};

  return {
    device: 'webgpu',
    threads,
    nodes: compiled.nodes,
    fallbacks: () => left,
    async step(batches: readonly Batch[], { step, lr }): Promise<StepResult> {
      const scalar = (value: number): Float32Array => Float32Array.of(value);
      const found = await session.run({
        ...onlyInputs<Feed>(compiled, state),
        ...batchFeeds(compiled, batches[0]!),
        lr: scalar(lr),
        correction1: scalar(1 / (1 - train.optimizer.betas[0] ** step)),
        rootCorrection: scalar(1 / Math.sqrt(1 - train.optimizer.betas[1] ** step)),
      });
      left ??= fallbacks(await session.placement());
      const loss = (found['loss'] as Float32Array)[0]!;
      const gradNorm = (found['grad_norm'] as Float32Array)[0]!;
      const finite = Number.isFinite(loss) && Number.isFinite(gradNorm);
      const next = Object.fromEntries(names.map((name) => [name, found[NEXT + name] as Feed]));
      // The state before a failing step is what remains.
      dispose(finite ? state : next);
      if (finite) state = next;
      return { loss, gradNorm, finite };
    },
    parameterFeeds: () => state,
    async read(): Promise<TrainingTensors> {
      const values = await download(state);
      const region = (prefix: string): Map<string, Float32Array> =>
        new Map([...parameters.keys()].map((name) => [name, values[prefix + name]!]));
      return { parameters: region(''), moments1: region(M), moments2: region(V) };
    },
    async write(tensors): Promise<void> {
      dispose(state);
      state = {};
      for (const name of parameters.keys()) {
        state[name] = tensors.parameters.get(name)!.slice();
        state[M + name] = tensors.moments1.get(name)!.slice();
        state[V + name] = tensors.moments2.get(name)!.slice();
      }
    },
    async release(): Promise<void> {
      dispose(state);
      await session.release();
    },
  };
}

function dispose(state: Readonly<Record<string, Feed>>): void {
  for (const tensor of Object.values(state)) if ('dispose' in tensor) tensor.dispose();
}

/** Device tensors as arrays; what was never on the device is an array already. */
async function download(state: Readonly<Record<string, Feed>>): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(state);
  const onDevice = entries.filter((entry): entry is [string, DeviceTensor] => 'location' in entry[1]);
  return { ...state, ...(await readBack(Object.fromEntries(onDevice), 'webgpu')) } as Record<
    string,
    Float32Array
  >;
}
