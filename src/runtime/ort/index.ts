/** @file Running compiled graphs with onnxruntime-node. */
import type { Compiled } from '../../graph';

export type TypedArray = Float32Array | Int32Array | Uint8Array;
/** A tensor that lives on the device; feed it to a session of the same device. */
export interface DeviceTensor {
  readonly location: 'device';
  readonly shape: readonly number[];
  dispose(): void;
}
export type Feed = TypedArray | DeviceTensor;

export interface SessionOptions {
  readonly device: 'cpu' | 'webgpu';
  readonly threads?: number;
  readonly preallocate?: Readonly<Record<string, TypedArray>>;
  readonly keepOnDevice?: readonly string[];
  readonly profile?: string;
}

export interface Session {
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, TypedArray | DeviceTensor>>;
  release(): Promise<void>;
}

export async function openSession(_compiled: Compiled, _options: SessionOptions): Promise<Session> {
  throw new Error('not written yet');
}

/** Devices that a session can be opened on here, `cpu` always among them. */
export async function availableDevices(): Promise<readonly ('cpu' | 'webgpu')[]> {
  return ['cpu'];
}
