/**
 * @file A process of its own that trains two steps of a chain of layers and prints `{peak, losses}`: peak is the
 * growth of its resident memory in bytes over what it had before the engine. Usage: peak.ts JSON
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
  const peak = 1024 * process.resourceUsage().maxRSS - before;
  process.stdout.write(JSON.stringify({ peak, losses: found }));
}

void main();
