/**
 * @file A process of its own that trains two steps of a chain of layers, looks at it as a run does where asked to, and
 * prints `{total, peak, losses}`: its
 * largest resident memory in bytes, and how much of it came with the engine. Usage: peak.ts JSON
 */
import { readFileSync } from 'node:fs';
import { frameTaker } from '../../../src/inspect/frame';
import { Evaluator } from '../../../src/runtime/train/evaluate';
import { losses, openTiny, tinyBatch, tinyModel, type Setting } from './engines';

export interface PeakRequest {
  readonly layer: Parameters<typeof tinyModel>[0][number];
  readonly length: number;
  readonly d_model: number;
  readonly batch: number;
  readonly train?: Setting['train'];
  readonly lora?: Parameters<typeof tinyModel>[3];
  readonly shards?: number;
  /** Evaluates a batch, and takes a probe of training. */
  readonly looks?: boolean;
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
  const asked = JSON.parse(process.argv[2]!) as PeakRequest;
  const { layer, length, d_model, batch, train, lora, looks, shards = 1 } = asked;
  const model = tinyModel([layer], length, d_model, lora);
  const before = process.memoryUsage.rss();
  const engine = await openTiny(model, { train: { batch_size: batch, ...train }, shards });
  const found = await losses(engine, 2, { batch, length });
  if (looks) {
    const evaluator = await Evaluator.open(model, length, batch, {
      ...{ device: 'cpu', threads: 1, activations: true },
    });
    await (
      await evaluator.graph.scoring(engine.parameterFeeds())
    )(tinyBatch(0, batch, length));
    const label = (id: number) => ({ label: `${id}` });
    const data = { heldOut: () => tinyBatch(0, 1, length), count: () => 1, label, targetLabel: label };
    const frames = frameTaker({ model, data: data as never, example: 0, threads: 1 });
    for (let probe = 0; probe < 2; probe++) await frames.take((await engine.read()).parameters);
  }
  const total = peakResident();
  await engine.release();
  process.stdout.write(JSON.stringify({ total, peak: total - before, losses: found }));
}

void main();
