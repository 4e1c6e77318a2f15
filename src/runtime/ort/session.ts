/** @file One compiled graph, loaded and run by onnxruntime-node. */
import { availableParallelism } from 'node:os';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import {
  compile,
  input,
  neg,
  type BytesInfo,
  type Compiled,
  type Target,
  type TensorInfo,
} from '../../graph';
import { checkBinding } from './binding';
import { dropProfile, takeProfile, type NodeTiming } from './profile';
import {
  arrayOf,
  arrayTensor,
  bytesTensor,
  deviceTensor,
  feedTensor,
  type Feed,
  type TypedArray,
} from './tensors';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'directml' | 'coreml';

/** The lowering that suits a device. */
export const targetOf = (device: Device): Target => (device === 'cpu' ? 'cpu' : 'webgpu');

/** What the runtime calls a device, where it is not the same. */
const PROVIDERS: Partial<Record<Device, string>> = { directml: 'dml' };

export interface SessionOptions {
  readonly device: Device;
  /** Threads for one operator; at most as many as there are cores, which is the default. */
  readonly threads?: number;
  /**
   * False leaves the graph as it was compiled: sessions open in half the time and training steps take as long as
   * before, since the compiler has done what matters.
   */
  readonly optimize?: boolean;
  /** Arrays that outputs are written to, by output name, so that a run allocates nothing for them. */
  readonly preallocate?: Readonly<Record<string, TypedArray>>;
  /** Outputs that stay on the device. On the CPU there is no other place, and they come back as arrays. */
  readonly keepOnDevice?: readonly string[];
  /** Measures every node and writes to files of this path prefix; read it with `placement`. */
  readonly profile?: string;
}

/**
 * A run blocks the thread that it is called on until it is done, the returned promise notwithstanding; keep
 * sessions in a process of their own.
 */
export interface Session {
  readonly device: Device;
  /**
   * Outputs by name: arrays, and device tensors for what is kept on the device.
   * @throws when a feed is missing or does not fit
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Feed>>;
  /**
   * Ends profiling and tells which node ran where. Only with `profile`, and once.
   * @param ignored share of the runs, from the first, whose times do not count
   */
  placement(ignored?: number): Promise<NodeTiming[]>;
  release(): Promise<void>;
}

function ortOptions(compiled: Compiled, options: SessionOptions): InferenceSession.SessionOptions {
  const cores = availableParallelism();
  const location = Object.fromEntries(
    (options.keepOnDevice ?? []).map((name) => [name, 'gpu-buffer' as const]),
  );
  return {
    executionProviders: [PROVIDERS[options.device] ?? options.device],
    intraOpNumThreads: Math.max(1, Math.min(options.threads ?? cores, cores)),
    interOpNumThreads: 1,
    graphOptimizationLevel: options.optimize === false ? 'disabled' : 'basic',
    enableMemPattern: false,
    enableCpuMemArena: true,
    logSeverityLevel: 3,
    extra: {
      session: { intra_op: { allow_spinning: '0' } },
    },
    ...(options.device === 'webgpu' && compiled.outputs.length > 0 && { preferredOutputLocation: location }),
    ...(options.profile !== undefined && { enableProfiling: true, profileFilePrefix: options.profile }),
  };
}

/** With a device's last session go its compiled shaders, seconds of work: one session stays open. */
let keeper: Promise<InferenceSession> | undefined;

/** @throws when the device or the graph is refused; TensorTooLarge when that is why */
export async function openSession(compiled: Compiled, options: SessionOptions): Promise<Session> {
  const ort = await import('onnxruntime-node');
  const { device, profile, preallocate = {} } = options;
  const target = targetOf(device);
  if (compiled.target !== target && compiled.target !== 'onnx') {
    throw new Error(
      `A graph compiled for ${compiled.target} cannot run on ${device}; compile it for ${target}.`,
    );
  }
  const create = (graph: Compiled, settings: SessionOptions): Promise<InferenceSession> =>
    ort.InferenceSession.create(graph.model, ortOptions(graph, settings)).catch((error: unknown) => {
      throw new Error(`onnxruntime refused the graph on ${device}: ${messageOf(error)}`, { cause: error });
    });
  if (device === 'webgpu') {
    keeper ??= create(compile({ y: neg(input('x', [1])) }, { target: 'webgpu' }), { device });
    await keeper.catch((error: unknown) => {
      keeper = undefined;
      throw error;
    });
  }
  if (device === 'webgpu') {
    await checkBinding(compiled.largest, async (graph, x) => {
      const trial = await create(graph, { device });
      try {
        const { y } = await trial.run({ x: new ort.Tensor('float32', x, [x.length, 1]) });
        return y!.data as Float32Array;
      } finally {
        await trial.release();
      }
    });
  }
  const session = await create(compiled, options);
  // What is kept must not keep the graph, which has the constants in it.
  const { inputs, outputs, bytes = [] } = compiled;
  const kept = new Set(device === 'webgpu' ? options.keepOnDevice : []);
  const fetches = Object.fromEntries(
    outputs.map((info): [string, OrtTensor | null] => {
      const array = preallocate[info.name];
      return [info.name, array ? arrayTensor(array, info, ort.Tensor) : null];
    }),
  );
  const cached = new Map<string, { readonly feed: Feed; readonly tensor: OrtTensor }>();
  const tensorOf = (info: TensorInfo, feed: Feed | undefined): OrtTensor => {
    const before = cached.get(info.name);
    if (before && before.feed === feed && ArrayBuffer.isView(feed) && feed.length > 0) return before.tensor;
    const tensor = feedTensor(feed, info, ort.Tensor);
    if (ArrayBuffer.isView(feed)) cached.set(info.name, { feed, tensor });
    return tensor;
  };

  const bytesOf = (info: BytesInfo, feed: Feed | undefined): OrtTensor => {
    const before = cached.get(info.name);
    if (before && before.feed === feed) return before.tensor;
    const tensor = bytesTensor(feed, info, ort.Tensor);
    cached.set(info.name, { feed: feed!, tensor });
    return tensor;
  };

  const run = async (feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Feed>> => {
    const given = [
      ...inputs.map((info) => [info.name, tensorOf(info, feeds[info.name])] as const),
      ...bytes.map((info) => [info.name, bytesOf(info, feeds[info.name])] as const),
    ];
    const found = await session.run(Object.fromEntries(given), fetches);
    return Object.fromEntries(
      outputs.map((info): [string, Feed] => {
        const array = preallocate[info.name];
        if (array) return [info.name, array];
        const tensor = found[info.name]!;
        if (kept.has(info.name)) return [info.name, deviceTensor(tensor, info)];
        return [info.name, arrayOf(tensor)];
      }),
    );
  };

  return {
    device,
    run,
    async placement(ignored = 0) {
      if (profile === undefined) throw new Error('placement needs a session opened with a profile.');
      session.endProfiling();
      return takeProfile(profile, ignored);
    },
    async release() {
      await session.release();
      // onnxruntime writes a profile even when nobody has asked for it.
      if (profile !== undefined) await dropProfile(profile);
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
