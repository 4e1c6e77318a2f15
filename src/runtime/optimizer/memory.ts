/**
 * @file Where the numbers of a training run live on the CPU: one WebAssembly memory that holds parameters,
 * both moments and gradients. onnxruntime reads parameters and writes gradients through Float32Array views on
 * it, the optimiser's loops update in place, and a checkpoint writes the views.
 *
 * The memory is sized once: growing it would detach every view.
 */
import { bindLoops, type Loops } from './loops';

/** What the memory needs to know of a parameter. */
export interface ParameterInfo {
  readonly shape: readonly number[];
  readonly decay: boolean;
  readonly lrScale?: number;
}

/** A contiguous run of parameters that share weight decay and learning-rate factor. Offsets in bytes. */
export interface ParameterGroup {
  readonly decay: boolean;
  readonly lrScale: number;
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
}

export class MemoryTooLarge extends Error {
  constructor(readonly parameters: number) {
    super(
      `The model has ${parameters.toLocaleString('en-GB')} parameters; training on the CPU keeps parameters, moments and ` +
        'gradients in one WebAssembly memory of at most 4 GB, about 260 million parameters. ' +
        'Use a smaller d_model or fewer layers, or train on another device.',
    );
    this.name = 'MemoryTooLarge';
  }
}

const PAGE = 65536;
const ALIGNMENT = 16;
const REGIONS = ['parameters', 'moments1', 'moments2', 'gradients', 'sums'] as const;
export type Region = (typeof REGIONS)[number];

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

export class ParameterMemory {
  readonly loops: Loops;
  readonly groups: readonly ParameterGroup[];
  /** Bytes of one region, padding included. */
  readonly regionBytes: number;
  readonly views: Readonly<Record<Region, ReadonlyMap<string, Float32Array>>>;
  readonly #base: Readonly<Record<Region, number>>;

  /**
   * @param accumulating reserves a fifth region for sums of gradients over micro-batches
   * @throws MemoryTooLarge above the 4 GB that a 32-bit memory can hold
   */
  constructor(parameters: ReadonlyMap<string, ParameterInfo>, accumulating = false) {
    const { groups, offsets, bytes } = layOut(parameters);
    const regions = accumulating ? REGIONS : REGIONS.slice(0, 4);
    const pages = Math.ceil((bytes * regions.length) / PAGE);
    if (pages > 65536) throw new MemoryTooLarge(bytes / 4);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.loops = bindLoops(memory);
    this.groups = groups;
    this.regionBytes = bytes;
    const base = {} as Record<Region, number>;
    const views = {} as Record<Region, Map<string, Float32Array>>;
    REGIONS.forEach((region, index) => {
      // Without accumulation the sums are the gradients themselves.
      const position = index < regions.length ? index : REGIONS.indexOf('gradients');
      base[region] = position * bytes;
      views[region] = new Map(
        [...parameters].map(([name, { shape }]) => [
          name,
          new Float32Array(memory.buffer, position * bytes + offsets.get(name)!, elements(shape)),
        ]),
      );
    });
    this.#base = base;
    this.views = views;
  }

  /** Byte address of a region's start. */
  base(region: Region): number {
    return this.#base[region];
  }
}

/** Parameters in their given order within each group; every tensor starts at a multiple of 16 bytes. */
function layOut(parameters: ReadonlyMap<string, ParameterInfo>): {
  groups: ParameterGroup[];
  offsets: Map<string, number>;
  bytes: number;
} {
  const members = new Map<string, string[]>();
  for (const [name, { decay, lrScale = 1 }] of parameters) {
    const key = `${decay ? 'decay' : 'plain'}/${lrScale}`;
    const names = members.get(key) ?? [];
    names.push(name);
    members.set(key, names);
  }
  const offsets = new Map<string, number>();
  const groups: ParameterGroup[] = [];
  let cursor = 0;
  for (const names of members.values()) {
    const start = cursor;
    for (const name of names) {
      offsets.set(name, cursor);
      const bytes = 4 * elements(parameters.get(name)!.shape);
      cursor += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    }
    const { decay, lrScale = 1 } = parameters.get(names[0]!)!;
    if (cursor > start) groups.push({ decay, lrScale, start, end: cursor, names });
  }
  return { groups, offsets, bytes: cursor };
}
