/**
 * @file Where the numbers of a training run live on the CPU: one WebAssembly memory that holds parameters,
 * optimiser states and gradients. onnxruntime reads parameters and writes gradients through Float32Array views
 * on it, the optimiser's loops update in place, and a checkpoint writes the views.
 *
 * The memory is sized once: growing it would detach every view.
 */
import type { ParameterGroup, ParameterInfo } from './groups';
import { bindLoops, type Loops } from './loops';

/** A contiguous run of parameters. Offsets in bytes from the start of a region. */
export interface Span extends ParameterGroup {
  readonly start: number;
  readonly end: number;
}

export class MemoryTooLarge extends Error {
  constructor(parameters: number, regions: number) {
    const limit = Math.floor(LIMIT / regions / 4 / 1e6);
    super(
      `The model has ${parameters.toLocaleString('en-GB')} parameters; training on the CPU keeps parameters, moments and ` +
        `gradients in one WebAssembly memory of at most 4 GB, here about ${limit} million parameters. ` +
        'Use a smaller d_model or fewer layers, or train on another device.',
    );
    this.name = 'MemoryTooLarge';
  }
}

const PAGE = 65536;
const LIMIT = 65536 * PAGE;
const ALIGNMENT = 16;

type Views = ReadonlyMap<string, Float32Array>;

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** One array per parameter, all in the same layout; frozen ones have one only among the parameters. */
export interface Region {
  /** Byte address of its start. */
  readonly base: number;
  readonly views: Views;
}

export interface MemoryOptions {
  readonly groups: readonly ParameterGroup[];
  /** Names of the optimiser's states. */
  readonly states: readonly string[];
  /** Reserves a region for sums of gradients over micro-batches. */
  readonly accumulating?: boolean;
}

export class ParameterMemory {
  /** All regions. */
  readonly buffer: ArrayBuffer;
  readonly loops: Loops;
  readonly spans: readonly Span[];
  /** Bytes of the region of gradients and of each state, padding included: of what is not frozen. */
  readonly regionBytes: number;
  /** Bytes of the region of parameters. */
  readonly parameterBytes: number;
  readonly parameters: Region;
  readonly gradients: Region;
  /** The gradients themselves where nothing is accumulated. */
  readonly sums: Region;
  readonly states: ReadonlyMap<string, Region>;

  /** @throws MemoryTooLarge above the 4 GB that a 32-bit memory can hold */
  constructor(parameters: ReadonlyMap<string, ParameterInfo>, options: MemoryOptions) {
    const { spans, offsets, trained, all } = layOut(parameters, options.groups);
    const count = 1 + options.states.length + (options.accumulating ? 1 : 0);
    const needed = all + count * trained;
    const pages = Math.ceil(needed / PAGE);
    if (pages * PAGE > LIMIT) throw new MemoryTooLarge(all / 4, needed / all);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    let next = 0;
    const everything = [...parameters.keys()];
    const moving = everything.filter((name) => parameters.get(name)!.frozen !== true);
    const region = (bytes: number, names: readonly string[] = moving): Region => {
      const base = next;
      next += bytes;
      const view = (name: string): Float32Array =>
        new Float32Array(memory.buffer, base + offsets.get(name)!, elements(parameters.get(name)!.shape));
      return { base, views: new Map(names.map((name) => [name, view(name)])) };
    };
    this.buffer = memory.buffer;
    this.loops = bindLoops(memory);
    this.spans = spans;
    this.regionBytes = trained;
    this.parameterBytes = all;
    this.parameters = region(all, everything);
    this.states = new Map(options.states.map((name) => [name, region(trained)]));
    this.gradients = region(trained);
    this.sums = options.accumulating ? region(trained) : this.gradients;
  }
}

/**
 * Group after group; every tensor starts at a multiple of 16 bytes. What is frozen comes last, so that the other
 * regions are the same without it.
 */
function layOut(
  parameters: ReadonlyMap<string, ParameterInfo>,
  groups: readonly ParameterGroup[],
): { spans: Span[]; offsets: Map<string, number>; trained: number; all: number } {
  const offsets = new Map<string, number>();
  const spans: Span[] = [];
  let cursor = 0;
  const place = (group: ParameterGroup): void => {
    for (const name of group.names) {
      offsets.set(name, cursor);
      const bytes = 4 * elements(parameters.get(name)!.shape);
      cursor += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    }
  };
  for (const group of groups.filter(({ frozen }) => !frozen)) {
    const start = cursor;
    place(group);
    if (cursor > start) spans.push({ ...group, start, end: cursor });
  }
  const trained = cursor;
  for (const group of groups.filter(({ frozen }) => frozen)) place(group);
  return { spans, offsets, trained, all: cursor };
}
