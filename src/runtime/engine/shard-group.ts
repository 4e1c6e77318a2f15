/** @file The threads that compute all shards of a batch but the first. */
import type { Compiled } from '../../graph';
import { GRADIENT } from '../../optimizer';
import type { ParameterMemory, Region } from '../../optimizer/memory';
import type { ShardRequest } from './shard-protocol';
import { ShardThread } from './shard-thread';

export class ShardGroup {
  readonly #memory: ParameterMemory;
  readonly #block: Uint8Array;
  readonly #threads: readonly ShardThread[];

  /**
   * @param count of the other shards
   * @param threads that each of them may use
   */
  constructor(count: number, compiled: Compiled, threads: number, memory: ParameterMemory) {
    const read = new Set(compiled.inputs.map(({ name }) => name));
    const parameters = placesOf(memory.parameters).filter(({ name }) => read.has(name));
    const gradients = placesOf(memory.gradients).map((place) => ({ ...place, name: GRADIENT + place.name }));
    const parameterBlock = new SharedArrayBuffer(memory.parameterBytes);
    this.#memory = memory;
    this.#block = new Uint8Array(parameterBlock);
    this.#threads = Array.from({ length: count }, () => {
      const gradientBlock = new SharedArrayBuffer(memory.regionBytes);
      return new ShardThread({ compiled, threads, parameters, gradients, parameterBlock, gradientBlock });
    });
  }

  /** Shows the parameters of now to the threads. */
  publish(): void {
    const { buffer, parameters, parameterBytes } = this.#memory;
    this.#block.set(new Uint8Array(buffer, parameters.base, parameterBytes));
  }

  /** Mean loss of every shard. Call `publish` first where the parameters have changed. */
  run(requests: readonly ShardRequest[]): Promise<number[]> {
    return Promise.all(this.#threads.map((thread, index) => thread.run(requests[index]!)));
  }

  /** Copies the gradients of shard `index` to where those of the first lay. */
  take(index: number): void {
    const { buffer, gradients, regionBytes } = this.#memory;
    new Uint8Array(buffer, gradients.base, regionBytes).set(this.#threads[index]!.gradients);
  }

  async release(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.release()));
  }
}

const placesOf = ({ base, views }: Region) =>
  [...views].map(([name, { byteOffset, length }]) => ({ name, offset: byteOffset - base, length }));
