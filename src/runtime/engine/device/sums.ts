/** @file Gradients of a step's micro-batches, added up on the device. */
import type { Batch } from '../../../data/define';
import { FIRST, SUM, type StepGraphs } from '../../../optimizer';
import type { DeviceGraph } from './graph';
import { dispose, nextState, zeros, type State } from './tensors';

export class GradientSums {
  readonly #graph: DeviceGraph;
  readonly #names: readonly string[];
  readonly #buffers: readonly string[];
  #total: State;

  constructor(graph: DeviceGraph, { trained, buffers }: Pick<StepGraphs, 'trained' | 'buffers'>) {
    this.#graph = graph;
    this.#names = [...trained.keys()].map((name) => SUM + name);
    this.#buffers = buffers;
    // Device tensors live as long as the session that made them, so the first ones are made by a step.
    this.#total = Object.fromEntries([...trained].map(([name, info]) => [SUM + name, zeros(info)]));
  }

  /** By the input names of a graph that updates. */
  get total(): State {
    return this.#total;
  }

  /**
   * The sums over these micro-batches alone.
   * @param given parameters and scalars
   * @returns the mean loss, and what the buffers have become
   */
  async take(
    given: State,
    batches: readonly Batch[],
    step: number,
  ): Promise<{ readonly loss: number; readonly buffers: State }> {
    let loss = 0;
    let buffers: State = {};
    for (const [index, batch] of batches.entries()) {
      const first = { [FIRST]: Float32Array.of(index === 0 ? 1 : 0) };
      const place = { step, index, count: batches.length };
      const found = await this.#graph.run({ ...given, ...buffers, ...this.#total, ...first }, batch, place);
      dispose(this.#total);
      this.#total = nextState(found, this.#names);
      dispose(buffers);
      buffers = nextState(found, this.#buffers);
      loss += (found['loss'] as Float32Array)[0]! / batches.length;
    }
    return { loss, buffers };
  }

  release(): void {
    dispose(this.#total);
  }
}
