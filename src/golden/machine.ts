/** @file Where a case is computed: onnxruntime on a device, or the float64 interpreter as `reference`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as g from '../graph';
import type { Tensor } from '../graph';
import { deviceProblem, fallbacks, openSession, type TypedArray } from '../runtime/ort';
import type { Actual } from './compare';
import { DeviceAbsent } from './errors';

export type GoldenDevice = 'cpu' | 'webgpu' | 'reference';
export const GOLDEN_DEVICES: readonly GoldenDevice[] = ['cpu', 'webgpu', 'reference'];

export type Feeds = Record<string, Actual>;
export type Results = Record<string, Actual>;

/** A graph made ready to run, many times. */
export interface Prepared {
  run(feeds: Feeds): Promise<Results>;
  release(): Promise<void>;
}

export class Machine {
  /** Nodes that ran on the CPU although another device was asked for. */
  readonly fallbacks = new Set<string>();

  constructor(readonly device: GoldenDevice) {}

  /** Compiles named outputs for the device. */
  async prepare(program: Readonly<Record<string, Tensor>>): Promise<Prepared> {
    const { device } = this;
    if (device === 'reference') return reference(program);
    const compiled = g.compile(program, { target: device });
    // On the CPU nothing can fall back, so nothing needs to be measured.
    const folder = device === 'cpu' ? undefined : await mkdtemp(join(tmpdir(), 'golden-profile-'));
    const session = await openSession(compiled, {
      device,
      ...(folder === undefined ? {} : { profile: join(folder, 'nodes') }),
    });
    const shapes = new Map(compiled.outputs.map(({ name, shape }) => [name, shape]));
    return {
      run: async (feeds) => {
        const arrays = compiled.inputs.map(({ name, dtype }) => {
          const { values } = feed(feeds, name);
          return [name, dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)] as const;
        });
        const results = await session.run(Object.fromEntries(arrays));
        return Object.fromEntries(
          Object.entries(results).map(([name, values]) => [
            name,
            { shape: shapes.get(name)!, values: values as TypedArray },
          ]),
        );
      },
      release: async () => {
        try {
          if (folder) for (const node of fallbacks(await session.placement())) this.fallbacks.add(node);
        } finally {
          await session.release();
          if (folder) await rm(folder, { recursive: true, force: true });
        }
      },
    };
  }

  /** Runs a graph once. */
  async evaluate(program: Readonly<Record<string, Tensor>>, feeds: Feeds): Promise<Results> {
    const prepared = await this.prepare(program);
    try {
      return await prepared.run(feeds);
    } finally {
      await prepared.release();
    }
  }

  /** @throws DeviceAbsent when a trivial graph does not run on the device */
  async probe(): Promise<void> {
    if (this.device === 'reference') return;
    const problem = await deviceProblem(this.device);
    if (problem !== undefined)
      throw new DeviceAbsent(`Device ${this.device} cannot be used here: ${problem}`);
  }
}

function feed(feeds: Feeds, name: string): Actual {
  const found = feeds[name];
  if (!found) throw new Error(`no value for the graph input ${name}`);
  return found;
}

function reference(program: Readonly<Record<string, Tensor>>): Prepared {
  const names = Object.keys(program);
  const tensors = Object.values(program);
  return {
    run: async (feeds) => {
      const arrays = Object.fromEntries(
        Object.entries(feeds).map(([name, { values }]) => [name, Float64Array.from(values)]),
      );
      const results = g.interpret(tensors, arrays);
      return Object.fromEntries(
        names.map((name, i) => [name, { shape: tensors[i]!.shape, values: results[i]! }]),
      );
    },
    release: async () => undefined,
  };
}
