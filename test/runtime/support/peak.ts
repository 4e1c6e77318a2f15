/**
 * @file A process of its own that trains two steps of a chain of layers and prints `{total, peak, losses}`: its
 * largest resident memory in bytes, and how much of it came with the engine. Usage: peak.ts JSON
 */
import { readFileSync } from 'node:fs';
import { losses, openTiny, tinyModel, type Setting } from './engines';

export interface PeakRequest {
  readonly layer: Parameters<typeof tinyModel>[0][number];
  readonly length: number;
  readonly d_model: number;
  readonly batch: number;
  readonly train?: Setting['train'];
  readonly lora?: Parameters<typeof tinyModel>[3];
}

/** Bytes. The largest size that the system reports for a child may be its parent's; the kernel's own mark is not. */
function peakResident(): number {
  try {
    const mark = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (mark !== undefined) return 1024 * Number(mark);
  } catch {
    // Not Linux.
  }
  return 1024 * process.resourceUsage().maxRSS;
}

async function main(): Promise<void> {
  const { layer, length, d_model, batch, train, lora } = JSON.parse(process.argv[2]!) as PeakRequest;
  const model = tinyModel([layer], length, d_model, lora);
  const before = process.memoryUsage.rss();
  const engine = await openTiny(model, { train: { batch_size: batch, ...train } });
  const found = await losses(engine, 2, { batch, length });
  const total = peakResident();
  process.stdout.write(JSON.stringify({ total, peak: total - before, losses: found }));
}

void main();
