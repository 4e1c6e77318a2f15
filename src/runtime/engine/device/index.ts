/**
 * @file Training on a device with memory of its own: forward, backward, clipping and the optimiser are graphs, see
 * `stepGraphs`, and parameters and states stay on the device from step to step.
 */
import type { Batch } from '../../../data/define';
import { LOSS_SCALE } from '../../../models';
import { stateName, stepGraphs, type StepGraphs, type Update } from '../../../optimizer';
import { fallbacks, type NodeTiming } from '../../ort';
import {
  warmUp,
  type EngineOptions,
  type StepResult,
  type TrainingEngine,
  type TrainingTensors,
} from '../types';
import { DeviceGraph } from './graph';
import { GradientSums } from './sums';
import { dispose, download, nextState, zeros, type State } from './tensors';

export async function openDeviceEngine(options: EngineOptions, device: 'webgpu'): Promise<TrainingEngine> {
  const { parameters, graph, train } = options;
  const graphs = stepGraphs(graph, parameters, train);
  const update = await DeviceGraph.open('update', graphs.update, { ...options, device });
  const add = graphs.add && (await DeviceGraph.open('add', graphs.add, { ...options, device }));
  return new DeviceEngine(device, options, graphs, update, add);
}

class DeviceEngine implements TrainingEngine {
  readonly device: 'webgpu';
  readonly threads: number;
  readonly nodes: number;
  readonly states: readonly string[];
  readonly #graphs: StepGraphs;
  readonly #update: DeviceGraph;
  readonly #opened: readonly DeviceGraph[];
  readonly #sums: GradientSums | undefined;
  readonly #names: readonly string[];
  /** Inputs that stay on the device. */
  readonly #resident: readonly string[];
  readonly #measuredSteps: number;
  #state: State = {};
  #steps = 0;
  #timings: readonly NodeTiming[] | undefined;

  constructor(
    device: 'webgpu',
    { threads, parameters, measuredSteps = 1 }: EngineOptions,
    graphs: StepGraphs,
    update: DeviceGraph,
    add: DeviceGraph | undefined,
  ) {
    this.device = device;
    this.threads = threads;
    this.states = graphs.states;
    this.#graphs = graphs;
    this.#update = update;
    this.#opened = add === undefined ? [update] : [add, update];
    this.nodes = this.#opened.reduce((sum, { nodes }) => sum + nodes, 0);
    this.#sums = add && new GradientSums(add, graphs);
    this.#names = [...parameters.keys()];
    const states = graphs.states.flatMap((kind) => this.#ofTrained(kind).map(([, name]) => name));
    this.#resident = [...this.#names, ...states];
    this.#measuredSteps = measuredSteps;
  }

  fallbacks(): readonly string[] | undefined {
    return this.#timings && fallbacks(this.#timings);
  }

  timings(): readonly NodeTiming[] {
    return this.#timings ?? [];
  }

  async step(batches: readonly Batch[], asked: Update): Promise<StepResult> {
    const { step, lossScale = 1 } = asked;
    const given = { ...this.#state, [LOSS_SCALE]: Float32Array.of(lossScale) };
    const scalars = this.#graphs.scalars(asked, batches.length * lossScale);
    const summed = await this.#sums?.take(given, batches, step);
    const found = await this.#update.run(
      { ...given, ...summed?.buffers, ...this.#sums?.total, ...scalars },
      batches[0]!,
      { step, index: 0, count: 1 },
    );
    if (++this.#steps === this.#measuredSteps) await this.#measure();
    if (summed) dispose(summed.buffers);
    const loss = summed?.loss ?? (found['loss'] as Float32Array)[0]!;
    const gradNorm = (found['grad_norm'] as Float32Array)[0]!;
    const finite = Number.isFinite(loss) && Number.isFinite(gradNorm);
    const next = nextState(found, this.#resident);
    // The state before a failing step is what remains.
    dispose(finite ? this.#state : next);
    if (finite) this.#state = next;
    return { loss, gradNorm, finite };
  }

  async #measure(): Promise<void> {
    const ignored = warmUp(this.#measuredSteps);
    this.#timings = (await Promise.all(this.#opened.map((graph) => graph.timings(ignored)))).flat();
  }

  parameterFeeds(): State {
    return this.#state;
  }

  async read(): Promise<TrainingTensors> {
    const values = await download(this.#state);
    return {
      parameters: new Map(this.#names.map((name) => [name, values[name]!])),
      states: new Map(
        this.states.map((kind) => [
          kind,
          new Map(this.#ofTrained(kind).map(([parameter, name]) => [parameter, values[name]!])),
        ]),
      ),
    };
  }

  async write({ parameters, states }: Parameters<TrainingEngine['write']>[0]): Promise<void> {
    const { trained } = this.#graphs;
    const saved = this.states.flatMap((kind) =>
      this.#ofTrained(kind).map(([parameter, name]): [string, Float32Array] => [
        name,
        states?.get(kind)?.get(parameter)?.slice() ?? zeros(trained.get(parameter)!),
      ]),
    );
    dispose(this.#state);
    this.#state = Object.fromEntries([
      ...this.#names.map((name): [string, Float32Array] => [name, parameters.get(name)!.slice()]),
      ...saved,
    ]);
  }

  /** Parameters that are trained, and what their state of a kind is called. */
  #ofTrained(kind: string): [parameter: string, name: string][] {
    return [...this.#graphs.trained.keys()].map((parameter) => [parameter, stateName(kind, parameter)]);
  }

  async release(): Promise<void> {
    dispose(this.#state);
    this.#sums?.release();
    for (const graph of this.#opened) await graph.release();
  }
}
