/** @file Where a case is computed: onnxruntime on a device, or the float64 interpreter as `reference`. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import { openSession } from '../runtime/ort';
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
    if (this.device === 'reference') return reference(program);
    const compiled = g.compile({ ...program }, { target: this.device });
    const session = await openSession(compiled, { device: this.device });
    const shapes = new Map(compiled.outputs.map(({ name, shape }) => [name, shape]));
    return {
      run: async (feeds) => {
        const arrays = Object.fromEntries(
          compiled.inputs.map(({ name, dtype }) => {
            const { values } = feed(feeds, name);
            return [name, dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)];
          }),
        );
        const results = await session.run(arrays);
        return Object.fromEntries(
          Object.entries(results).map(([name, values]) => [
            name,
            { shape: shapes.get(name)!, values: values as ArrayLike<number> },
          ]),
        );
      },
      release: async () => session.release(),
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
    try {
      await this.evaluate({ y: g.add(g.input('x', [1]), 1) }, { x: { shape: [1], values: [1] } });
    } catch (error) {
      throw new DeviceAbsent(`device ${this.device} cannot be used here: ${(error as Error).message}`);
    }
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
