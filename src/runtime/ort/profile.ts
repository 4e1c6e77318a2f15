/** @file Reading onnxruntime's profile: which node ran where, and how long. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { median } from '../../util/median';

/** One node of the executed graph; copies between devices (`Memcpy…`) appear as nodes too. */
export interface NodeTiming {
  /** The node's name, which begins with its scope, for example `layers.0/mixer/MatMul_12`. */
  readonly name: string;
  /** ONNX operator. */
  readonly operator: string;
  /** `CPU`, `WebGpu`, … */
  readonly provider: string;
  readonly runs: number;
  /** Of one run, the median. A node with a body includes its body's nodes. */
  readonly microseconds: number;
  /** Who measured: the host's time on a device's node is what it takes to hand it over. */
  readonly clock: 'host' | 'device';
}

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

const KERNEL = '_kernel_time';

/** Durations of the programs that nodes started on a device with a clock of its own, which come as `node&operator&program`. */
function onDevice(events: readonly ProfileEvent[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { cat, name, dur } of events) {
    const end = cat === 'Api' ? (name?.indexOf('&') ?? -1) : -1;
    if (end < 0) continue;
    const node = name!.slice(0, end);
    const known = found.get(node);
    if (known) known.push(dur ?? 0);
    else found.set(node, [dur ?? 0]);
  }
  return found;
}

/** Sums of as many groups that follow each other; a node that starts several programs does so in every run. */
function grouped(durations: readonly number[], groups: number): number[] {
  const sums = Array.from({ length: groups }, () => 0);
  durations.forEach((duration, i) => (sums[Math.floor((i * groups) / durations.length)]! += duration));
  return sums;
}

/**
 * The kernel events of a profile, by node.
 * @param ignored share of each node's first events that do not count, because the runs were warming up
 */
export function readTimings(events: readonly ProfileEvent[], ignored = 0): NodeTiming[] {
  const found = new Map<string, { operator: string; provider: string; durations: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name?.endsWith(KERNEL) || !args?.provider) continue;
    const node = name.slice(0, -KERNEL.length);
    const provider = args.provider.replace('ExecutionProvider', '');
    const known = found.get(node) ?? { operator: args.op_name ?? '', provider, durations: [] };
    known.durations.push(dur ?? 0);
    found.set(node, known);
  }
  const programs = onDevice(events);
  return [...found].map(([name, { operator, provider, durations }]) => {
    // A node that starts no program, such as a reshape, takes no time there. Copies wait on the host.
    const there = programs.size > 0 && provider === 'WebGpu' && !operator.startsWith('Memcpy');
    const times = there ? grouped(programs.get(name) ?? [], durations.length) : durations;
    const counted = times.slice(Math.round(ignored * times.length));
    const clock = there ? ('device' as const) : ('host' as const);
    return { name, operator, provider, runs: counted.length, microseconds: median(counted) ?? 0, clock };
  });
}

/** What onnxruntime wrote under `prefix`: it adds the time to the name. The newest last. */
async function filesOf(prefix: string): Promise<string[]> {
  const folder = dirname(prefix);
  const stem = `${basename(prefix)}_`;
  const files = (await readdir(folder)).filter((file) => file.startsWith(stem) && file.endsWith('.json'));
  return files.sort().map((file) => join(folder, file));
}

/** Removes a profile that nobody will read. */
export async function dropProfile(prefix: string): Promise<void> {
  await Promise.all((await filesOf(prefix)).map((path) => rm(path, { force: true })));
}

/** The profile that onnxruntime wrote under `prefix`; the file is removed. See `readTimings`. */
export async function takeProfile(prefix: string, ignored = 0): Promise<NodeTiming[]> {
  const path = (await filesOf(prefix)).at(-1);
  if (path === undefined) throw new Error(`onnxruntime wrote no profile at ${prefix}.`);
  const timings = readTimings(JSON.parse(await readFile(path, 'utf8')) as ProfileEvent[], ignored);
  await rm(path);
  return timings;
}

/** Nodes that left the device: everything that ran on the CPU, and copies to and from it. */
export const fallbacks = (timings: readonly NodeTiming[]): string[] =>
  timings
    .filter(({ provider, operator }) => provider === 'CPU' || operator.startsWith('Memcpy'))
    .map(({ name, operator }) => `${name} (${operator})`);
