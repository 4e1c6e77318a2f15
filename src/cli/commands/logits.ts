/** @file `logits`: what a model says about given tokens, one row per position. */
import type { Command } from 'commander';
import { idList, positiveInteger, toJson } from '../options';
import { openTarget } from '../target';

interface LogitsOptions {
  readonly ids: number[];
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerLogits(program: Command): void {
  program
    .command('logits')
    .description('Print the logits at every position of a sequence.')
    .argument('<checkpoint>', 'run folder, checkpoint folder or model.safetensors')
    .requiredOption('--ids <ids>', 'token ids, for example 1,2,3', idList)
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--json', 'print JSON')
    .action(async (path: string, options: LogitsOptions) => {
      const { model, parameters } = await openTarget(path, { data: 'none' });
      const { logitsOf } = await import('../../runtime/logits');
      const { defaultThreads } = await import('../../runtime/devices');
      const logits = await logitsOf(model, parameters, options.ids, options.threads ?? defaultThreads());
      if (options.json === true) process.stdout.write(`${toJson({ logits })}\n`);
      else for (const row of logits) process.stdout.write(`${[...row].join(' ')}\n`);
    });
}
