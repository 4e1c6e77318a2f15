/**
 * @file A process of its own that trains two steps of a chain of layers and prints `{total, peak, losses}`: its
 * largest resident memory in bytes, and how much of it came with the engine. Usage: peak.ts JSON
 */
import { losses, openTiny, tinyModel, type Setting } from './engines';

export interface PeakRequest {
  readonly layer: Parameters<typeof tinyModel>[0][number];
  readonly length: number;
  readonly d_model: number;
  readonly batch: number;
  readonly train?: Setting['train'];
}

async function main(): Promise<void> {
  const { layer, length, d_model, batch, train } = JSON.parse(process.argv[2]!) as PeakRequest;
  const model = tinyModel([layer], length, d_model);
  const before = process.memoryUsage.rss();
  const engine = await openTiny(model, { train: { batch_size: batch, ...train } });
  const found = await losses(engine, 2, { batch, length });
  const total = 1024 * process.resourceUsage().maxRSS;
  process.stdout.write(JSON.stringify({ total, peak: total - before, losses: found }));
}

void main();
