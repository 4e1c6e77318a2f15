/** @file One of a step's graphs on its device. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../../data/define';
import type { Compiled, Tensor } from '../../../graph';
import { NEXT } from '../../../optimizer';
import { compileCached, openSession, type Feed, type NodeTiming, type Session } from '../../ort';
import { batchFeeds, onlyInputs, randomFeeds } from '../feeds';
import type { State } from './tensors';

interface GraphOptions {
  readonly device: 'webgpu';
  readonly threads: number;
  /** Seed of what the graph draws. */
  readonly seed?: number;
}

export class DeviceGraph {
  readonly #compiled: Compiled;
  readonly #session: Session;
  readonly #seed: number;

  private constructor(compiled: Compiled, session: Session, seed: number) {
    this.#compiled = compiled;
    this.#session = session;
    this.#seed = seed;
  }

  /**
   * What replaces an input stays on the device. Nodes are measured from the first run on, to know what does not stay.
   * @param name that no other graph of the engine has
   */
  static async open(
    name: string,
    outputs: Readonly<Record<string, Tensor>>,
    { device, threads, seed = 0 }: GraphOptions,
  ): Promise<DeviceGraph> {
    const compiled = await compileCached(outputs, device);
    const keepOnDevice = Object.keys(outputs).filter((output) => output.startsWith(NEXT));
    const profile = join(tmpdir(), `ssm-profile-${process.pid}-${name}`);
    const session = await openSession(compiled, { device, threads, keepOnDevice, profile });
    return new DeviceGraph(compiled, session, seed);
  }

  get nodes(): number {
    return this.#compiled.nodes;
  }

  /**
   * @param given by name, of which the graph takes what it has an input for
   * @param place of the micro-batch, see `randomFeeds`
   */
  run(
    given: State,
    batch: Batch,
    place: Parameters<typeof randomFeeds>[2],
  ): Promise<Readonly<Record<string, Feed>>> {
    return this.#session.run({
      ...onlyInputs<Feed>(this.#compiled, given),
      ...batchFeeds(this.#compiled, batch),
      ...randomFeeds(this.#compiled, this.#seed, place),
    });
  }

  /** Ends measuring; once. @param ignored share of the first runs that do not count */
  timings(ignored: number): Promise<NodeTiming[]> {
    return this.#session.placement(ignored);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
