/**
 * @file Which device a run takes. `auto` keeps small models on the CPU and measures the others once per
 * machine, runtime version and model class; what it found is remembered in the user's cache folder.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import type { Device } from '../models/config';
import { cacheFolder } from './cache';

/** Devices that the engine has lowerings for. */
export type ComputeDevice = 'cpu' | 'webgpu';

export class DeviceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DeviceError';
  }
}

/** Above this many threads the products of ordinary models gain nothing. */
const MAX_THREADS = 8;
export const defaultThreads = (): number => Math.min(MAX_THREADS, availableParallelism());

/** Work of one step below which a device's start-up and transfers never pay. */
const SMALL_FLOPS = 5e9;

export interface DeviceRequest {
  readonly requested: Device;
  /** Devices that can be used here; finding out takes a moment, so it is asked only where it matters. */
  available(): Promise<readonly string[]>;
  readonly flopsPerStep: number;
  /** What the model is made of, for example `mamba+mlp`. */
  readonly mixers: string;
  /** Seconds of one training step. */
  measure(device: ComputeDevice): Promise<number>;
  readonly cacheFile?: string;
  /** Versions that a measurement depends on. */
  readonly version: string;
}

export interface DeviceChoice {
  readonly device: ComputeDevice;
  /** One clause for the log. */
  readonly reason: string;
}

export const defaultCacheFile = (): string => join(cacheFolder(), 'devices.json');

const cacheSchema = z.record(z.string(), z.record(z.string(), z.number()));

/** @throws DeviceError when the device that was asked for is not there */
export async function chooseDevice(request: DeviceRequest): Promise<DeviceChoice> {
  const { requested } = request;
  if (requested === 'cpu') return { device: 'cpu', reason: 'as asked' };
  if (requested === 'webgpu') {
    if (!(await request.available()).includes('webgpu')) {
      throw new DeviceError('There is no WebGPU device here. Use --device cpu, or auto to let it be chosen.');
    }
    return { device: 'webgpu', reason: 'as asked' };
  }
  if (requested !== 'auto') {
    throw new DeviceError(
      `The device ${requested} is not available in this installation. Use cpu or webgpu.`,
    );
  }
  if (request.flopsPerStep < SMALL_FLOPS) return { device: 'cpu', reason: 'a small model' };
  if (!(await request.available()).includes('webgpu')) return { device: 'cpu', reason: 'the only device' };
  const seconds = await remembered(request);
  const device = seconds.webgpu < seconds.cpu ? 'webgpu' : 'cpu';
  const shown = (value: number): string => (Number.isFinite(value) ? `${value.toPrecision(2)} s` : 'no');
  return { device, reason: `measured: cpu ${shown(seconds.cpu)}, webgpu ${shown(seconds.webgpu)} per step` };
}

async function remembered(request: DeviceRequest): Promise<Record<ComputeDevice, number>> {
  const file = request.cacheFile ?? defaultCacheFile();
  const cache = await readCache(file);
  const key = [
    hostname(),
    request.version,
    request.mixers,
    `2^${Math.round(Math.log2(request.flopsPerStep))}`,
  ].join(' ');
  const known = cache[key];
  if (known?.['cpu'] !== undefined && known['webgpu'] !== undefined) {
    return { cpu: known['cpu'], webgpu: known['webgpu'] < 0 ? Infinity : known['webgpu'] };
  }
  const cpu = await request.measure('cpu');
  // A device that cannot run the model loses; JSON has no Infinity.
  const webgpu = await request.measure('webgpu').catch(() => Infinity);
  cache[key] = { cpu, webgpu: Number.isFinite(webgpu) ? webgpu : -1 };
  await mkdir(dirname(file), { recursive: true })
    .then(() => writeFileAtomic(file, `${JSON.stringify(cache, undefined, 2)}\n`))
    .catch(() => {
      // Measuring again next time is all that is lost.
    });
  return { cpu, webgpu };
}

async function readCache(file: string): Promise<Record<string, Record<string, number>>> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}
