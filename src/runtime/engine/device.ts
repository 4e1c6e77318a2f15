/**
 * @file Training on a device with memory of its own: forward, backward, clipping and the optimiser are graphs,
 * and parameters and states stay on the device from step to step. A step of one micro-batch is one graph; with
 * several, one graph adds their gradients and another updates.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../data/define';
import type { Compiled, Tensor } from '../../graph';
import { LOSS_SCALE } from '../../models';
import { FIRST, NEXT, stateName, stepGraphs, SUM, type Update } from '../../optimizer';
import {
  compileCached,
  fallbacks,
  openSession,
  readBack,
  type DeviceTensor,
  type Feed,
  type NodeTiming,
  type Session,
} from '../ort';
import { batchFeeds, onlyInputs, randomFeeds } from './feeds';
import type { EngineOptions, StepResult, TrainingEngine, TrainingTensors } from './types';

/** Arrays before the first step, tensors on the device from then on. */
type State = Readonly<Record<string, Feed>>;

interface OpenedGraph {
  readonly compiled: Compiled;
  readonly session: Session;
}

interface DeviceOptions extends EngineOptions {
  /** Steps at the beginning of which every node is measured, which slows them; 1 unless given. */
  readonly measuredSteps?: number;
}

interface DeviceEngine extends TrainingEngine {
  /** Nodes of the measured steps behind the first, or of that where it is the only one. Empty before they are done. */
  timings(): readonly NodeTiming[];
}

export async function openDeviceEngine(options: DeviceOptions, device: 'webgpu'): Promise<DeviceEngine> {
  const { parameters, graph, train, threads, seed = 0, measuredSteps = 1 } = options;
  const names = [...parameters.keys()];
  const graphs = stepGraphs(graph, parameters, train);
  const { trained, buffers, states: kinds } = graphs;
  const trainedNames = [...trained.keys()];
  // The first step is measured, to know what does not stay on the device.
  let profiles = 0;
  const open = async (outputs: Readonly<Record<string, Tensor>>): Promise<OpenedGraph> => {
    const compiled = await compileCached(outputs, device);
    const keepOnDevice = Object.keys(outputs).filter((name) => name.startsWith(NEXT));
    const profile = join(tmpdir(), `ssm-profile-${process.pid}-${profiles++}`);
    return { compiled, session: await openSession(compiled, { device, threads, keepOnDevice, profile }) };
  };
  const updating = await open(graphs.update);
  const adding = graphs.add && (await open(graphs.add));
  const opened = adding === undefined ? [updating] : [adding, updating];
  const resident = [
    ...names,
    ...kinds.flatMap((state) => trainedNames.map((name) => stateName(state, name))),
  ];
  const zeros = (prefix: string): State =>
    Object.fromEntries(
      [...trained].map(([name, { shape }]) => [prefix + name, new Float32Array(elements(shape))]),
    );
  // Device tensors live as long as the session that made them, so the first ones are made by a step.
  let total = adding === undefined ? {} : zeros(SUM);
  let state: State = {};
  const sumNames = trainedNames.map((name) => SUM + name);
  let steps = 0;
  let timings: readonly NodeTiming[] | undefined;

  const measured = async (): Promise<NodeTiming[]> => {
    const ignored = measuredSteps > 1 ? 1 / measuredSteps : 0;
    return (await Promise.all(opened.map(({ session }) => session.placement(ignored)))).flat();
  };

  const nextState = (found: Readonly<Record<string, Feed>>, inputs: readonly string[]): State =>
    Object.fromEntries(inputs.map((name) => [name, found[NEXT + name]!]));

  /** Leaves the sum of the gradients in `total`; returns the mean loss and what the buffers have become. */
  const accumulate = async (
    { compiled, session }: OpenedGraph,
    batches: readonly Batch[],
    scale: State,
    step: number,
  ): Promise<{ readonly mean: number; readonly kept: State }> => {
    let mean = 0;
    let kept: State = {};
    for (const [index, batch] of batches.entries()) {
      const first = { [FIRST]: Float32Array.of(index === 0 ? 1 : 0) };
      const fixed = onlyInputs<Feed>(compiled, { ...state, ...kept, ...total, ...first, ...scale });
      const place = { step, index, count: batches.length };
      const found = await session.run({
        ...fixed,
        ...batchFeeds(compiled, batch),
        ...randomFeeds(compiled, seed, place),
      });
      dispose(total);
      total = nextState(found, sumNames);
      dispose(kept);
      kept = nextState(found, buffers);
      mean += (found['loss'] as Float32Array)[0]! / batches.length;
    }
    return { mean, kept };
  };

  return {
    device,
    threads,
    nodes: opened.reduce((sum, { compiled }) => sum + compiled.nodes, 0),
    states: kinds,
    fallbacks: () => timings && fallbacks(timings),
    timings: () => timings ?? [],
    async step(batches: readonly Batch[], asked: Update): Promise<StepResult> {
      const { compiled, session } = updating;
      const { lossScale = 1 } = asked;
      const scale = { [LOSS_SCALE]: Float32Array.of(lossScale) };
      const scalars = graphs.scalars(asked, batches.length * lossScale);
      const summed = adding === undefined ? undefined : await accumulate(adding, batches, scale, asked.step);
      const found = await session.run({
        ...onlyInputs<Feed>(compiled, { ...state, ...summed?.kept, ...total, ...scale, ...scalars }),
        ...batchFeeds(compiled, batches[0]!),
        ...randomFeeds(compiled, seed, { step: asked.step, index: 0, count: 1 }),
      });
      if (++steps === measuredSteps) timings = await measured();
      if (summed) dispose(summed.kept);
      const mean = summed?.mean ?? (found['loss'] as Float32Array)[0]!;
      const gradNorm = (found['grad_norm'] as Float32Array)[0]!;
      const finite = Number.isFinite(mean) && Number.isFinite(gradNorm);
      const next = nextState(found, resident);
      // The state before a failing step is what remains.
      dispose(finite ? state : next);
      if (finite) state = next;
      return { loss: mean, gradNorm, finite };
    },
    parameterFeeds: () => state,
    async read(): Promise<TrainingTensors> {
      const values = await download(state);
      const region = (of: readonly string[], nameOf: (name: string) => string): Map<string, Float32Array> =>
        new Map(of.map((name) => [name, values[nameOf(name)]!]));
      return {
        parameters: region(names, (name) => name),
        states: new Map(kinds.map((kind) => [kind, region(trainedNames, (name) => stateName(kind, name))])),
      };
    },
    async write({ parameters: values, states }): Promise<void> {
      const saved = kinds.flatMap((kind) =>
        [...trained].map(([name, { shape }]): [string, Float32Array] => {
          const size = elements(shape);
          return [stateName(kind, name), states?.get(kind)?.get(name)?.slice() ?? new Float32Array(size)];
        }),
      );
      dispose(state);
      state = Object.fromEntries([
        ...names.map((name) => [name, values.get(name)!.slice()] as const),
        ...saved,
      ]);
    },
    async release(): Promise<void> {
      dispose(state);
      dispose(total);
      for (const { session } of opened) await session.release();
    },
  };
}

function dispose(state: State): void {
  for (const tensor of Object.values(state)) if ('dispose' in tensor) tensor.dispose();
}

/** Device tensors as arrays; what was never on the device is an array already. */
async function download(state: State): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(state);
  const onDevice = entries.filter((entry): entry is [string, DeviceTensor] => 'location' in entry[1]);
  return { ...state, ...(await readBack(Object.fromEntries(onDevice), 'webgpu')) } as Record<
    string,
    Float32Array
  >;
}

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
