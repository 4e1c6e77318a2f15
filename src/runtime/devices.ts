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

export type ComputeDevice = Exclude<Device, 'auto'>;

/** Devices that `auto` decides between. */
export type Measured = 'cpu' | 'webgpu';

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

/** What to do where a device is missing. */
const HINTS: Readonly<Record<Exclude<ComputeDevice, 'cpu'>, string>> = {
  webgpu: 'no WebGPU adapter was found. Use --device cpu, or auto to let it be chosen.',
  cuda: 'its libraries are fetched by `ssm-studio install-cuda`, and need CUDA 12 and cuDNN 9. Or use webgpu or cpu.',
  directml: 'it is part of Windows only. Use webgpu or cpu.',
  coreml: 'it is part of macOS only. Use webgpu or cpu.',
};

export interface DeviceRequest {
  readonly requested: Device;
  /** Why a device cannot be used here; undefined when it can. */
  problem(device: ComputeDevice): Promise<string | undefined>;
  /** Devices that can be used here; finding out takes a moment, so it is asked only where it matters. */
  available(): Promise<readonly string[]>;
  readonly flopsPerStep: number;
  /** What the model is made of, for example `mamba+mlp`. */
  readonly mixers: string;
  /** Seconds of one training step. */
  measure(device: Measured): Promise<number>;
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
  if (requested !== 'auto') {
    const problem = await request.problem(requested);
    if (problem !== undefined) {
      throw new DeviceError(
        `The device ${requested} is not available here: ${HINTS[requested]} (${problem})`,
      );
    }
    return { device: requested, reason: 'as asked' };
  }
  if (request.flopsPerStep < SMALL_FLOPS) return { device: 'cpu', reason: 'a small model' };
  if (!(await request.available()).includes('webgpu')) return { device: 'cpu', reason: 'the only device' };
  const seconds = await remembered(request);
  const device = seconds.webgpu < seconds.cpu ? 'webgpu' : 'cpu';
  const shown = (value: number): string => (Number.isFinite(value) ? `${value.toPrecision(2)} s` : 'no');
  return { device, reason: `measured: cpu ${shown(seconds.cpu)}, webgpu ${shown(seconds.webgpu)} per step` };
}

async function remembered(request: DeviceRequest): Promise<Record<Measured, number>> {
  const file = request.cacheFile ?? defaultCacheFile();
  const cache = await readCache(file);
  const key = classOf(request);
  const known = cache[key];
  if (known?.['cpu'] !== undefined && known['webgpu'] !== undefined) {
    return { cpu: known['cpu'], webgpu: known['webgpu'] < 0 ? Infinity : known['webgpu'] };
  }
  const cpu = await request.measure('cpu');
  // A device that cannot run the model loses; JSON has no Infinity.
  const webgpu = await request.measure('webgpu').catch(() => Infinity);
  await remember(file, key, { cpu, webgpu: Number.isFinite(webgpu) ? webgpu : -1 });
  return { cpu, webgpu };
}

export interface ThreadsRequest {
  readonly mixers: string;
  readonly flopsPerStep: number;
  readonly version: string;
  /** At most so many. */
  readonly most: number;
  /** Seconds of one training step. */
  measure(threads: number): Promise<number>;
  readonly cacheFile?: string;
}

/** One thread wins when it is nearly as fast: it leaves the other cores to others. */
const AS_FAST = 1.1;

/** Threads for a small model, one or all, measured once like the device; large ones take all. */
export async function chooseThreads(request: ThreadsRequest): Promise<number> {
  const { most, flopsPerStep } = request;
  if (most === 1 || flopsPerStep >= SMALL_FLOPS) return most;
  const file = request.cacheFile ?? defaultCacheFile();
  const key = `${classOf(request)} shards on ${most}`;
  const known = (await readCache(file))[key]?.['threads'];
  if (known !== undefined) return known;
  const one = await request.measure(1);
  const all = await request.measure(most);
  const threads = one <= AS_FAST * all ? 1 : most;
  await remember(file, key, { threads });
  return threads;
}

/** Models that take about the same on this machine. */
const classOf = ({
  version,
  mixers,
  flopsPerStep,
}: Pick<DeviceRequest, 'version' | 'mixers' | 'flopsPerStep'>): string =>
  [hostname(), version, mixers, `2^${Math.round(Math.log2(flopsPerStep))}`].join(' ');

async function remember(file: string, key: string, found: Record<string, number>): Promise<void> {
  const cache = { ...(await readCache(file)), [key]: found };
  await mkdir(dirname(file), { recursive: true })
    .then(() => writeFileAtomic(file, `${JSON.stringify(cache, undefined, 2)}\n`))
    .catch(() => {
      // Measuring again next time is all that is lost.
    });
}

async function readCache(file: string): Promise<Record<string, Record<string, number>>> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}
