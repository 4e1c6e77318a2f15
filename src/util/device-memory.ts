/** @file How much memory a device has, as far as the system tells. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';

/** What is asked; other places in tests. */
export interface Sources {
  /** Prints the MiB of every NVIDIA GPU, a line each. @throws where there is none */
  readonly nvidia: () => string;
  /** The folder of Linux's graphics cards. */
  readonly cards: string;
  readonly platform: string;
  readonly architecture: string;
}

/** Apple's GPUs take this share of the machine's memory (Metal's recommended working set). */
const UNIFIED_SHARE = 0.75;

const system: Sources = {
  nvidia: () =>
    execFileSync('nvidia-smi', ['--query-gpu=memory.total', '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    }),
  cards: '/sys/class/drm',
  platform: process.platform,
  architecture: process.arch,
};

function ofNvidia({ nvidia }: Sources): number[] {
  try {
    return nvidia()
      .split('\n')
      .map((line) => 2 ** 20 * Number.parseInt(line, 10));
  } catch {
    return [];
  }
}

/** Of the cards whose driver says it, which AMD's does. */
function ofCards({ cards, platform }: Sources): number[] {
  if (platform !== 'linux') return [];
  try {
    const names = readdirSync(cards).filter((name) => /^card\d+$/.test(name));
    return names.map((name) => {
      try {
        return Number(readFileSync(join(cards, name, 'device/mem_info_vram_total'), 'utf8'));
      } catch {
        return 0;
      }
    });
  } catch {
    return [];
  }
}

/** Bytes of the largest GPU; undefined where nobody tells. */
export function largestGpu(sources: Sources = system): number | undefined {
  if (sources.platform === 'darwin' && sources.architecture === 'arm64') return UNIFIED_SHARE * totalmem();
  const known = [...ofNvidia(sources), ...ofCards(sources)].filter((bytes) => bytes > 0);
  return known.length > 0 ? Math.max(...known) : undefined;
}

let gpu: { readonly bytes: number | undefined } | undefined;

/** Bytes of the machine or of its largest GPU, undefined where nobody tells; asked once. */
export function memoryOf(device: 'cpu' | 'gpu'): number | undefined {
  if (device === 'cpu') return totalmem();
  gpu ??= { bytes: largestGpu() };
  return gpu.bytes;
}
