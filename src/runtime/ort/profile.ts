/** @file Reading onnxruntime's profile: which node ran where, and how long. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** One node of the executed graph; copies between devices (`Memcpy…`) appear as nodes too. */
export interface NodeTiming {
  /** The node's name, which begins with its scope, for example `layers.0/mixer/MatMul_12`. */
  readonly name: string;
  /** ONNX operator. */
  readonly operator: string;
  /** `CPU`, `WebGpu`, … */
  readonly provider: string;
  readonly runs: number;
  /** Total over the runs. A node with a body includes its body's nodes. */
  readonly microseconds: number;
}

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

const KERNEL = '_kernel_time';

/**
 * Adds up the kernel events of a profile.
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
  return [...found].map(([name, { operator, provider, durations }]) => {
    const counted = durations.slice(Math.round(ignored * durations.length));
    const microseconds = counted.reduce((sum, duration) => sum + duration, 0);
    return { name, operator, provider, runs: counted.length, microseconds };
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
