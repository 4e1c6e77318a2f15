/** @file Where the time of a training step goes: per layer, per pass and per operator. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Dataset } from '../data/define';
import { compile } from '../graph';
import { LOSS_SCALE, type Model } from '../models';
import type { TrainConfig } from '../models/config';
import type { ComputeDevice } from './devices';
import { batchFeeds, onlyInputs } from './engine/feeds';
import { Optimizer } from './optimizer';
import { fallbacks, openSession, type Feed, type NodeTiming } from './ort';
import { buildingOf } from './train/engine';

/** Milliseconds per training step. */
export interface Passes {
  readonly forward: number;
  readonly backward: number;
}

export interface OperatorTime extends Passes {
  /** ONNX operator, as the runtime executes it. */
  readonly operator: string;
  readonly nodes: number;
}

export interface PartTime extends Passes {
  /** `input`, `layers.0` …, `head`, `loss`, `optimizer`. */
  readonly part: string;
  /** Most expensive first. */
  readonly operators: readonly OperatorTime[];
}

export interface StepProfile {
  readonly device: ComputeDevice;
  readonly threads: number;
  readonly steps: number;
  /** Median wall time of a step, without profiling. */
  readonly step: number;
  /** In the order of the model. */
  readonly parts: readonly PartTime[];
  /** The same over all parts, most expensive first. */
  readonly operators: readonly OperatorTime[];
  /** What the device left to the CPU. */
  readonly fallbacks: readonly string[];
}

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

/** Runs the graph of one micro-batch a few times with every node measured. */
export async function profileStep(request: ProfileRequest): Promise<StepProfile> {
  const { model, train, data, device, threads, seed, steps } = request;
  const graph = model.trainingStep(train.batch_size, model.length, buildingOf(train));
  const target = device === 'cpu' ? 'cpu' : 'webgpu';
  const compiled = compile(graph, { target });
  const parameters = model.initialise(seed);
  const fixed = onlyInputs<Feed>(compiled, {
    ...Object.fromEntries(parameters),
    [LOSS_SCALE]: Float32Array.of(1),
  });
  const folder = await mkdtemp(join(tmpdir(), 'ssm-studio-profile-'));
  try {
    const options = { device: target, threads, optimize: target !== 'cpu' } as const;
    const run = async (profile?: string): Promise<{ times: number[]; nodes: NodeTiming[] }> => {
      const session = await openSession(compiled, {
        ...options,
        ...(profile === undefined ? {} : { profile }),
      });
      try {
        const times: number[] = [];
        for (let step = 0; step <= steps; step++) {
          const batch = batchFeeds(compiled, data.trainBatch(step, train.batch_size));
          const began = performance.now();
          await session.run({ ...fixed, ...batch });
          if (step > 0) times.push(performance.now() - began);
        }
        const nodes = profile === undefined ? [] : await session.placement(1 / (steps + 1));
        return { times, nodes };
      } finally {
        await session.release();
      }
    };
    const { nodes } = await run(join(folder, 'run'));
    const { times } = await run();
    const update = timeOfUpdate(model, train);
    const outer = nodes.filter(({ runs }) => runs <= steps);
    const found = group(outer, steps, partOf);
    const names = ['input', ...model.layers.map(({ index }) => `layers.${index}`), 'head', 'loss'];
    const others = [...found.keys()].filter((name) => !names.includes(name));
    return {
      device,
      threads,
      steps,
      step: times.toSorted((a, b) => a - b)[times.length >> 1]! + update,
      parts: [
        ...[...names, ...others].map((part) => ({
          part,
          ...sum(found.get(part) ?? []),
          operators: found.get(part) ?? [],
        })),
        { part: 'optimizer', forward: 0, backward: update, operators: [] },
      ],
      operators: [...group(outer, steps, () => '').values()].flat(),
      fallbacks: device === 'cpu' ? [] : fallbacks(nodes),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The optimiser of the CPU, which is no part of the graph. */
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

const scopeOf = (name: string): string[] => name.split('/').slice(0, -1);
const partOf = ({ name }: NodeTiming): string => scopeOf(name)[0] ?? 'other';

/** Times by a key, then by operator, most expensive first. */
function group(
  nodes: readonly NodeTiming[],
  steps: number,
  keyOf: (node: NodeTiming) => string,
): Map<string, OperatorTime[]> {
  const groups = new Map<string, Map<string, OperatorTime>>();
  for (const node of nodes) {
    const key = keyOf(node);
    const operators = groups.get(key) ?? new Map<string, OperatorTime>();
    groups.set(key, operators);
    const { operator, name, microseconds } = node;
    const before = operators.get(operator) ?? { operator, nodes: 0, forward: 0, backward: 0 };
    const pass = scopeOf(name).includes('backward') ? 'backward' : 'forward';
    const time = before[pass] + microseconds / 1000 / steps;
    operators.set(operator, { ...before, nodes: before.nodes + 1, [pass]: time });
  }
  return new Map(
    [...groups].map(([key, operators]) => [key, [...operators.values()].sort((a, b) => total(b) - total(a))]),
  );
}

export const total = ({ forward, backward }: Passes): number => forward + backward;

const sum = (operators: readonly Passes[]): Passes => ({
  forward: operators.reduce((all, { forward }) => all + forward, 0),
  backward: operators.reduce((all, { backward }) => all + backward, 0),
});
